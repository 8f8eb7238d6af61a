"""The operation that a step waits for.

TensorFlow's own error names it. An interrupt often arrives while TensorFlow makes that error, and the error is lost
then. In that case the candidates are the operations that the step needs and that can wait.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.plain import plain
from tfsess_magics.core.protocol import AwaitedOperation, Fetches, OtherRun, Waits
from tfsess_magics.core.text import awaited_operation, fetched_names, waits_on
from tfsess_magics.tf.runs.callables import CallableStep
from tfsess_magics.tf.runs.concurrent import ConcurrentRun
from tfsess_magics.tf.runs.functions import types_in_functions

_NODE = re.compile(r"\{\{node ([^}]+)\}\}")
_QUEUE = re.compile(r"^Queue(Dequeue|Enqueue)(Many|UpTo)?")
_WAITS = re.compile(
    r"^Queue(Dequeue|Enqueue)|^MutexLock$|^(Eager)?PyFunc|^(Stateless)?While$|^LoopCond$|^IteratorGetNext|^Barrier"
    r"|Unstage$|^Stage$|Recv$|AccumulatorTakeGradient$"
)
_COMES_BACK = re.compile(r"^(Eager)?PyFunc|^IteratorGetNext")
_UNCUTTABLE = re.compile(r"^(Eager)?PyFunc|^(Stateless)?While$|^LoopCond$")
_NAMED = 3
"""The number of operations that are named where it may be one of several."""


def awaited(
    session: BaseSession | None,
    step: Sequence[Any],
    failed: BaseException | None = None,
    others: Iterable[ConcurrentRun] = (),
) -> str:
    """Say what a step was waiting for, as `waits` returns it."""
    return waits_on(waits(session, step, failed, others))


def waits(
    session: BaseSession | None,
    step: Sequence[Any],
    failed: BaseException | None = None,
    others: Iterable[ConcurrentRun] = (),
) -> Waits:
    """Return what a step was waiting for, as well as it is known.

    TensorFlow's error names the operation. But an interrupt that comes while TensorFlow makes that error loses it. Then
    it is one of the operations that the step needs and that can wait.

    Parameters
    ----------
    step
        The arguments of ``BaseSession._call_tf_sessionrun``, or others.
    failed
        The error that it ended with.
    others
        The concurrent steps.
    """
    if session is None:
        return Waits([], 0)
    # What other processes do at its server is not known.
    ops = _named_in(session.graph, failed) or _can_wait(session.graph, step)
    found = _distinct(_awaited(op, others, is_remote=bool(session._target)) for op in ops)
    return Waits(found[:_NAMED], max(0, len(found) - _NAMED))


def _distinct(operations: Iterable[AwaitedOperation]) -> list[AwaitedOperation]:
    return list({awaited_operation(operation): operation for operation in operations}.values())


def ended_on(session: BaseSession | None, failed: BaseException | None, others: Iterable[ConcurrentRun] = ()) -> str:
    """Say on which operation a step was waiting, where TensorFlow's error names one that can wait."""
    if session is None:
        return ""
    ops = [op for op in _named_in(session.graph, failed) if _WAITS.search(op.type)]
    return "".join(awaited_operation(_awaited(op, others, is_remote=bool(session._target))) for op in ops)


def can_wait(session: BaseSession | None, step: Sequence[Any], others: Iterable[ConcurrentRun] = ()) -> bool:
    """Say whether a step can wait for what may never come: for queues, locks, staging areas or other processes.

    A loop goes round, and does not wait; what is inside it may. Input pipelines and Python functions are slow at times,
    and then come back. A step that needs one of these waits for it, as far as is known. So does one that takes
    from a queue which another run fills.
    """
    if session is None:
        return False
    ops = list(_needed_by(session.graph, step))
    types = {op.type for op in ops} | types_in_functions(session.graph, ops)
    if any(_COMES_BACK.search(type_) for type_ in types):
        return False
    if any(_who(op, "QueueEnqueue", others) for op in ops if op.type.startswith("QueueDequeue")):
        return False
    return any(_WAITS.search(type_) and not _UNCUTTABLE.search(type_) for type_ in types)


def _named_in(graph: tf.Graph, error: BaseException | None) -> list[tf.Operation]:
    while error is not None:
        if found := _NODE.search(str(error)):
            try:
                return [graph.get_operation_by_name(found[1])]
            except (KeyError, ValueError):  # the runtime has made it
                return []
        error = error.__context__
    return []


def uncuttable(session: BaseSession | None, step: Sequence[Any]) -> list[AwaitedOperation]:
    """Return the operations that a step needs and that nothing can end: Python's functions, and loops."""
    if session is None:
        return []
    found = [op for op in _needed_by(session.graph, step) if _UNCUTTABLE.search(op.type)]
    return _distinct(_awaited(op) for op in found[:_NAMED])


def fetched(step: Sequence[Any]) -> str:
    """Say which run it is, by its fetches: ``a run of 'loss:0' and 'train'``."""
    names = fetched_names(fetches(step))
    return f"A run of {names}" if names else "A run"


def fetches(step: Sequence[Any]) -> Fetches:
    """Return the names of what a step fetches, the first of them."""
    names = wanted(step)
    return Fetches(list(map(plain, names[:_NAMED])), max(0, len(names) - _NAMED))


def wanted(step: Sequence[Any]) -> list[str]:
    """Return the names of the operations whose output or effect a step is for."""
    if isinstance(step, CallableStep):
        return list(step.wanted)
    if len(step) < 4:
        return []
    names = [pywrap_tf_session.TF_OperationName(output.oper) for output in step[2]]
    return names + [pywrap_tf_session.TF_OperationName(target) for target in step[3]]


def _can_wait(graph: tf.Graph, step: Sequence[Any]) -> list[tf.Operation]:
    return [op for op in _needed_by(graph, step) if _WAITS.search(op.type)]


def _needed_by(graph: tf.Graph, step: Sequence[Any]) -> Iterator[tf.Operation]:
    return needed([graph.get_operation_by_name(name) for name in wanted(step)], fed(step))


def fed(step: Sequence[Any]) -> set[str]:
    """Return the names of the operations whose output is given to a step."""
    if isinstance(step, CallableStep):
        return set(step.fed)
    return {pywrap_tf_session.TF_OperationName(output.oper) for output in step[1]} if wanted(step) else set()


def needed(ops: Iterable[tf.Operation], fed: set[str]) -> Iterator[tf.Operation]:
    """Yield operations and all that they need, but those that are fed."""
    todo, seen = list(ops), set[str]()
    while todo:
        op = todo.pop()
        if op.name in seen or op.name in fed:
            continue
        seen.add(op.name)
        yield op
        todo += [*(tensor.op for tensor in op.inputs), *op.control_inputs]


def _awaited(op: tf.Operation, others: Iterable[ConcurrentRun] = (), *, is_remote: bool = False) -> AwaitedOperation:
    does: Literal["dequeue", "enqueue", "lock", "loop", "other"]
    on, has_some, who = op, False, list[OtherRun]()
    if queue := _QUEUE.match(op.type):
        does, other_end = ("dequeue", "QueueEnqueue") if queue[1] == "Dequeue" else ("enqueue", "QueueDequeue")
        on, has_some, who = op.inputs[0].op, bool(queue[2]), _who(op, other_end, others)
    elif op.type == "MutexLock":
        does, on, who = "lock", op.inputs[0].op, _who(op, "MutexLock", others)
    else:
        does = "loop" if op.type in ("While", "StatelessWhile", "LoopCond") else "other"
    return AwaitedOperation(does, op.type, plain(on.name), has_some, who, is_remote)


def _who(op: tf.Operation, type_: str, others: Iterable[ConcurrentRun]) -> list[OtherRun]:
    """Return the runs that need an operation of that type on the object that `op` works on."""
    resource = _resource(op)
    found = [
        other.run
        for other in others
        if any(
            needed.type.startswith(type_) and _resource(needed) == resource
            for needed in _needed_by(other.graph, other.step)
        )
    ]
    return list(dict.fromkeys(found))


def _resource(op: tf.Operation) -> tuple[object, ...]:
    """Return what a queue or lock is known by, to its session or to the server (resource_mgr.cc, ``ContainerInfo``)."""
    made = op.inputs[0].op
    try:
        return made.type, made.get_attr("container"), made.get_attr("shared_name") or made.node_def.name.encode()
    except ValueError:  # it is fed, or comes out of a function
        return (made,)
