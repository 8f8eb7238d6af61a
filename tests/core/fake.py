"""A backend without TensorFlow, and its sessions."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from tfsess_magics.core.errors import ClosedSessionError, InvalidOptionError, SessionInUseError
from tfsess_magics.core.memory import GivenBack
from tfsess_magics.core.model import (
    Activity,
    DeviceInfo,
    Ended,
    Kind,
    Maker,
    Origin,
    RestoreReply,
    SaveReply,
    SessionInfo,
    State,
    StopReply,
)
from tfsess_magics.core.options import SessionOptions
from tfsess_magics.core.protocol import SessionSummary
from tfsess_magics.core.session import PLAIN, CellCode, CellOptions, ObservedSession, Scope, identify
from tfsess_magics.core.summary import summarize

T = TypeVar("T")
ORIGIN = Origin(maker=Maker.API, module="m", function="f", file="m.py", line=1)


class FakeSession:
    """A session that is in use when it is told so."""

    kind = Kind.NAMED
    due: float | None = None
    notes: Sequence[str] = ()

    def __init__(
        self, number: int, name: str, options: SessionOptions, origin: Origin, changed: Callable[[], None]
    ) -> None:
        self.number, self.name, self.options, self.origin, self.changed = number, name, options, origin, changed
        self.state, self.runs, self.variables_nbytes = State.IDLE, 0, 0
        self.asked = 0
        self.generation = 1
        self.closed = False
        self.used_by: str | None = None
        self.goes_on = False
        self.is_stopped = False
        self.saved_to: list[str] = []
        self.during_save: Callable[[], object] = lambda: None
        self.saves_all = True

    def enter(self, by: str, options: CellOptions = PLAIN, code: CellCode | None = None) -> Scope:
        raise NotImplementedError(by)

    def require_open(self) -> None:
        raise NotImplementedError

    def use_for_cells(self, is_used: bool) -> None:
        raise NotImplementedError(is_used)

    def rename(self, name: str) -> None:
        self.name = name

    def held_by(self) -> list[str]:
        return []

    def use(self) -> str | None:
        return self.used_by

    def reset_by(self, by: str) -> Ended:  # noqa: ARG002
        if self.used_by:
            raise SessionInUseError(self.name, "reset", self.used_by)
        self.generation += 1
        self.changed()
        return Ended()

    def close_by(self, by: str) -> Ended:  # noqa: ARG002
        if self.used_by:
            raise SessionInUseError(self.name, "close", self.used_by)
        self.closed = True
        self.changed()
        return Ended()

    def close(self) -> None:
        self.close_by("its close()")

    def summary(self, *, ask: bool) -> SessionSummary:
        if self.closed:
            raise ClosedSessionError(self.name)
        self.asked += ask
        return summarize(
            identify(self),
            Activity(state=self.state),
            runs=self.runs,
            devices=[DeviceInfo(name="CPU:0", type="CPU")],
            variables=(1, self.variables_nbytes),
        )

    def info(self) -> SessionInfo:
        if self.closed:
            raise ClosedSessionError(self.name)
        return SessionInfo(
            id=self.number,
            name=self.name,
            kind=Kind.NAMED,
            state=State.IDLE,
            origin=self.origin,
            generation=self.generation,
            options=self.options,
            created=0.0,
        )


class FakeBackend:
    """Makes `FakeSession`; knows one option."""

    def options(self, **given: Any) -> SessionOptions:
        if set(given) - {"seed"}:
            raise InvalidOptionError(f"no such option: {given}")
        return SessionOptions(**given)

    def open(
        self, number: int, name: str, options: SessionOptions, origin: Origin, changed: Callable[[], None]
    ) -> FakeSession:
        return FakeSession(number, name, options, origin, changed)

    def stop(self, session: FakeSession, by: str, on_stop: str | None, *, now: bool) -> StopReply:  # noqa: ARG002
        if session.closed:
            raise ClosedSessionError(session.name)
        session.is_stopped = True
        return StopReply(not session.goes_on or now, f"{by} stopped {session.name}")

    def save(self, session: FakeSession, path: str, told: Callable[[str], None]) -> SaveReply:
        if session.closed:
            raise ClosedSessionError(session.name)
        told(f"saving {session.name} to {path}")
        session.during_save()
        session.saved_to.append(path)
        return SaveReply(path=path, variables=("v",), nbytes=8, has_every_value=session.saves_all)

    def restore(self, session: FakeSession, path: str, told: Callable[[str], None], *, partial: bool) -> RestoreReply:
        raise NotImplementedError(session.name)

    def giving_back(self, session: FakeSession, end: Callable[[], T]) -> tuple[T, GivenBack]:  # noqa: ARG002
        return end(), GivenBack(by_device=(("CPU", 0),), uncounted=0, resident=0)

    def trace(self, session: FakeSession) -> None:
        raise NotImplementedError(session.name)

    def adopt(self, observed: "FakeObserved", name: str, changed: Callable[[], None]) -> FakeSession:
        return FakeSession(observed.number, name, SessionOptions(), observed.origin, changed)

    def unused(self, sessions: Iterable[ObservedSession]) -> set[int]:
        return {session.number for session in sessions}


class FakeObserved(FakeSession):
    """A session of other code."""

    kind = Kind.OBSERVED

    def __init__(self, number: int, changed: Callable[[], None], gone: Callable[[], None]) -> None:
        super().__init__(number, f"#{number}", SessionOptions(), ORIGIN, changed)
        self.gone = gone
        self.may_be_unused = False
        self.is_unused = False

    def mark_unused(self, is_unused: bool) -> None:
        self.is_unused = is_unused
