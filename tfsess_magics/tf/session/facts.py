"""The facts of one TensorFlow session, of this package or of other code."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import tensorflow as tf
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.lazy import Lazy
from tfsess_magics.core.model import Activity, DeviceInfo, Identity, SessionInfo, VariableInfo
from tfsess_magics.core.options import SessionOptions
from tfsess_magics.core.protocol import SessionSummary
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.summary import summarize
from tfsess_magics.core.text import graph_grows, run_mark
from tfsess_magics.tf.cluster.devices import described
from tfsess_magics.tf.cluster.server import OnServer
from tfsess_magics.tf.instrument.hooks import hooks
from tfsess_magics.tf.internals import find
from tfsess_magics.tf.memory.allocators import CPU
from tfsess_magics.tf.memory.process import by_allocator
from tfsess_magics.tf.memory.required import require_memory, require_on_devices
from tfsess_magics.tf.runs.waiting import Waiting
from tfsess_magics.tf.session.growth import Growth
from tfsess_magics.tf.tracing.placement import AskedDevices
from tfsess_magics.tf.tracing.trace import Tracer
from tfsess_magics.tf.variables.graph_variables import GraphVariables

_DEFAULT_SESSIONS = find("framework.stack:_default_session_stack")
_ON_SERVER = "it runs on a server, whose allocators cannot be asked from here"


def known(session: object, live: Iterable[Any]) -> Any:
    """Return the one of the `live` sessions that is on that TensorFlow session, None if none is."""
    return next((one for one in live if session is not None and one.watched.session is session), None)


class Watched:
    """The runs, variables and devices of a TensorFlow session that it does not keep alive; any thread may call it.

    Parameters
    ----------
    session
        It may be under construction: nothing of it is used yet.
    meter
        Counts its runs.
    collected
        Called with something when Python has collected the session, perhaps inside the garbage collector.
    """

    waiting = Lazy(lambda watched: Waiting(watched.meter))
    tracer = Lazy(lambda watched: Tracer(watched.meter))
    _on_server = Lazy(lambda watched: OnServer(watched._session, watched.meter, watched.graph_variables))
    _asked = Lazy(lambda _: AskedDevices())

    def __init__(
        self, session: BaseSession, meter: RunMeter, collected: Callable[[object], None] | None = None
    ) -> None:
        self._session = weakref.ref(session, collected)
        self.meter = meter
        meter.watched = weakref.ref(self)
        self.graph_variables = GraphVariables(self._session, meter)
        self.growth = Growth(self._session, meter)
        self._devices: tuple[DeviceInfo, ...] | None = None
        self._target: str | None = None

    def outlive_owner(self) -> None:
        """Remain as long as the session does: its runs can be stopped until then."""
        self.meter.watched = lambda: self

    @property
    def session(self) -> BaseSession | None:
        """The session, None when it was collected or its construction has failed."""
        session = self._session()
        return session if session is not None and getattr(session, "_session", None) is not None else None

    @property
    def is_closed(self) -> bool:
        """True once the session was closed, by any code, or is gone."""
        session = self.session
        return session is None or bool(session._closed)

    @property
    def target(self) -> str:
        """Server that the session is connected to; empty for one in this process."""
        if self._target is None:
            session = self.session
            if session is None:
                return ""
            self._target = session._target.decode() if session._target else ""
        return self._target

    @property
    def devices(self) -> tuple[DeviceInfo, ...]:
        """The devices where the session can place operations; empty as long as they are not known."""
        session = self.session
        if self.target:
            return self._on_server.devices or ()
        if self._devices is None and session is not None and self.meter.stop is None:
            try:
                self._devices = described(session.list_devices())
            except tf.errors.OpError:  # it was closed between the lines above
                return ()
        return self._devices or ()

    @property
    def is_default(self) -> bool:
        """True if the session is the default session of a thread, or one in which that one was entered."""
        session = self.session
        return session is not None and any(
            entered is session for entered_sessions in default_stacks() for entered in list(entered_sessions)
        )

    def variables(self) -> tuple[VariableInfo, ...]:
        """Return a record of every variable, largest first, and ask the runtime which have a value."""
        records = self.graph_variables.records(self.devices, self.tracer.placed)
        if self.target:
            self._on_server.ask(again=True)
        return records

    def values(self) -> dict[str, int]:
        """Return the bytes of the variables that have a value, by name. Those on a server outlive the session."""
        return {} if self.target else {v.name: v.nbytes or 0 for v in self.variables() if v.initialized}

    @property
    def local_devices(self) -> tuple[DeviceInfo, ...]:
        """Those of its devices that are in this process."""
        return () if self.target else self.devices

    def held(self) -> Mapping[str, tuple[int, int]]:
        """Return the bytes of initialized variables by allocator, and those that it does not count.

        Those of a session on a server are not in this process.
        """
        devices = self.local_devices
        sizes = self.graph_variables.sizes(devices) if devices else ()
        return by_allocator(sizes, devices) if sizes else {}

    def require_room(self, nbytes: int) -> None:
        """Check that there is memory for a second copy of the variables, which takes so many bytes of the machine.

        Raises
        ------
        MemoryError
            With the bytes that are missing, if there is not.
        """
        require_memory(nbytes)
        require_on_devices(self.held(), self.local_devices, hooks.allocators)

    def info(self, identity: Identity, activity: Activity, *, options: SessionOptions, created: float) -> SessionInfo:
        """Return the whole record of it now; its owner gives its part, by the names of the record's fields."""
        session, devices = self.session, self.devices
        return SessionInfo(
            id=identity.id,
            name=identity.name,
            kind=identity.kind,
            origin=identity.origin,
            generation=identity.generation,
            state=activity.state,
            running_since=activity.running_since,
            is_unused=activity.is_unused,
            is_used=activity.is_used,
            options=options,
            created=created,
            target=self.target,
            answers=self._answers,
            is_default=self.is_default,
            operations=self._operations,
            growth=graph_grows(self.growth.mark),
            runs=self.meter.runs,
            mark=run_mark(self.waiting.mark()),
            added=self.growth.added,
            last_run=self.meter.last_run,
            largest_run=self.meter.largest_run,
            recent_runs=self.meter.recent_runs,
            unmeasured=_ON_SERVER if self.target else hooks.allocators.unavailable.get(CPU, ""),
            last_error=self.meter.last_error,
            devices=devices,
            asked=() if session is None else self._asked.of(session.graph),
            variables=self.variables(),
            last_trace=self.tracer.last,
            is_trace_ordered=self.tracer.is_ordered,
        )

    def summary(self, identity: Identity, activity: Activity, *, ask: bool) -> SessionSummary:
        """Return the little of it that a list shows; `ask`: find out which variables have a value now."""
        totals = self.graph_variables.totals(ask=ask)
        if ask and self.target:
            self._on_server.ask()
        order = self.meter.ordered
        is_stopping = order is not None and order.waits
        return summarize(
            identity,
            activity,
            devices=self.devices,
            variables=totals,
            target=self.target,
            answers=self._answers,
            is_default=self.is_default,
            operations=self._operations,
            growth=self.growth.mark,
            runs=self.meter.runs,
            mark=self.waiting.mark(),
            is_stopping=is_stopping,
        )

    @property
    def _answers(self) -> bool | None:
        return self._on_server.answers if self.target else None

    @property
    def _operations(self) -> int:
        session = self.session
        return 0 if session is None else int(session.graph.num_operations())


def default_stacks() -> Iterator[list[Any]]:
    """Yield every thread's part of TensorFlow's stack of default sessions.

    The stack is a `threading.local`, which shows its caller the caller's own part only; the collector sees them all.
    """
    for parts in gc.get_referents(_DEFAULT_SESSIONS):
        if isinstance(parts, dict):
            for part in list(parts.values()):
                yield part.get("stack", [])
