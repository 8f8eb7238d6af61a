"""What is known of one TensorFlow session, whoever made it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf
from tensorflow.python.client.session import BaseSession
from tensorflow.python.framework import stack

from tfsess_magics.core.model import DeviceInfo, Kind, Origin, SessionInfo, State, VariableInfo
from tfsess_magics.core.options import SessionOptions
from tfsess_magics.core.protocol import SessionSummary
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf.growth import Growth
from tfsess_magics.tf.variables import GraphVariables
from tfsess_magics.tf.waiting import Waiting


class Watched:
    """The runs, variables and devices of a TensorFlow session that it does not keep alive; any thread may call it.

    Parameters
    ----------
    session
        It may be under construction: nothing of it is used yet.
    meter
        Counts its runs.
    collected
        Called when Python has collected the session, perhaps inside the garbage collector.
    """

    def __init__(self, session: BaseSession, meter: RunMeter, collected: Callable[[], None] = lambda: None) -> None:
        self._session = weakref.ref(session, lambda _: collected())
        self.meter = meter
        meter.watched = weakref.ref(self)
        self.graph_variables = GraphVariables(self._session, meter)
        self.waiting = Waiting(meter)
        self.growth = Growth(self._session, meter)
        self._devices: tuple[DeviceInfo, ...] | None = None

    @property
    def session(self) -> BaseSession | None:
        """The session, None when it was collected or its construction has failed."""
        session = self._session()
        return session if session is not None and getattr(session, "_session", None) is not None else None

    @property
    def is_closed(self) -> bool:
        """Whether the session was closed, by anybody, or is gone."""
        session = self.session
        return session is None or bool(session._closed)

    @property
    def target(self) -> str:
        """Server that the session is connected to; empty for one in this process."""
        session = self.session
        target = session and session._target
        return target.decode() if target else ""

    @property
    def devices(self) -> tuple[DeviceInfo, ...]:
        """What the session can place operations on; of a server that does not answer nothing is known."""
        session = self.session
        if self._devices is None and session is not None and not self.target and self.meter.stop is None:
            try:
                self._devices = tuple(_describe(device) for device in session.list_devices())
            except tf.errors.OpError:  # it was closed between the lines above
                return ()
        return self._devices or ()

    @property
    def is_default(self) -> bool:
        """Whether the session is the default session of a thread, or one in which that one was entered."""
        session = self.session
        return session is not None and any(
            entered is session for entered_sessions in default_stacks() for entered in list(entered_sessions)
        )

    def variables(self) -> tuple[VariableInfo, ...]:
        """Return a record of every variable, largest first, and ask the runtime which have a value."""
        return self.graph_variables.records(self.devices)

    def info(
        self,
        *,
        number: int,
        name: str,
        kind: Kind,
        state: State,
        running_since: float | None,
        origin: Origin,
        generation: int,
        options: SessionOptions,
        created: float,
        is_unused: bool = False,
    ) -> SessionInfo:
        """Return all that is known of it now; what its owner knows of it is given."""
        session, meter, devices = self.session, self.meter, self.devices
        variables = self.variables()
        return SessionInfo(
            id=number,
            name=name,
            kind=kind,
            state=state,
            origin=origin,
            target=self.target,
            is_default=self.is_default,
            is_unused=is_unused,
            generation=generation,
            options=options,
            created=created,
            operations=0 if session is None else session.graph.num_operations(),
            added=self.growth.added,
            growth=self.growth.mark,
            runs=meter.runs,
            running_since=running_since,
            mark=self.waiting.mark(),
            last_run=meter.last_run,
            last_error=meter.last_error,
            devices=devices,
            variables=variables,
            variables_nbytes=sum(v.nbytes or 0 for v in variables if v.initialized),
        )

    def summary(
        self,
        *,
        number: int,
        name: str,
        kind: Kind,
        state: State,
        running_since: float | None,
        origin: Origin,
        generation: int,
        ask: bool,
        is_unused: bool = False,
    ) -> SessionSummary:
        """Return the little of it that a list shows; `ask`: find out which variables have a value now."""
        session = self.session
        variables, nbytes = self.graph_variables.totals(ask=ask)
        return SessionSummary(
            id=number,
            name=name,
            kind=kind.value,
            state=state.value,
            generation=generation,
            origin=str(origin),
            target=self.target,
            is_default=self.is_default,
            is_unused=is_unused,
            operations=0 if session is None else session.graph.num_operations(),
            growth=self.growth.mark,
            runs=self.meter.runs,
            devices=[device.name for device in self.devices],
            variables=variables,
            variables_nbytes=nbytes,
            running_since=running_since,
            mark=self.waiting.mark(),
        )


def default_stacks() -> Iterator[list[Any]]:
    """Yield every thread's part of TensorFlow's stack of default sessions.

    The stack is a `threading.local`, which shows its caller the caller's own part only; the collector sees them all.
    """
    for parts in gc.get_referents(stack._default_session_stack):
        if isinstance(parts, dict):
            for part in list(parts.values()):
                yield part.get("stack", [])


def _describe(device: Any) -> DeviceInfo:
    spec = tf.compat.v1.DeviceSpec.from_string(device.name)
    # TensorFlow gives every CPU 256 MiB, which is neither a limit nor a size.
    limit = None if device.device_type == "CPU" else device.memory_limit_bytes or None
    return DeviceInfo(name=f"{spec.device_type}:{spec.device_index}", type=device.device_type, memory_limit=limit)
