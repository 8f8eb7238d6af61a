"""The functions of a graph that its operations call, such as the bodies of loops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import op_def_registry


def types_in_functions(graph: tf.Graph, ops: Iterable[tf.Operation]) -> set[str]:
    """Return the types of the operations in all functions that some operations call, one through the other too."""
    found, seen, todo = set[str](), set[str](), [name for op in ops for name in _called_by(op)]
    while todo:
        name = todo.pop()
        function: Any = graph._functions.get(name)
        if function is None or name in seen:
            continue
        seen.add(name)
        for node in function.cached_definition.node_def:
            found.add(node.op)
            todo += [node.op, *(called for value in node.attr.values() for called in _names(value))]
    return found


def _called_by(op: tf.Operation) -> Iterator[str]:
    yield op.type  # a function of version 1 is called by an operation of its name
    for attribute in _function_attributes(op.type):
        yield from _names(op.node_def.attr[attribute])


def _names(value: Any) -> list[str]:
    return [one.name for one in (value.func, *value.list.func) if one.name]


@cache
def _function_attributes(type_: str) -> tuple[str, ...]:
    definition = op_def_registry.get(type_)
    if definition is None:
        return ()
    return tuple(attribute.name for attribute in definition.attr if attribute.type in ("func", "list(func)"))
