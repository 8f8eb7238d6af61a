"""A TensorFlow session that other code made: seen, not owned."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import tensorflow as tf
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.errors import ClosedSessionError, NotOursError, SessionInUseError
from tfsess_magics.core.model import Activity, Ended, Kind, Origin, SessionInfo, State
from tfsess_magics.core.options import SessionOptions
from tfsess_magics.core.protocol import SessionSummary
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.session import identify
from tfsess_magics.tf.context.interactive import close_session
from tfsess_magics.tf.session import unused
from tfsess_magics.tf.session.facts import Watched
from tfsess_magics.tf.stopping.close import End, end_runs, use_of_runs

_AGAIN = 1.0
"""Seconds at least between two looks for the code that refers to a session."""


class ObservedSession:
    """The record of a session of other code, as long as that lives; it keeps nothing of it alive.

    Owned by the registry; any thread may call it.

    Parameters
    ----------
    session
        It may be under construction: nothing of it is used yet.
    changed
        Called whenever it has changed.
    gone
        Called when the session was collected, perhaps inside the garbage collector.
    """

    generation = 1
    kind = Kind.OBSERVED

    def __init__(
        self,
        number: int,
        session: BaseSession,
        origin: Origin,
        changed: Callable[[], None],
        gone: Callable[[object], None],
    ) -> None:
        self.number = number
        self.name = f"#{number}"
        self.origin = origin
        self.created = time.time()
        self._made = time.perf_counter()
        self._verdict: tuple[float, bool] | None = None
        """The start of its quiet time at the last look for references to it, and True if it looked leaked then."""
        self._looked = 0.0
        self.watched = Watched(session, RunMeter(changed), gone)

    @property
    def closed(self) -> bool:
        """True once it was closed or collected."""
        return self.watched.is_closed

    @property
    def session(self) -> BaseSession:
        """The TensorFlow session.

        Raises
        ------
        ClosedSessionError
            If it was closed or collected.
        """
        session = self.watched.session
        if session is None or session._closed:
            raise ClosedSessionError(f"session {self.name}, made by {self.origin}, was closed.")
        return session

    @property
    def graph(self) -> tf.Graph:
        """Its graph."""
        return self.session.graph

    @property
    def due(self) -> float | None:
        """Seconds until it may be another without anything happening to it, None if it will not."""
        waiting = self.watched.waiting.due
        if waiting is not None:
            return waiting
        since = self._quiet_since
        if self._verdict == (since, True):
            return None
        # Who referred to it when it was looked at may have been passing by.
        again = self._looked + max(unused.IDLE, _AGAIN) if self._verdict and self._verdict[0] == since else 0.0
        return max(0.0, max(since + unused.IDLE, again) - time.perf_counter())

    @property
    def may_be_unused(self) -> bool:
        """True if it has been quiet so long that a search for the code that refers to it is worthwhile."""
        is_quiet = not self.watched.meter.table.under_way() and time.perf_counter() - self._quiet_since >= unused.IDLE
        return is_quiet and not self.closed and not self.watched.is_default

    @property
    def _quiet_since(self) -> float:
        return self.watched.meter.quiet_since or self._made

    def mark_unused(self, is_unused: bool) -> None:
        """Take note of whether it looks leaked, which holds until it runs again."""
        self._verdict = self._quiet_since, is_unused
        self._looked = time.perf_counter()

    def held_by(self) -> list[str]:
        """Say what refers to the session."""
        return unused.held_by(self.watched)

    def use(self) -> str | None:
        """Say what keeps it from being ended now, None if nothing does: a run in flight can be ended."""
        return use_of_runs(self.watched.meter)

    def reset_by(self, by: str) -> Ended:  # noqa: ARG002 - no code can
        """Refuse: only its maker can make it anew.

        Raises
        ------
        NotOursError
            Always.
        """
        raise NotOursError(self.name, str(self.origin))

    def close_by(self, by: str) -> Ended:
        """Close the TensorFlow session.

        Runs that are in flight end with `SessionStopped`, which names `by`.

        Raises
        ------
        SessionInUseError
            If it is being stopped.
        """
        if use := self.use():
            raise SessionInUseError(self.name, "close", use)
        session = self.session
        unfinished = end_runs(self.watched, End(f"session {self.name}", by, "closed", partial(close_session, session)))
        if unfinished is None:
            close_session(session)
        return Ended(unfinished=unfinished or 0)

    def info(self) -> SessionInfo:
        """Return the record of it now."""
        return self.watched.info(identify(self), self._activity(), options=SessionOptions(), created=self.created)

    def summary(self, *, ask: bool) -> SessionSummary:
        """Return the little of it that a list shows; `ask`: find out which variables have a value now."""
        return self.watched.summary(identify(self), self._activity(), ask=ask)

    def _activity(self) -> Activity:
        if self.closed:
            raise ClosedSessionError(f"session {self.name} was closed.")
        running_since = self.watched.meter.table.running_since
        return Activity(
            state=State.IDLE if running_since is None else State.RUNNING,
            running_since=running_since,
            is_unused=self._verdict == (self._quiet_since, True) and self.may_be_unused,
        )

    def __repr__(self) -> str:
        return f"<ObservedSession {self.name} of {self.origin}>"
