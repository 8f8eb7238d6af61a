"""The variables of a graph, and which of them have a value in a session.

Variables are found by the type of their operation: collections miss local ones and those made with
``collections=[]``. No operation is added to the graph. Whether a variable has a value is asked of the runtime
without telling it of operations that no run has used yet: an operation that the runtime has seen can no
longer be changed, and TensorFlow does change them, for example the loop whose gradient is taken
(while_v2.py, ``_add_while_inputs``), which would fail afterwards.
"""

from __future__ import annotations

import math
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.model import DeviceInfo, VariableInfo
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf.limit import UNBOUNDED
from tfsess_magics.tf.memory import require_memory

_RESOURCE = {"VarHandleOp"}
_REFERENCE = {"VariableV2", "Variable"}
_CHECKS = {"VarIsInitializedOp", "IsVariableInitialized"}
_READS = {"Identity", "ReadVariableOp"}
_ASSIGNS = {"Assign", "AssignVariableOp"}
_NODE = re.compile(r"\{\{node ([^}]+)\}\}")
_NO_ARRAY = (tf.resource.name, tf.variant.name)
"""Types whose values have no form in Python."""
_SERVER = 10_000
"""Milliseconds that a server has to send the values of variables."""
_MAX_READS = 8
"""Runs spent at most on finding out which of several variables cannot be read, where that only is to be shown."""
_SHOWN = 2000
"""Milliseconds that finding it out may take then."""


@dataclass(slots=True)
class _Variable:
    name: str
    shape: tuple[int | None, ...] | None
    dtype: str
    nbytes: int | None
    device: str
    index: int
    resource: tuple[object, ...]
    """What the runtime knows it by: two operations may share one variable."""
    initialized: bool | None
    check: str | None = None
    """Operation that says whether there is a value."""
    read: str | None = None
    """Operation that fails when there is none; of use where `check` is missing."""
    probe_index: int = -1
    value: str | None = None
    """Operation that reads the value."""
    assign: str | None = None
    """The first operation that assigns a value: the initializer."""


class GraphVariables:
    """The variables of one graph in one TensorFlow session.

    It keeps neither of them alive, and knows operations by their names; any thread may call it.

    Parameters
    ----------
    session
        Returns the session, None when it is gone.
    meter
        Counts the session's runs.
    """

    def __init__(self, session: Callable[[], BaseSession | None], meter: RunMeter) -> None:
        self._get_session = session
        self._meter = meter
        self._lock = threading.RLock()
        self._scanned = 0
        self._variables: dict[str, _Variable] = {}
        self._asked: object = None
        self._sizes: list[tuple[str, int]] | None = None
        self._forgotten = 0
        """Counts how often all was forgotten that was known of values."""

    def records(self, devices: Sequence[DeviceInfo], placed: Mapping[str, str]) -> tuple[VariableInfo, ...]:
        """Return a record of every variable, largest first; `placed`: on which devices they were found to be."""
        with self._lock:
            has_values = self._update(ask=True)
            only = devices[0].name if len(devices) == 1 else None
            found = [
                VariableInfo(
                    name=v.name,
                    shape=v.shape,
                    dtype=v.dtype,
                    nbytes=v.nbytes,
                    initialized=v.initialized if has_values else False,
                    device=placed.get(v.name) or only or v.device,
                )
                for v in self._variables.values()
            ]
        return tuple(sorted(found, key=lambda v: (-(v.nbytes or 0), v.name)))

    def totals(self, *, ask: bool) -> tuple[int, int]:
        """Return the number of variables and the bytes of the initialized ones, as known without a step or with one."""
        with self._lock:
            if not self._update(ask=ask):
                return len(self._variables), 0
            return len(self._variables), sum(v.nbytes or 0 for v in self._variables.values() if v.initialized)

    def sizes(self, devices: Sequence[DeviceInfo]) -> list[tuple[str, int]]:
        """Return device and bytes of every variable that is known to have a value, without a step."""
        with self._lock:
            if not self._update(ask=False):
                return []
            if self._sizes is None:
                only = devices[0].name if len(devices) == 1 else None
                have_values = (v for v in self._variables.values() if v.initialized)
                self._sizes = [(only or v.device, v.nbytes or 0) for v in have_values]
            return self._sizes

    def kept_by(self, session: BaseSession) -> Values:
        """Read the value of every variable that has one, in one step.

        Raises
        ------
        tf.errors.OpError
            If they cannot be read.
        MemoryError
            If there is not enough memory for them.
        """
        with self._lock:
            self._scan(session)
            self._forget(session)
            timeout = _SERVER if session._target else UNBOUNDED
            self._find_out(session, timeout, math.inf)
            # Of some nothing tells whether they have a value.
            seen = [v for v in self._variables.values() if v.initialized is not False and v.index < self._meter.version]
            can_be_kept = [v for v in seen if v.initialized and v.value and v.assign and v.dtype not in _NO_ARRAY]
            kept = list({v.resource: v for v in reversed(can_be_kept)}.values())[::-1]
            resources = {v.resource for v in kept}
            require_memory(sum(v.nbytes or 0 for v in kept))
            arrays = _run(session, fetches=[v.value for v in kept], timeout=timeout) if kept else []
            return Values(
                [(v.assign, array) for v, array in zip(kept, arrays, strict=True)],  # type: ignore[misc]
                tuple(v.name for v in seen if v.resource not in resources),
            )

    def restore(self, session: BaseSession, values: Values) -> None:
        """Give a new session on the same graph its values; those that a server has kept by itself may be newer."""
        with self._lock:
            self._forget(session)
            if session._target:
                self._find_out(session, _SERVER, math.inf)
                there = {v.assign for v in self._variables.values() if v.initialized}
                values = values._replace(assigned=[given for given in values.assigned if given[0] not in there])
            values.give(session)

    def _forget(self, session: BaseSession) -> None:
        """Take no variable for initialized that was."""
        self._sizes = None
        self._asked = None
        self._forgotten += 1
        for variable in self._variables.values():
            variable.initialized = _unasked(session)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep from asking the session anything meanwhile."""
        with self._lock:
            yield

    def _update(self, *, ask: bool) -> bool:
        """Find new variables and, where wanted, their values; return whether the session can have values."""
        session = self._get_session()
        if session is None or getattr(session, "_session", None) is None:
            return False
        self._scan(session)
        if session._closed:
            return False
        if ask and not session._target:  # a server may not answer
            self._ask(session)
        return True

    def _scan(self, session: BaseSession) -> None:
        graph = session.graph
        if graph.version == self._scanned:
            return
        operations = graph.get_operations()
        for index in range(self._scanned, len(operations)):
            op = operations[index]
            if op.type in _RESOURCE or op.type in _REFERENCE:
                self._variables[op.name] = _describe(op, index, _unasked(session))
            elif op.control_inputs:
                continue  # to run it would run what it waits for
            elif op.type in _ASSIGNS:
                if (variable := self._variables.get(op.inputs[0].op.name)) and variable.assign is None:
                    variable.assign = op.name
            elif op.type in _CHECKS:
                if (variable := self._variables.get(op.inputs[0].op.name)) and variable.check is None:
                    variable.check, variable.probe_index = op.name, index
            elif op.type in _READS:
                variable = self._variables.get(op.inputs[0].op.name)
                if variable and variable.value is None:
                    variable.value = op.name
                if variable and variable.check is None and variable.read is None:
                    variable.read, variable.probe_index = op.name, index
        self._scanned = len(operations)

    def _ask(self, session: BaseSession) -> None:
        state = (self._meter.runs, self._meter.running_since)
        if state == self._asked or not self._pending():
            return
        self._asked = state
        with suppress(Exception):  # a session that was closed meanwhile; not known is the truth
            self._find_out(session, _SHOWN, _MAX_READS)

    def ask_server(self, session: BaseSession, timeout: int) -> None:
        """Ask the server of a session which variables have a value, and keep nobody waiting meanwhile.

        Raises
        ------
        tf.errors.OpError
            If it does not answer within so many milliseconds.
        """
        with self._lock:
            self._scan(session)
            pending, forgotten = self._pending(), self._forgotten
        found = list(self._found(session, pending, timeout, _MAX_READS))
        with self._lock:
            if self._forgotten == forgotten:
                self._sizes = None
                _note(found)

    @property
    def are_known(self) -> bool:
        """Whether all variables that the runtime has seen are known to have a value."""
        with self._lock:
            return not self._pending()

    def _pending(self) -> list[_Variable]:
        return [v for v in self._variables.values() if not v.initialized and v.index < self._meter.version]

    def _find_out(self, session: BaseSession, timeout: int, max_reads: float) -> None:
        self._sizes = None
        _note(self._found(session, self._pending(), timeout, max_reads))

    def _found(
        self, session: BaseSession, pending: Sequence[_Variable], timeout: int, max_reads: float
    ) -> Iterator[tuple[_Variable, bool | None]]:
        """Ask the runtime; yield all with None first, and then with what it says."""
        known = [v for v in pending if 0 <= v.probe_index < self._meter.version]
        for variable in pending:
            yield variable, None
        checked = [v for v in known if v.check is not None]
        if checked:
            values = _run(session, fetches=[v.check for v in checked], timeout=timeout)
            for variable, value in zip(checked, values, strict=True):
                yield variable, bool(value)
        unchecked = [v for v in known if v.check is None and v.read is not None]
        yield from self._read(session, unchecked, timeout, max_reads)

    @staticmethod
    def _read(
        session: BaseSession, variables: list[_Variable], timeout: int, max_reads: float
    ) -> Iterator[tuple[_Variable, bool]]:
        groups, reads = [variables], 0
        while groups and reads < max_reads:
            group = groups.pop()
            if not group:
                continue
            reads += 1
            try:
                _run(session, targets=[v.read for v in group], timeout=timeout)
            except tf.errors.FailedPreconditionError as error:
                named = _NODE.search(str(error))
                without = next((v for v in group if len(group) == 1 or (named and v.read == named[1])), None)
                if without is not None:
                    yield without, False
                rest = [v for v in group if v is not without]
                middle = len(rest) // 2
                groups += [rest[middle:], rest[:middle]]
            else:
                for variable in group:
                    yield variable, True


def _note(found: Iterable[tuple[_Variable, bool | None]]) -> None:
    for variable, is_initialized in found:
        variable.initialized = is_initialized


class Values(NamedTuple):
    """The values of a session's variables."""

    assigned: Sequence[tuple[str, Any]]
    """Each as the operation that assigns it, by name, and an array."""
    lost: tuple[str, ...]
    """Names of variables that have a value, and no operation that reads or assigns it."""

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(getattr(array, "nbytes", 0) for _, array in self.assigned)

    def give(self, session: BaseSession) -> None:
        """Assign them in a session on the same graph."""
        steps: list[dict[str, tuple[Any, Any]]] = []
        same: Counter[str] = Counter()
        for name, array in self.assigned:
            initial = session.graph.get_operation_by_name(name).inputs[1]
            if same[initial.name] == len(steps):  # a tensor that several variables begin with is fed one value a step
                steps.append({})
            steps[same[initial.name]][name] = (
                initial._as_tf_output(),
                np.asarray(array, initial.dtype.as_numpy_dtype),
            )
            same[initial.name] += 1
        for step in steps:
            _run(session, targets=list(step), feeds=dict(step.values()))


NOTHING = Values((), ())


def _run(
    session: BaseSession,
    fetches: Sequence[Any] = (),
    targets: Sequence[Any] = (),
    feeds: Mapping[Any, Any] | None = None,
    timeout: int = UNBOUNDED,
) -> Sequence[Any]:
    """Run past what sees the runs of sessions; operations are given by their names, of `fetches` the first output.

    No step of ours waits for a thread of the session's pool, which may be the one that asks (``tf.py_function``).
    """
    graph = session.graph
    outputs = [graph.get_operation_by_name(name).outputs[0]._as_tf_output() for name in fetches]
    operations = [graph.get_operation_by_name(name)._c_op for name in targets]
    in_this_thread = tf.compat.v1.RunOptions(inter_op_thread_pool=-1, timeout_in_ms=timeout)
    options = pywrap_tf_session.TF_NewBufferFromString(in_this_thread.SerializeToString())
    try:
        values: Sequence[Any] = pywrap_tf_session.TF_SessionRun_wrapper(
            session._session, options, feeds or {}, outputs, operations, None
        )
    finally:
        pywrap_tf_session.TF_DeleteBuffer(options)
    return values


def _unasked(session: BaseSession) -> bool | None:
    """Say what is known of a variable before anybody asks: on a server others may have given it a value."""
    return None if session._target else False


def _describe(op: tf.Operation, index: int, initialized: bool | None) -> _Variable:
    dims = op.get_attr("shape")
    shape = None if dims.unknown_rank else tuple(None if d.size < 0 else d.size for d in dims.dim)
    dtype = tf.as_dtype(op.get_attr("dtype")).base_dtype
    sized = shape is not None and None not in shape and dtype not in (tf.string, tf.resource, tf.variant)
    spec = tf.compat.v1.DeviceSpec.from_string(op.device)
    return _Variable(
        name=op.name,
        shape=shape,
        dtype=dtype.name,
        nbytes=math.prod(shape) * dtype.size if sized else None,  # type: ignore[arg-type]
        device=f"{spec.device_type}:{spec.device_index or 0}" if spec.device_type else "",
        index=index,
        resource=_resource(op),
        initialized=initialized,
    )


def _resource(op: tf.Operation) -> tuple[object, ...]:
    """Return what a variable is known by to the runtime; a resource without a shared name has an empty one."""
    name = op.get_attr("shared_name") or (b"" if op.type in _RESOURCE else op.name.encode())
    return op.type, op.device, op.get_attr("dtype"), op.get_attr("container"), name
