"""The interfaces of sessions, scopes and backends, as the registry and the notebook need them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from tfsess_magics.core.memory import GivenBack
from tfsess_magics.core.model import Ended, Identity, Kind, Origin, RestoreReply, SaveReply, SessionInfo, StopReply
from tfsess_magics.core.notice import Notice
from tfsess_magics.core.options import SessionOptions
from tfsess_magics.core.protocol import SessionSummary


class CellCode(NamedTuple):
    """The identity of a cell when it runs again."""

    body: str
    id: str | None = None
    """The front end's id of the cell, whatever its body is by now; None where it gives none."""

    def is_of(self, other: CellCode | None) -> bool:
        """Return True if it is the same cell as the `other`, perhaps edited."""
        return other is not None and (self.body == other.body or (self.id is not None and self.id == other.id))


class CellOptions(NamedTuple):
    """The options of a cell that hold for that cell alone."""

    timeout: float | None = None
    """Seconds that a run may take meanwhile, 0 for as long as it wants, None for as long as around it."""
    trace: bool = False
    """True to trace a run of the cell."""
    reuse: bool = False
    """True to have ``get_variable`` take a variable that is there."""
    init: bool = False
    """True to initialize the variables without a value after the body."""


PLAIN = CellOptions()
"""No options."""


class Scope(Protocol):
    """A thread's activation of a session: entered, suspended, left.

    Between `resume` and `suspend` the thread's TensorFlow defaults are the session's. A coroutine is
    resumed and suspended at each of its steps, so that other tasks of the thread never see them.
    """

    @property
    def is_over(self) -> bool:
        """True once the thread has left it for good."""

    @property
    def notices(self) -> Sequence[Notice]:
        """The changes that the body made to the defaults; known at the end."""

    @property
    def initializes(self) -> bool:
        """True if `initialize` is to be called after the body."""

    def initialize(self) -> None:
        """Initialize the variables without a value; called inside."""

    def resume(self) -> None:
        """Install the session's defaults and remember those of the thread."""

    def suspend(self) -> None:
        """Put the thread's defaults back and remember the session's for the next `resume`."""

    def end(self) -> None:
        """Suspend, and leave for good.

        It and `suspend` may be called again: an interrupt may have come before they did their work.
        """


class Session(Protocol):
    """A session on the list: named, adopted or observed. Any thread may call it."""

    @property
    def number(self) -> int:
        """Its id, never used again."""

    @property
    def name(self) -> str:
        """The name that it goes by."""

    @property
    def generation(self) -> int:
        """Counts its resets, from 1."""

    @property
    def kind(self) -> Kind:
        """The kind of session that it is."""

    @property
    def origin(self) -> Origin:
        """The code that made it."""

    @property
    def closed(self) -> bool:
        """True once it was closed; its name is free then."""

    @property
    def due(self) -> float | None:
        """Seconds until it may be another without anything happening to it, None if it will not."""

    def held_by(self) -> list[str]:
        """Say what refers to it, if it is not ours."""

    def use(self) -> str | None:
        """Say what keeps it from being ended now, None if nothing does."""

    def info(self) -> SessionInfo:
        """Return the record of it now."""

    def summary(self, *, ask: bool) -> SessionSummary:
        """Return the little of it that a list shows; `ask`: find out which variables have a value now."""

    def reset_by(self, by: str) -> Ended:
        """Start anew with an empty graph, and end its runs with an error that names `by`.

        Raises
        ------
        SessionInUseError
            If something is using it.
        NotOursError, NotInScopeError
            If only its maker can do that, or it has none.
        """

    def close_by(self, by: str) -> Ended:
        """End it, and its runs with an error that names `by`.

        Raises
        ------
        SessionInUseError
            If something is using it.
        """


def identify(session: Session) -> Identity:
    """Return the identity of a session now; its name and generation belong together under its own lock only."""
    return Identity(
        id=session.number,
        name=session.name,
        kind=session.kind,
        origin=session.origin,
        generation=session.generation,
    )


class NamedSession(Session, Protocol):
    """A session that cells can enter by its name."""

    @property
    def options(self) -> SessionOptions:
        """The options that it was opened with."""

    def use_for_cells(self, is_used: bool) -> None:
        """Note whether every later cell of a notebook runs in it."""

    def rename(self, name: str) -> None:
        """Go by another name; the caller has checked that it will do, and is free."""

    @property
    def notes(self) -> Sequence[str]:
        """The notes for the code that opened it, a sentence each."""

    def require_open(self) -> None:
        """Check that it can be entered.

        Raises
        ------
        ClosedSessionError
            If it, or its TensorFlow session, was closed.
        """

    def enter(self, by: str, options: CellOptions = PLAIN, code: CellCode | None = None) -> Scope:
        """Begin an activation of `by`, as messages call it: ``cell 5``; `code`: that of the cell, if it is one.

        Raises
        ------
        ClosedSessionError
            If the session was closed.
        InvalidOptionError
            If one of the options is not for this kind of session.
        """


class ObservedSession(Session, Protocol):
    """A session of other code, listed while it lives."""

    @property
    def may_be_unused(self) -> bool:
        """True if it has been quiet so long that a search for the code that refers to it is worthwhile."""

    def mark_unused(self, is_unused: bool) -> None:
        """Take note of whether it looks leaked, which holds until it runs again."""


class Bindings(Protocol):
    """The names that the cells of an eager scope have assigned, as far as they are bound to the same objects still."""

    def names(self) -> list[str]:
        """Return them in the order in which they were assigned."""

    def drop(self) -> None:
        """Unbind them, and forget what was shown of their objects as output."""


T = TypeVar("T")
S = TypeVar("S", bound=NamedSession)
S_co = TypeVar("S_co", bound=NamedSession, covariant=True)


class Backend(Protocol[S_co]):
    """The source of sessions."""

    def options(self, **given: Any) -> SessionOptions:
        """Check options as the user gave them.

        Raises
        ------
        InvalidOptionError
            If a value will not do.
        """

    def unused(self, sessions: Iterable[ObservedSession]) -> set[int]:
        """Return the numbers of those `sessions` that no code seems to need."""

    def stop(self, session: Any, by: str, on_stop: str | None, *, now: bool) -> StopReply:
        """Stop the runs of a session on the order of `by`, or its next one; `now`: cut what would end by itself."""

    def save(self, session: Any, path: str, told: Callable[[str], None]) -> SaveReply:
        """Write the values of a session's variables to a checkpoint; tell what is being done if that takes long."""

    def restore(self, session: Any, path: str, told: Callable[[str], None], *, partial: bool) -> RestoreReply:
        """Give a session's variables the values of a checkpoint; `partial`: those that fit."""

    def giving_back(self, session: Any, end: Callable[[], T]) -> tuple[T, GivenBack]:
        """Do `end`, which closes or resets a session; return what it returns, and what it gave back."""

    def trace(self, session: Any) -> None:
        """Have the next run of a session traced."""

    def adopt(self, observed: Any, name: str, changed: Callable[[], None]) -> S_co:
        """Make a named session of an observed one, with the same number."""

    def open(
        self, number: int, name: str, options: SessionOptions, origin: Origin, changed: Callable[[], None]
    ) -> S_co:
        """Make a new session with the id `number`, which calls `changed` whenever it has changed."""
