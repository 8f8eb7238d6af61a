"""Every named session of this kernel."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Generic, TypeVar

from tfsess_magics.core.changes import Changes
from tfsess_magics.core.errors import (
    ClosedSessionError,
    NoRunsError,
    SessionExistsError,
    SessionInUseError,
    StaleOrderError,
    UnknownSessionError,
)
from tfsess_magics.core.model import Ended, Kind, Origin, RestoreReply, SaveReply, SessionInfo, StopReply
from tfsess_magics.core.names import check_name
from tfsess_magics.core.session import Backend, ObservedSession, S, Session

T = TypeVar("T", bound=ObservedSession)


class SessionRegistry(Generic[S]):
    """The named sessions by name, and the observed ones.

    One per kernel; any thread may call it. It opens, adopts, resets and closes sessions one at a time, under a lock.
    Reading takes none, so that a list can be had while a session opens. Nor do sessions that come and go, since that
    may be inside the garbage collector.

    Parameters
    ----------
    connect
        Gives the backend, asked for when a session is opened, never before: TensorFlow is imported then.
    """

    def __init__(self, connect: Callable[[], Backend[S]]) -> None:
        self._connect = connect
        self._changing = threading.RLock()
        self._sessions: dict[str, S] = {}
        self._by_number: dict[int, S] = {}
        self._observed: dict[int, ObservedSession] = {}
        self._former_names: dict[str, int] = {}
        """The numbers of sessions by the names that they had before."""
        self._numbers = itertools.count(1)
        self.changes = Changes()
        """The numbers of the sessions that have changed."""
        self.looking = threading.RLock()
        """Held by a thread of this package while it looks at sessions of other code, and so refers to them. That is not
        to be taken for a need of them."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the live named sessions, oldest first."""
        return tuple(session.name for session in list(self._sessions.values()) if not session.closed)

    @property
    def observed(self) -> list[ObservedSession]:
        """The live observed sessions, oldest first."""
        observed = list(self._observed.values())
        return sorted((session for session in observed if not session.closed), key=lambda session: session.number)

    def live(self) -> list[S | ObservedSession]:
        """Return the live sessions, oldest first."""
        sessions: list[S | ObservedSession] = [*list(self._observed.values()), *list(self._sessions.values())]
        by_number = {session.number: session for session in sessions if not session.closed}
        return [by_number[number] for number in sorted(by_number)]

    def get(self, name: str) -> S:
        """Return the live named session of that name.

        Raises
        ------
        UnknownSessionError
            If there is none.
        InvalidNameError
            If it is no string.
        """
        return self._get(name, lambda: self.names)

    def _get(self, name: str, known: Callable[[], Iterable[str]]) -> S:
        if not isinstance(name, str):
            check_name(name)
        session = self._find(name)
        if session is None:
            raise UnknownSessionError(name, known(), self._new_name(name))
        return session

    def _new_name(self, former: str) -> str | None:
        session = self._by_number.get(self._former_names.get(former, 0))
        return None if session is None or session.closed else session.name

    def get_any(self, name: str) -> S | ObservedSession:
        """Return the live session of that name, or the one of that number that has none: ``#7``.

        Raises
        ------
        UnknownSessionError, InvalidNameError
            As `get`.
        """
        for observed in self.observed:
            if name in (observed.name, f"#{observed.number}"):
                return observed
        return self._get(name, lambda: [one.name for one in self.live() if one.kind is not Kind.OUTSIDE])

    def admit(self, make: Callable[[int, Callable[[], None], Callable[..., None]], T]) -> T:
        """List a session of other code.

        Parameters
        ----------
        make
            Called with its number, what it calls when it has changed, and what it calls when it is gone.
        """
        number = next(self._numbers)
        changed = functools.partial(self.changes.mark, number)
        session = make(number, changed, functools.partial(self._drop, number))
        self._observed[number] = session
        changed()
        return session

    def _drop(self, number: int, _: object = None) -> None:
        self._observed.pop(number, None)
        self.changes.mark(number)

    def adopt(self, observed: ObservedSession, name: str) -> S:
        """Give an observed session a name.

        Raises
        ------
        InvalidNameError
            If the name will not do.
        SessionExistsError
            If the name is taken.
        ClosedSessionError
            If it was closed.
        StaleOrderError
            If it was adopted meanwhile.
        """
        with self._changing:
            self._require_free(name)
            if observed.number not in self._observed:
                raise StaleOrderError(f"{observed.name} is gone: it was closed, or another order gave it a name.")
            changed = functools.partial(self.changes.mark, observed.number)
            session = self._connect().adopt(observed, name, changed)
            self._list(name, session)
            self._observed.pop(observed.number, None)
            changed()
            return session

    def rename(self, name: str, new_name: str) -> S:
        """Give the session of that name another one, also while code is in it.

        Raises
        ------
        UnknownSessionError, InvalidNameError, SessionExistsError
            If there is none, the new name will not do, or it is taken.
        """
        with self._changing:
            session = self.get(name)
            self._require_free(new_name)
            self._sessions.pop(new_name, None)  # one that its maker has closed
            session.rename(new_name)
            self._sessions = {one.name: one for one in self._sessions.values()}
            self._former_names[name] = session.number
            self._former_names.pop(new_name, None)
            self.changes.mark(session.number)
            return session

    def unused(self) -> list[ObservedSession]:
        """Look for observed sessions that no code seems to need, mark them, and return them."""
        with self.looking:
            candidates = [session for session in self.observed if session.may_be_unused]
            numbers = self._connect().unused(candidates) if candidates else set()
            for session in candidates:
                session.mark_unused(session.number in numbers)
        return [session for session in candidates if session.number in numbers]

    def held_by(self, session: S | ObservedSession) -> list[str]:
        """Return what refers to the TensorFlow session of a live session, but for this package itself."""
        with self.looking:
            return session.held_by()

    @contextmanager
    def unchanged(self, number: int, generation: int) -> Iterator[S | ObservedSession]:
        """Hold the session of that number as it is, if it is live and of that generation still.

        Raises
        ------
        StaleOrderError
            If it was closed or reset since.
        """
        with self._changing:
            yield self.get_unchanged(number, generation)

    def get_unchanged(self, number: int, generation: int) -> S | ObservedSession:
        """Return the session of that number, if it is of that generation still.

        Raises
        ------
        StaleOrderError
            If it was closed or reset since.
        """
        session = self.get_live(number)
        if session.generation != generation:
            raise StaleOrderError(f"{session.name!r} was reset meanwhile; it was left as it is.")
        return session

    def get_live(self, number: int) -> S | ObservedSession:
        """Return the session of that number.

        Raises
        ------
        StaleOrderError
            If it was closed.
        """
        session = self.find(number)
        if session is None:
            raise StaleOrderError("that session is closed already.")
        return session

    def find(self, number: int) -> S | ObservedSession | None:
        """Return the live session of that number, None if there is none."""
        session: S | ObservedSession | None = self._by_number.get(number) or self._observed.get(number)
        return None if session is None or session.closed else session

    def _find(self, name: str) -> S | None:
        session = self._sessions.get(name)
        return None if session is None or session.closed else session

    def _require_free(self, name: str) -> None:
        check_name(name)
        if self._find(name) is not None:
            raise SessionExistsError(name)

    def _list(self, name: str, session: S) -> None:
        """List a session as the youngest; one of that name that its maker has closed goes."""
        if (before := self._sessions.pop(name, None)) is not None:
            self._by_number.pop(before.number, None)
        self._former_names.pop(name, None)
        self._sessions[name] = self._by_number[session.number] = session

    def create(self, name: str, options: Mapping[str, Any], origin: Origin) -> S:
        """Open a session under a name that is free.

        Raises
        ------
        InvalidNameError, InvalidOptionError
            If the name or an option will not do.
        SessionExistsError
            If the name is taken.
        TensorFlowMissingError
            If TensorFlow cannot be imported.
        """
        with self._changing:
            self._require_free(name)
            backend = self._connect()
            number = next(self._numbers)
            changed = functools.partial(self.changes.mark, number)
            session = backend.open(number, name, backend.options(**options), origin, changed)
            self._list(name, session)
            changed()
            return session

    def open(self, name: str, options: Mapping[str, Any], origin: Origin) -> tuple[S, bool]:
        """Return the live session of that name, or create it; and whether it is new.

        Raises
        ------
        OptionConflictError
            If an option is given that the live session was opened without, or with another value.
        InvalidNameError, InvalidOptionError, TensorFlowMissingError
            As `create`.
        """
        with self._changing:
            session = self._find(name)
            if session is None:
                return self.create(name, options, origin), True
            if options:
                session.options.require_same(self._connect().options(**options), name)
            return session, False

    def stop(self, name: str, by: str, on_stop: str | None = None, *, now: bool = False) -> StopReply:
        """Stop the runs of the session of that name, or its next one, and return what was done.

        Raises
        ------
        UnknownSessionError
            If there is none.
        NoRunsError, ValuesLostError
            As `stop_session`.
        """
        return self.stop_session(self.get_any(name), by, on_stop, now=now)

    def stop_session(
        self, session: S | ObservedSession, by: str, on_stop: str | None = None, *, now: bool = False
    ) -> StopReply:
        """Stop the runs of that session, or its next one, and return what was done.

        Takes no lock: it is there for when others have to wait.

        Parameters
        ----------
        by
            The sender of the order, as messages say it.
        on_stop
            The treatment of variables' values, as in the option of that name; None for the session's own.
        now
            True to cut runs that would end by themselves.

        Raises
        ------
        NoRunsError
            If it is eager.
        ValuesLostError
            If the values of variables cannot be read, and are to be kept.
        """
        _require_runs(session, "stop")
        return self._connect().stop(session, by, on_stop, now=now)

    def trace(self, name: str) -> None:
        """Have the next run of the session of that name traced.

        Raises
        ------
        UnknownSessionError
            If there is none.
        NoRunsError
            If it is eager.
        """
        session = self.get_any(name)
        _require_runs(session, "trace")
        self._connect().trace(session)

    def save(self, name: str, path: str, told: Callable[[str], None] = lambda _: None) -> SaveReply:
        """Write the values of the variables of the session of that name to a checkpoint.

        Raises
        ------
        UnknownSessionError
            If there is none.
        NoRunsError, ClosedSessionError, SessionInUseError, NotSavedError
            As `save_session`.
        """
        return self.save_session(self.get_any(name), path, told)

    def save_session(
        self, session: S | ObservedSession, path: str, told: Callable[[str], None] = lambda _: None
    ) -> SaveReply:
        """Write the values of the variables of that session to a checkpoint.

        Takes no lock: it may take long.

        Parameters
        ----------
        told
            Called with a line that says what is being done, once that has taken a second.

        Raises
        ------
        NoRunsError
            If it is eager.
        ClosedSessionError, SessionInUseError, NotSavedError
            If it was closed, it is being stopped, or the file cannot be written.
        """
        _require_runs(session, "save")
        return self._connect().save(session, path, told)

    def restore(
        self, name: str, path: str, told: Callable[[str], None] = lambda _: None, *, partial: bool = False
    ) -> RestoreReply:
        """Give the variables of the session of that name the values of a checkpoint, all or none of them.

        Parameters
        ----------
        told
            As of `save`.
        partial
            True to take what fits, and leave the rest.

        Raises
        ------
        UnknownSessionError
            If there is none.
        NoRunsError
            If it is eager.
        ClosedSessionError, SessionInUseError, NotRestoredError
            If it was closed, something runs in it, or the file cannot be read or does not fit.
        """
        session = self.get_any(name)
        _require_runs(session, "restore")
        return self._connect().restore(session, path, told, partial=partial)

    def reset(self, name: str, by: str = "tfsess_magics.reset") -> SessionInfo:
        """Reset the session of that name on the order of `by`, and return what it was.

        Raises
        ------
        UnknownSessionError, SessionInUseError, NotOursError, NotInScopeError
            If there is none, something is using it, or it is not ours.
        """
        with self._changing:
            return self.reset_session(self.get_any(name), by)

    def reset_session(self, session: S | ObservedSession, by: str) -> SessionInfo:
        """Reset that session on the order of `by`, and return what it was.

        Raises
        ------
        ClosedSessionError, SessionInUseError, NotOursError, NotInScopeError
            If it was closed, something is using it, or it is not ours.
        """
        with self._changing:
            return self._end(session, session.reset_by, by)

    def close(self, *names: str, by: str = "tfsess_magics.close") -> tuple[SessionInfo, ...]:
        """Close the sessions of those names on the order of `by`, all or none of them, and return what they were.

        Raises
        ------
        UnknownSessionError, SessionInUseError
            If there is none, or something is using it; none was closed then.
        """
        with self._changing:
            sessions = list(dict.fromkeys(self.get_any(name) for name in names))
            for session in sessions:
                if use := session.use():
                    raise SessionInUseError(session.name, "close", use)
            return tuple(self.close_session(session, by) for session in sessions)

    def close_session(self, session: S | ObservedSession, by: str) -> SessionInfo:
        """Close that session on the order of `by`, and return what it was.

        Raises
        ------
        ClosedSessionError, SessionInUseError, NotInScopeError
            If it was closed, something is using it, or it cannot be closed.
        """
        with self._changing:
            was = self._end(session, session.close_by, by)
            self._unlist(session)
            return was

    def _unlist(self, session: S | ObservedSession) -> None:
        if self._sessions.get(session.name) is session:
            self._sessions.pop(session.name, None)
        self._by_number.pop(session.number, None)
        self._observed.pop(session.number, None)

    def _end(self, session: S | ObservedSession, end: Callable[[str], Ended], by: str) -> SessionInfo:
        before = session.info()
        ended, given_back = self._connect().giving_back(session, lambda: end(by))
        return replace(
            before,
            given_back=given_back,
            still_held=ended.still_held,
            still_held_nbytes=ended.still_held_nbytes,
            unfinished=ended.unfinished,
        )

    def sessions(self) -> tuple[SessionInfo, ...]:
        """Return a record of every live session, oldest first, and look which of them look leaked."""
        self.unused()
        records = []
        for session in self.live():
            try:
                records.append(session.info())
            except ClosedSessionError:  # between the two lines above
                continue
        return tuple(records)


def _require_runs(session: Session, order: str) -> None:
    if session.kind.is_eager:
        raise NoRunsError(session.name, order)
