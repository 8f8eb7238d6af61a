"""The variables of a graph, and those of them that have a value in a session.

`GraphVariables` scans the graph incrementally as it grows. It asks the runtime when a reader wants to know and runs
have happened since. A variable whose shape is not known statically has the size of its value, which any run may
change. A step reads it as a target, and TensorFlow traces that step in software. The trace tells the shape of the
output, and TensorFlow copies no value.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.model import DeviceInfo, VariableInfo
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.settings import settings
from tfsess_magics.tf.internals import RUNS
from tfsess_magics.tf.memory.required import require_memory
from tfsess_magics.tf.runs.limit import UNBOUNDED
from tfsess_magics.tf.variables.initialized import measure, probe
from tfsess_magics.tf.variables.internal_run import run_unseen
from tfsess_magics.tf.variables.operations import Variable, scan
from tfsess_magics.tf.variables.values import Value, Values

NO_VALUE = "no value"
"""The reason for which a variable is not read that has nothing to read."""
_NO_ARRAY = (tf.resource.name, tf.variant.name)
"""Types whose values have no form in Python."""
_MAX_READS = 8
"""Runs spent at most on finding out which of several variables cannot be read, where that only is to be shown."""
_SHOWN = 2000
"""Milliseconds that finding it out may take then."""


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
        self._variables: dict[str, Variable] = {}
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

    def totals(self, *, ask: bool) -> tuple[int, int | None]:
        """Return the number of variables and the bytes of the initialized ones, as known without a step or with one.

        The bytes are None where it is not known of any variable whether it has a value.
        """
        with self._lock:
            if not self._update(ask=ask):
                return len(self._variables), 0
            if self._variables and all(v.initialized is None for v in self._variables.values()):
                return len(self._variables), None
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
            timeout = self._ask_anew(session)
            # Of some nothing tells whether they have a value.
            seen = [v for v in self._variables.values() if v.initialized is not False and v.index < self._meter.version]
            can_be_kept = [v for v in seen if v.initialized and v.value and v.assign and v.dtype not in _NO_ARRAY]
            kept = list({v.resource: v for v in reversed(can_be_kept)}.values())[::-1]
            resources = {v.resource for v in kept}
            require_memory(sum(v.nbytes or 0 for v in kept))
            arrays = run_unseen(session, fetches=[v.value for v in kept], timeout=timeout) if kept else []
            values, lost = [], [v.name for v in seen if v.resource not in resources]
            # ``assign(..., validate_shape=False)`` gives a value of another shape than the variable's.
            for v, array in zip(kept, arrays, strict=True):
                assign = v.assign_of(np.shape(array))
                if assign is None:
                    lost.append(f"{v.name}, whose shape {list(np.shape(array))} no assignment in the graph takes")
                else:
                    values.append(Value(v.name, assign, array))
            return Values(values, tuple(lost))

    def _ask_anew(self, session: BaseSession) -> int:
        """Find out which variables have a value, whatever was known; return the milliseconds that a step may take."""
        self._scan(session)
        self.forget(session)
        timeout = settings.values_patience if session._target else UNBOUNDED
        self._find_out(session, timeout, math.inf)
        return timeout

    def read(self, session: BaseSession) -> tuple[list[tuple[Variable, Any]], dict[str, list[str]]]:
        """Read in one step the value of every variable that has one, whether or not anything can assign it.

        Returns
        -------
        list, dict
            The variables with their values, and the names of the others by what is amiss with them.

        Raises
        ------
        tf.errors.OpError
            If they cannot be read.
        MemoryError
            If there is not enough memory for them.
        """
        with self._lock:
            timeout = self._ask_anew(session)
            readable: dict[tuple[object, ...], Variable] = {}
            amiss: dict[tuple[object, ...], str] = {}
            for v in self._variables.values():
                if why := self._why_unreadable(v):
                    amiss.setdefault(v.resource, why)
                else:
                    readable.setdefault(v.resource, v)
            require_memory(sum(v.nbytes or 0 for v in readable.values()))
            names = [v.value for v in readable.values() if v.value]
            arrays = dict(
                zip(readable, run_unseen(session, fetches=names, timeout=timeout) if names else (), strict=True)
            )
            read, others = [], dict[str, list[str]]()
            for v in self._variables.values():
                if v.resource in arrays:
                    read.append((v, arrays[v.resource]))
                else:
                    others.setdefault(amiss[v.resource], []).append(v.name)
            return read, others

    def _why_unreadable(self, variable: Variable) -> str:
        """Say what keeps a value from being read; empty if nothing does."""
        if variable.index >= self._meter.version or variable.initialized is False:
            return NO_VALUE
        if variable.dtype in _NO_ARRAY:
            return f"a value of type {variable.dtype}"
        if not variable.value or variable.value_index >= self._meter.version:
            return "an operation that reads it has to run first"
        return "" if variable.initialized else "not known whether it has a value"

    def known(self, session: BaseSession) -> list[Variable]:
        """Return all variables of the graph."""
        with self._lock:
            self._scan(session)
            return list(self._variables.values())

    def give(self, session: BaseSession, values: Values) -> Values:
        """Assign values in the session as it is, and return those that it has taken.

        Raises
        ------
        MemoryError, tf.errors.ResourceExhaustedError
            If there is not enough memory for them; it may have taken some.
        """
        with self._lock:
            try:
                return values.give(session, is_last=False)
            finally:
                self.forget(session)

    def restore(self, session: BaseSession, values: Values) -> Values:
        """Give a new session on the same graph its values, and return what it has of them.

        Those that a server has kept by itself may be newer.
        """
        with self._lock:
            self.forget(session)
            if session._target:
                self._find_out(session, settings.values_patience, math.inf)
                there = {v.name for v in self._variables.values() if v.initialized}
                kept = [value for value in values.assigned if value.variable in there]
                missing = values._replace(assigned=[value for value in values.assigned if value.variable not in there])
                given = missing.give(session, is_last=True)
                return given._replace(assigned=[*kept, *given.assigned])
            return values.give(session, is_last=True)

    def forget(self, session: BaseSession) -> None:
        """Take no variable for initialized that was: its C session is another one now."""
        with self._lock:
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
        if session.graph.version != self._scanned:
            self._scanned = scan(session.graph, self._scanned, self._variables, _unasked(session))

    def _ask(self, session: BaseSession) -> None:
        state = (self._meter.runs, self._meter.table.running_since)
        is_answered = state == self._asked and not RUNS.missing  # else no run is counted
        if is_answered or not (self._pending() or self._varying()):
            return
        self._asked = state
        with suppress(Exception):  # a session that was closed meanwhile; not known is the truth
            self._find_out(session, _SHOWN, _MAX_READS)

    def ask_server(self, session: BaseSession, timeout: int) -> None:
        """Ask the server of a session which variables have a value, and hold up no other thread meanwhile.

        Raises
        ------
        tf.errors.OpError
            If it does not answer within so many milliseconds.
        """
        with self._lock:
            self._scan(session)
            pending, forgotten = self._pending(), self._forgotten
        found = list(probe(session, pending, self._meter.version, timeout, _MAX_READS))
        with self._lock:
            if self._forgotten == forgotten:
                self._sizes = None
                _note(found)
            varying = self._varying()
        nbytes = measure(session, varying, self._meter.version, timeout)
        with self._lock:
            _note_sizes(varying, nbytes)

    @property
    def are_known(self) -> bool:
        """True if all variables that the runtime has seen are known to have a value."""
        with self._lock:
            return all(v.initialized for v in self._pending())

    def _pending(self) -> list[Variable]:
        """Return the variables of which it is to be asked, once runs have happened, whether they have a value."""
        return [
            v for v in self._variables.values() if (not v.initialized or v.can_go) and v.index < self._meter.version
        ]

    def _varying(self) -> list[Variable]:
        """Return those whose size is that of their value, which the next run may change."""
        return [v for v in self._variables.values() if v.initialized and v.varies]

    def _find_out(self, session: BaseSession, timeout: int, max_reads: float) -> None:
        self._sizes = None
        _note(probe(session, self._pending(), self._meter.version, timeout, max_reads))
        varying = self._varying()
        _note_sizes(varying, measure(session, varying, self._meter.version, timeout))


def _note(found: Iterable[tuple[Variable, bool | None]]) -> None:
    for variable, is_initialized in found:
        variable.initialized = is_initialized


def _note_sizes(varying: Iterable[Variable], nbytes: Mapping[str, int]) -> None:
    for variable in varying:
        variable.nbytes = nbytes.get(variable.name)


def _unasked(session: BaseSession) -> bool | None:
    """Say what is known of a variable before it was asked for: on a server others may have given it a value."""
    return None if session._target else False
