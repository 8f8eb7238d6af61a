"""What is asked of stops: by those who order one, by interrupts, and by runs that begin and end."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from threading import get_ident
from typing import Any

from tfsess_magics.core.errors import SessionStopped
from tfsess_magics.core.runs import Needed, RunMeter
from tfsess_magics.core.words import count
from tfsess_magics.tf.awaited import awaited
from tfsess_magics.tf.beside import beside
from tfsess_magics.tf.gate import let_no_finalizer_wait
from tfsess_magics.tf.stop import MAIN_THREAD, POLL, Stop, begin, begin_aside, is_done_soon, wait
from tfsess_magics.tf.tasks import for_task
from tfsess_magics.tf.wakeup import Watcher

_log = logging.getLogger(__name__)


class Ordered:
    """A stop that waits for the next run.

    Parameters
    ----------
    by
        Who ordered it.
    until
        When it is forgotten, by `time.perf_counter`; None: when nobody is in the session any more.
    """

    def __init__(self, by: str, until: float | None) -> None:
        self.by = by
        self._until = until
        self._once = iter([True])

    @property
    def is_due(self) -> bool:
        """Whether it still stops a run."""
        return self._until is None or time.perf_counter() < self._until

    def take(self) -> bool:
        """Take it, to carry it out or to take it back: of several threads one can."""
        return next(self._once, False)


def forget_order(meter: RunMeter) -> None:
    """Forget a stop that was ordered for a next run which has not come."""
    meter.ordered = None


class Stopper:
    """Stops sessions, and has their runs wait and end.

    Any thread may call it, but for what runs call.

    Parameters
    ----------
    name_of
        Returns what messages call the session of a meter.
    """

    def __init__(self, name_of: Callable[[RunMeter], str] = lambda _: "a session") -> None:
        self.name_of = name_of
        self._watcher = Watcher(self._interrupt)
        self._main: list[RunMeter] = []
        """Where the main thread is in a run, outermost first."""

    def close(self) -> None:
        """Leave signals alone."""
        self._watcher.close()

    def forked(self) -> None:
        """Leave the signals of the parent alone, in a child that it has forked."""
        self._watcher.forked()

    @property
    def depth(self) -> int:
        """In how many runs the main thread is, one inside the other."""
        return len(self._main)

    def arm(self, meter: RunMeter) -> None:
        """Hear of interrupts while the main thread is in a run; any thread may call this and what follows."""
        if get_ident() == MAIN_THREAD:
            self._main.append(meter)
            self._watcher.arm()

    def disarm(self, depth: int) -> None:
        """Hear of them for the outer runs only; may be called again."""
        if get_ident() == MAIN_THREAD:
            self._watcher.disarm(depth)
            del self._main[depth:]

    def settle(self) -> None:
        """Let no interrupt that the main thread got itself stop what it runs next."""
        if get_ident() == MAIN_THREAD:
            self._watcher.settle()

    def halt(self, meter: RunMeter, token: int) -> None:
        """Keep a run that begins out of a session that is being stopped; stop it if that was ordered for the next run.

        Raises
        ------
        SessionStopped
            If it may not go on.
        """
        stop = meter.stop
        if stop is not None:
            let_no_finalizer_wait(stop)
            while token in meter.in_flight and not stop.done.is_set():
                time.sleep(POLL)
            if token not in meter.in_flight:
                raise SessionStopped  # what says more is raised as it leaves
        ordered, meter.ordered = meter.ordered, None
        if ordered is not None and ordered.take() and ordered.is_due:
            by = f"{ordered.by} stopped {self.name_of(meter)} before this run began"
            raise for_task(SessionStopped(f"{by}; nothing was lost."))

    def leave(self, meter: RunMeter, token: int, needed: Needed) -> None:
        """End a run that was stopped, given what it needed of memory.

        Raises
        ------
        KeyboardInterrupt, SessionStopped, tf.errors.DeadlineExceededError
            If it was stopped, when its session can be used again. Not if it had to go on.
        """
        failed = sys.exception()
        while True:
            try:
                if (claim := meter.claimed.get(token)) is not None:
                    *started, stop = claim
                    stop.out.discard(token)
                    stop.waited_for = stop.waited_for or _awaited(meter, started[3], failed)
                    wait(stop)
                    if stop.refusal is None:
                        break
                if (gone_on := meter.in_flight.pop(token, None)) is not None:
                    meter.ended(gone_on, None if failed is None else type(failed).__name__, needed)
                if token not in meter.claimed:
                    return
            except KeyboardInterrupt:  # a second one, while the first is being dealt with
                continue
        meter.claimed.pop(token, None)
        error = for_task(stop.error(token, started[1], started[2]))
        meter.ended(tuple(started), f"{type(error).__name__}: {error}", needed)
        try:
            raise error from None
        finally:
            del error, failed  # this frame is in their tracebacks: they would keep the session

    def stop(self, meter: RunMeter, by: str, *, keeps: bool, is_entered: bool) -> str:
        """Stop the runs of a session, or its next run if there is none; return what was done.

        The next run is that of the cell or ``with`` block that is in the session, if there is one; otherwise, as other
        code may be between two runs, one that begins soon.

        Raises
        ------
        ValuesLostError
            If the values cannot be read; nothing was done then.
        """
        while not begin_aside(meter, stop := Stop(self.name_of(meter), by, keeps=keeps)):
            if (other := meter.stop) is not None:
                return f"{stop.name} is being stopped already, by {other.by or 'an interrupt'}"
            meter.ordered = ordered = Ordered(by, None if is_entered else time.perf_counter() + _SOON)
            # A run that has begun meanwhile may have come too early to see the order.
            if not meter.in_flight or not ordered.take():
                when = "" if is_entered else f", within {_SOON:.0f} s,"
                return f"{stop.name} has no run under way; its next one{when} will be stopped before it begins"
        if not is_done_soon(stop):
            return f"{stop.name}: {stop.why_not_yet(meter)}"
        if stop.refusal is not None:
            raise stop.refusal
        return f"stopped {stop.name}: {count(stop.runs, 'run')}. {stop.account}"

    def _interrupt(self) -> None:
        """Stop what the main thread is running."""
        for meter in self._main[-1:]:
            if any(run[2] == MAIN_THREAD for run in list(meter.in_flight.values())):
                begin(meter, Stop(self.name_of(meter), None, keeps=meter.keeps))


def _awaited(meter: RunMeter, step: Sequence[Any], failed: BaseException | None) -> str:
    watched = meter.watched()
    try:
        return awaited(watched and watched.session, step, failed, beside(meter, step))
    except Exception:  # noqa: BLE001 - the stop matters, not how it is told
        _log.debug("what a run waited for could not be found out", exc_info=True)
        return ""


_SOON = 5.0
"""Seconds for which a stop that was ordered between two runs is remembered."""
