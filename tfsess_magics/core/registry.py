"""Every named session of this kernel."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic

from tfsess_magics.core.changes import Changes
from tfsess_magics.core.errors import (
    ClosedSessionError,
    SessionExistsError,
    SessionInUseError,
    StaleOrderError,
    UnknownSessionError,
)
from tfsess_magics.core.model import Origin, SessionInfo
from tfsess_magics.core.names import check_name
from tfsess_magics.core.session import Backend, S


class SessionRegistry(Generic[S]):
    """The sessions by name.

    One per kernel; any thread may call it. Sessions are opened, reset and closed one at a time, under a lock;
    reading takes none, so that a list can be had while a session is being opened.

    Parameters
    ----------
    connect
        Gives the backend, asked for when a session is opened, never before: TensorFlow is imported then.
    """

    def __init__(self, connect: Callable[[], Backend[S]]) -> None:
        self._connect = connect
        self._changing = threading.RLock()
        self._sessions: dict[str, S] = {}
        self._numbers = itertools.count(1)
        self.changes = Changes()
        """Which of the sessions have changed."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the live sessions, oldest first."""
        return tuple(session.name for session in self.live())

    def live(self) -> list[S]:
        """Return the live sessions, oldest first."""
        return [session for session in list(self._sessions.values()) if not session.closed]

    def get(self, name: str) -> S:
        """Return the live session of that name.

        Raises
        ------
        UnknownSessionError
            If there is none.
        """
        if not isinstance(name, str):
            check_name(name)
        session = self._find(name)
        if session is None:
            raise UnknownSessionError(name, self.names)
        return session

    @contextmanager
    def unchanged(self, number: int, generation: int) -> Iterator[S]:
        """Hold the session of that number as it is, if it is live and of that generation still.

        Raises
        ------
        StaleOrderError
            If it was closed or reset since.
        """
        with self._changing:
            session = self.get_live(number)
            if session.generation != generation:
                raise StaleOrderError(f"{session.name!r} was reset meanwhile; nothing was done.")
            yield session

    def get_live(self, number: int) -> S:
        """Return the session of that number.

        Raises
        ------
        StaleOrderError
            If it was closed.
        """
        for session in self.live():
            if session.number == number:
                return session
        raise StaleOrderError("that session was closed meanwhile; nothing was done.")

    def _find(self, name: str) -> S | None:
        session = self._sessions.get(name)
        return None if session is None or session.closed else session

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
        check_name(name)
        with self._changing:
            if self._find(name) is not None:
                raise SessionExistsError(name)
            backend = self._connect()
            number = next(self._numbers)
            changed = functools.partial(self.changes.mark, number)
            session = backend.open(number, name, backend.options(**options), origin, changed)
            self._sessions.pop(name, None)
            self._sessions[name] = session
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

    def reset(self, name: str) -> SessionInfo:
        """Reset the session of that name and return what it was.

        Raises
        ------
        UnknownSessionError, SessionInUseError
            If there is none, or something is using it.
        """
        with self._changing:
            session = self.get(name)
            before = session.info()
            session.reset()
            return before

    def close(self, *names: str) -> tuple[SessionInfo, ...]:
        """Close the sessions of those names, all or none of them, and return what they were.

        Raises
        ------
        UnknownSessionError, SessionInUseError
            If there is none, or something is using it; none was closed then.
        """
        with self._changing:
            sessions = list(dict.fromkeys(self.get(name) for name in names))
            for session in sessions:
                if use := session.use():
                    raise SessionInUseError(session.name, "close", use)
            closed = []
            for session in sessions:
                before = session.info()
                session.close()
                del self._sessions[session.name]
                closed.append(before)
            return tuple(closed)

    def sessions(self) -> tuple[SessionInfo, ...]:
        """Return a record of every live session, oldest first."""
        records = []
        for session in self.live():
            try:
                records.append(session.info())
            except ClosedSessionError:  # between the two lines above
                continue
        return tuple(records)
