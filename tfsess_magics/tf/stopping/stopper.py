"""The requests for stops: from orders, from interrupts, and from runs that begin and end.

A second interrupt, or another exception of a signal handler, may cut any line. So runs take no lock: the lock of a
`threading.Event` does not survive an interrupt in its own lines. They look again and again (`wait`).

`Stopper.leave` keeps an exception that comes while a run waits for its stop. It raises that exception when the
session can be used again, from the error of the stop. An interrupt says no more than the stop, so the error of the
stop takes its place. `tests/tf/stopping/test_stop_exceptions.py` raises exceptions at every line.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Sequence
from threading import get_ident
from typing import Any

import tensorflow as tf

from tfsess_magics.core.errors import SessionStopped
from tfsess_magics.core.late import let_pass, of_two
from tfsess_magics.core.model import StopReply
from tfsess_magics.core.plain import plain
from tfsess_magics.core.run import Needed
from tfsess_magics.core.run_table import RunStop
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.settings import settings
from tfsess_magics.core.text import count, run_mark
from tfsess_magics.tf.runs.blocked_on import awaited, ended_on
from tfsess_magics.tf.runs.concurrent import concurrent_runs
from tfsess_magics.tf.stopping.gate import let_no_finalizer_wait
from tfsess_magics.tf.stopping.interruption import Interruption
from tfsess_magics.tf.stopping.queue_runners import for_queue_runner
from tfsess_magics.tf.stopping.stop import MAIN_THREAD, POLL, RunsEndedError, Stop, is_done_soon, start_in_thread, wait
from tfsess_magics.tf.stopping.stop_order import StopOrder
from tfsess_magics.tf.stopping.tasks import for_task
from tfsess_magics.tf.stopping.wakeup import Watcher

_log = logging.getLogger(__name__)


def forget_order(meter: RunMeter) -> None:
    """Forget a stop that was ordered for a next run which has not come."""
    if (order := meter.ordered) is not None:
        order.forget_next()


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
        self._interruption: Interruption | None = None
        """The last one of a run of the main thread."""
        self._orders: list[StopOrder] = []
        """Those that may wait."""
        self.armed: list[RunMeter] = []
        """The sessions that the main thread is in a run of, outermost first."""

    def close(self) -> None:
        """Leave signals and runs alone."""
        self._watcher.close()
        if self._interruption is not None:
            self._interruption.drop()
        for order in self._orders:
            order.drop()

    def forked(self) -> None:
        """Leave the signals of the parent alone, in a child that it has forked."""
        self._watcher.forked()

    def arm(self, meter: RunMeter) -> None:
        """Hear of interrupts while the main thread is in a run; that thread's to call, as `disarm` and `settle`."""
        self.armed.append(meter)
        self._watcher.arm()

    def disarm(self, depth: int) -> None:
        """Hear of interrupts for so many outer runs only; may be called again."""
        self._watcher.disarm(depth)
        del self.armed[depth:]

    def settle(self) -> None:
        """Let no interrupt that the main thread got itself stop its next run."""
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
            while token in meter.table.in_flight and not stop.done.is_set():
                time.sleep(POLL)
            if token not in meter.table.in_flight:
                raise SessionStopped  # what says more is raised as it leaves
        order = meter.ordered
        if order is None:
            return
        takes = order.takes(get_ident())
        if order.is_over:
            meter.ordered = None
        if takes:
            by = f"{order.by} stopped {self.name_of(meter)} before this run began"
            raise for_task(SessionStopped(f"{by}; nothing was lost."))

    def leave(self, meter: RunMeter, token: int, needed: Needed, failed: BaseException | None) -> None:
        """End a stopped run, given the memory that it needed and its exception.

        Raises
        ------
        KeyboardInterrupt, SessionStopped, tf.errors.DeadlineExceededError
            If it was stopped, when its session can be used again. Not if it had to go on.
        BaseException
            The exception of a signal handler, raised meanwhile or as TensorFlow returned. It says less than the stop
            where both are interrupts; else it is raised from the error of the stop.
        """
        # RuntimeError is what pybind11 makes of an exception that came while TensorFlow made its own.
        came = None if isinstance(failed, (tf.errors.OpError, RuntimeError, SessionStopped)) else failed
        table = meter.table
        stop: RunStop | None = None
        while True:
            try:
                if (claim := table.claimed.get(token)) is not None:
                    run, stop = claim
                    stop.out.discard(token)
                    stop.waited_for = stop.waited_for or _awaited(meter, run.step, failed)
                    wait(stop)
                    if stop.refusal is None:
                        break
                if (gone_on := table.end(token)) is not None:
                    meter.ended(gone_on, None if failed is None else plain(type(failed).__name__), needed)
                if token not in table.claimed:
                    stop = None
                    break
            except BaseException as late:  # noqa: BLE001 - raised when the session can be used again
                came = of_two(came, late)
        if stop is None:
            if came is None or came is failed:
                return
            raise came
        table.end_claimed(token)
        said = stop.error(token, run.began, run.thread)
        error = for_queue_runner(for_task(said if came is None else of_two(said, came)))
        meter.ended(run, f"{type(error).__name__}: {error}", needed)
        try:
            raise error from (said if error is came else None)
        finally:
            del error, failed, came, said  # this frame is in their tracebacks: they would keep the session

    def stop(self, meter: RunMeter, by: str, *, keeps: bool, is_entered: bool, now: bool = False) -> StopReply:
        """Stop the runs of a session, or its next run if there is none; return what was done.

        The next run is that of the cell or ``with`` block that is in the session, if there is one. Otherwise it is one
        that begins soon, as other code may be between two runs.

        Parameters
        ----------
        now
            True to cut the runs in flight; else the order waits for those that end by themselves.

        Raises
        ------
        ValuesLostError
            If the values cannot be read; nothing was done then.
        """
        name = self.name_of(meter)
        order = StopOrder(name, by, keeps=keeps, is_entered=is_entered)
        if now:
            forget_order(meter)  # one cut is what both orders want
            stop = Stop(name, by, keeps=keeps)
            stop.when_runs_ended = functools.partial(order.begin, meter)
            if start_in_thread(meter, stop):
                return _reply_of(meter, stop, order)
        if (other := meter.stop) is not None:
            return StopReply(False, f"{name} is being stopped already, by {other.by or 'an interrupt'}")
        earlier = meter.ordered
        if earlier is not None and earlier.waits:
            return StopReply(False, f"{name} was told to stop already, by {earlier.by}. {earlier.say_run(meter)}")
        self._orders = [*(given for given in self._orders if given.waits), order]
        order.begin(meter)
        until = time.perf_counter() + settings.reply_after
        while order.waits and time.perf_counter() < until:
            time.sleep(POLL)
        if order.stop is not None:
            return _reply_of(meter, order.stop, order)
        order.is_answered = order.waits
        return order.reply(meter)

    def _interrupt(self) -> None:
        """Deal with an interrupt: decide, in another thread, whether to cut the run of the main thread."""
        for meter in self.armed[-1:]:
            runs = [run for run in meter.table.under_way().values() if run.thread == MAIN_THREAD]
            last = self._interruption
            if runs and last is not None and last.token == runs[-1].token and not last.is_over:
                last.again()
            elif runs:
                self._interruption = Interruption(self.name_of(meter), meter, runs[-1].token, runs[-1].thread)


def _reply_of(meter: RunMeter, stop: Stop, order: StopOrder) -> StopReply:
    if not is_done_soon(stop):
        return StopReply(False, f"{stop.name}: {run_mark(stop.why_not_yet(meter))}")
    if isinstance(stop.refusal, RunsEndedError):
        return order.reply(meter)
    if stop.refusal is not None:
        raise stop.refusal
    return StopReply(True, f"stopped {stop.name}: {count(stop.runs, 'run')}. {stop.account}")


def _awaited(meter: RunMeter, step: Sequence[Any], failed: BaseException | None) -> str:
    session = meter.session
    try:
        if meter.is_local:
            return ended_on(session, failed, concurrent_runs(meter, step))
        return awaited(session, step, failed, concurrent_runs(meter, step))  # the errors of servers name no operation
    except Exception:  # noqa: BLE001 - the stop matters, not how it is told
        let_pass()
        _log.debug("what a run waited for could not be found out", exc_info=True)
        return ""
