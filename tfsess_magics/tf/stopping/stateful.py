"""The operations of a graph that keep something between two runs, other than variables.

TensorFlow's registry tells (``OpDef``): such an operation is stateful. It also has a name by which others find what it
keeps, gives out a resource or a reference, or draws numbers from a seed. So the registry tells of
operations of other packages too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow.python.framework import op_def_registry

_LEFT_OUT = re.compile(
    r"^_?(Variable(V2)?|.*VarHandles?Op|TemporaryVariable)$"  # variables have an account of their own
    r"|^TensorArray|^Stack(V2)?$"  # they last as long as a run
)
_WORDS = {
    "queues": re.compile(r"Queue(V2)?$"),
    "tables": re.compile(r"HashTable"),
    "iterators": re.compile(r"Iterator"),
    "staging areas": re.compile(r"(^|Map|Un)[Ss]tage|^(Ordered)?Map(Peek|Size|IncompleteSize|Clear)$"),
    "accumulators": re.compile(r"Accumulator$"),
    "barriers": re.compile(r"^Barrier$"),
    "readers": re.compile(r"Reader(V2)?$"),
    "locks": re.compile(r"^Mutex"),
    "seeds and caches of datasets": re.compile(r"(SeedGenerator|IterationCounter|MemoryCache)$"),
}
_RANDOM = "positions of random operations"
_OTHER = "the state of other operations"
_NAMED = 3
"""The number of operations of a kind that a message names."""


class _Node(NamedTuple):
    """An operation of a graph, or of a function in it."""

    name: str
    type: str
    container: bytes
    shared_name: bytes


def stateful(graph: tf.Graph) -> list[str]:
    """Say what the operations of a graph and of its functions keep, by kinds: ``queues ('a', 'b', 'c' and 3 more)``."""
    found: dict[str, dict[object, str]] = {words: {} for words in (*_WORDS, _RANDOM, _OTHER)}
    for node in _nodes(graph):
        if words := _kind(node.type):
            same = (node.container, node.shared_name) if node.shared_name else node.name
            found[words].setdefault(same, node.name)
    return [f"{words} ({_named(list(names.values()))})" for words, names in found.items() if names]


@cache
def _kind(type_: str) -> str | None:
    """Return what operations of a type keep, None if that is nothing."""
    definition = op_def_registry.get(type_)
    if definition is None or not definition.is_stateful or _LEFT_OUT.search(type_):
        return None
    attributes = {attribute.name for attribute in definition.attr}
    gives_out = any(output.is_ref or output.type == types_pb2.DT_RESOURCE for output in definition.output_arg)
    if not gives_out and attributes.isdisjoint({"shared_name", "seed"}):
        return None
    words = next((words for words, pattern in _WORDS.items() if pattern.search(type_)), None)
    return words or (_RANDOM if "seed" in attributes else _OTHER)


def _nodes(graph: tf.Graph) -> Iterator[_Node]:
    for op in graph.get_operations():
        if _kind(op.type):
            yield _Node(op.name, op.type, _attribute(op, "container"), _attribute(op, "shared_name"))
    for function in list(graph._functions.values()):
        definition = function.cached_definition
        for node in definition.node_def:
            name = f"{node.name} in {definition.signature.name}"
            yield _Node(name, node.op, node.attr["container"].s, node.attr["shared_name"].s)


def _attribute(op: tf.Operation, name: str) -> bytes:
    try:
        value: Any = op.get_attr(name)
    except ValueError:  # it has none
        return b""
    return value if isinstance(value, bytes) else b""


def _named(names: list[str]) -> str:
    shown = [repr(name) for name in names[:_NAMED]]
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(shown)}{more}"
