"""Which operation a step was waiting for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.client.session import BaseSession

_NODE = re.compile(r"\{\{node ([^}]+)\}\}")
_QUEUE = re.compile(r"^Queue(Dequeue|Enqueue)(Many|UpTo)?")
_WAITS = re.compile(
    r"^Queue(Dequeue|Enqueue)|^(Eager)?PyFunc|^(Stateless)?While$|^LoopCond$|^IteratorGetNext|^Barrier|Unstage$|^Stage$|Recv$"
)
_NAMED = 3
"""How many operations are named where it may be one of several."""


def awaited(session: BaseSession | None, step: Sequence[Any], failed: BaseException | None) -> str:
    """Say what a step was waiting for, as well as it is known.

    TensorFlow's error names the operation; but where an interrupt came while that error was made, it is lost, and then
    it is one of those which the step needs and that can wait.

    Parameters
    ----------
    step
        The arguments of ``BaseSession._call_tf_sessionrun``, or others.
    failed
        What it ended with.
    """
    if session is None:
        return ""
    ops = _named_in(session.graph, failed) or _can_wait(session.graph, step)
    said = list(dict.fromkeys(_say(op) for op in ops))
    if len(said) <= 1:
        return "".join(said)
    more = f" or {len(said) - _NAMED} more" if len(said) > _NAMED else ""
    return f"one of: {'; '.join(said[:_NAMED])}{more}"


def _named_in(graph: tf.Graph, error: BaseException | None) -> list[tf.Operation]:
    while error is not None:
        if found := _NODE.search(str(error)):
            try:
                return [graph.get_operation_by_name(found[1])]
            except (KeyError, ValueError):  # the runtime has made it
                return []
        error = error.__context__
    return []


def fetched(step: Sequence[Any]) -> str:
    """Say which run it is, by what it fetches: ``a run of 'loss:0' and 'train'``."""
    names = _wanted(step)
    if not names:
        return "A run"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"A run of {', '.join(map(repr, names[:_NAMED]))}{more}"


def _wanted(step: Sequence[Any]) -> list[str]:
    """Return the names of the operations whose output or effect a step is for."""
    if len(step) < 4:
        return []
    names = [pywrap_tf_session.TF_OperationName(output.oper) for output in step[2]]
    return names + [pywrap_tf_session.TF_OperationName(target) for target in step[3]]


def _can_wait(graph: tf.Graph, step: Sequence[Any]) -> list[tf.Operation]:
    names = _wanted(step)
    fed = {pywrap_tf_session.TF_OperationName(output.oper) for output in step[1]} if names else set()
    needed = _needed([graph.get_operation_by_name(name) for name in names], fed)
    return [op for op in needed if _WAITS.search(op.type)]


def _needed(wanted: Iterable[tf.Operation], fed: set[str]) -> Iterator[tf.Operation]:
    todo, seen = list(wanted), set[str]()
    while todo:
        op = todo.pop()
        if op.name in seen or op.name in fed:
            continue
        seen.add(op.name)
        yield op
        todo += [*(tensor.op for tensor in op.inputs), *op.control_inputs]


def _say(op: tf.Operation) -> str:
    if queue := _QUEUE.match(op.type):
        where = op.inputs[0].op.name
        if queue[1] == "Dequeue":
            has = "has too few elements" if queue[2] else "is empty"
            return f"dequeue from {where!r}, which {has}, and nothing enqueues"
        return f"enqueue to {where!r}, which is full, and nothing dequeues"
    what = "a loop" if op.type in ("While", "StatelessWhile", "LoopCond") else op.type
    return f"{what} {op.name!r}"
