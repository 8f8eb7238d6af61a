"""An order to stop a session.

An order goes by all runs of the session but those of queue-runner threads. Each run ends by itself, or the rule cuts
it (`CutRule`). The next run of each of these threads does not begin. Where a run still goes on after a second, the
reply says that the order waits, and another order with ``now`` cuts the run. ``--timeout``, Close and Reset cut at
once.

`StopOrder.begin` puts the order into the meter before it lists the runs. So a run that begins in that moment either
sees the order or is in the list.

An order for a session without a run holds for the next one, until the cell that is in the session ends. Where no cell
is in it, the order holds for `Settings.order_lasts` seconds, as code of other modules may be between two runs. It does
not hold for runs of the main thread then if that thread has sent it, or has no cell: a later cell is not meant.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable
from threading import get_ident

from tfsess_magics.core.model import StopReply
from tfsess_magics.core.run import Run
from tfsess_magics.core.running_cell import running_cell
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.settings import settings
from tfsess_magics.core.text import count
from tfsess_magics.tf.stopping.cut_rule import LOOK_EVERY, CutRule
from tfsess_magics.tf.stopping.prospect import say_run, say_what_a_cut_takes
from tfsess_magics.tf.stopping.queue_runners import queue_runners
from tfsess_magics.tf.stopping.stop import MAIN_THREAD, RunsEndedError, Stop, begin, wait

_log = logging.getLogger(__name__)

_STOP = "%tfsession stop {} --now"


class StopOrder:
    """An order to stop a session: the runs in flight end by themselves or are cut, and the next ones do not begin.

    It leaves runs of queue-runner threads alone. Of each thread that has a run in flight it stops the next one, as
    long as the thread's cell runs. Where there is none, it stops the next one of any thread. Runs ask `takes`;
    any thread may call the rest.

    Parameters
    ----------
    name
        Name of the session in messages.
    by
        The sender of the order, as messages say it.
    keeps
        True if variables keep their values where a run is cut.
    is_entered
        True if a cell or ``with`` block is in the session; else the order lapses after `Settings.order_lasts`.
    """

    def __init__(self, name: str, by: str, *, keeps: bool, is_entered: bool) -> None:
        self.name = name
        self.by = by
        self.stop: Stop | None = None
        """The stop that cuts its runs, once that is decided."""
        self.decided = threading.Event()
        """Set when every run has ended by itself, or is being cut."""
        self.is_answered = False
        """True once its sender was told that it waits."""
        self.runs: dict[int, Run] = {}
        """The runs that are waited for, as `RunTable.in_flight` has them; empty once that is decided."""
        self._number = 0
        """The number of runs that were in flight."""
        self._keeps = keeps
        self._until = None if is_entered else time.perf_counter() + settings.order_lasts
        self._is_entered = is_entered
        self._holds_in_main = _whether_the_main_thread_is_meant(is_entered=is_entered)
        """Says whether it stops a run that begins in the main thread, where none was in flight."""
        self._next: dict[int | None, Callable[[], bool]] = {}
        """Threads whose next run is stopped, with what says whether the order still holds; None stands for any."""

    def begin(self, meter: RunMeter) -> None:
        """Take effect: from here on a run that begins sees the order, or is in flight for it."""
        follower: threading.Thread | None = None
        try:
            before = {run.thread for run in _under_way(meter).values()}
            self._next = {thread: _whether_it_goes_on(thread) for thread in before} or {None: lambda: True}
            meter.ordered = self
            self.runs = _under_way(meter)
            for thread in {run.thread for run in self.runs.values()} - before if before else ():
                self._next[thread] = _whether_it_goes_on(thread)
            self._number = len(self.runs)
            if self.runs:
                follower = threading.Thread(target=self._follow, args=(meter,), name="tfsess_magics order", daemon=True)
                follower.start()
            else:
                self.decided.set()
            meter.changed()
        except BaseException:
            if follower is None or not follower.is_alive():  # it is not given, and nothing is to wait for it
                self.drop()
            raise

    def takes(self, thread: int) -> bool:
        """Say whether it stops the run that begins in `thread`; of several that begin at once it takes one."""
        keys = (thread, None) if thread != MAIN_THREAD or self._holds_in_main() else (thread,)
        if self.is_over or self._next.keys().isdisjoint(keys) or thread in queue_runners():
            return False
        taken = [self._next.pop(key, None) for key in keys]
        return any(holds is not None and holds() for holds in taken)

    @property
    def is_over(self) -> bool:
        """True once it stops no run any more."""
        is_late = self._until is not None and time.perf_counter() >= self._until
        return self.decided.is_set() and (not self._next or is_late)

    @property
    def waits(self) -> bool:
        """True while it waits for a run to end by itself."""
        return not self.decided.is_set()

    def drop(self) -> None:
        """Cut and stop nothing from now on."""
        self._next.clear()
        self.decided.set()

    def forget_next(self) -> None:
        """Stop no run that has not begun."""
        self._next.clear()

    def reply(self, meter: RunMeter) -> StopReply:
        """Return the progress of the order, for one whose runs are not being cut."""
        lasts = f"within {settings.order_lasts:.0f} s"
        within = "" if self._is_entered else f", {lasts},"
        if self.waits:
            return StopReply(False, f"{self.name} stops when it can. {self.say_run(meter)}")
        if not self._number and not self._is_entered and not self._holds_in_main():
            said = f"nothing runs in {self.name}, and there is nothing to stop"
            return StopReply(True, f"{said}. If another thread begins a run in it {lasts}, the order stops that")
        if not self._number:
            said = f"{self.name} has no run under way; the order stops its next one{within} before it begins"
            return StopReply(True, said)
        ended = f"{self.name}: {count(self._number, 'run')} ended as usual, and nothing was lost"
        return StopReply(
            True, f"{ended}. The order stops the next one{within} before it begins" if self._next else ended
        )

    def say_run(self, meter: RunMeter) -> str:
        """Say for which run it waits, and how that can be cut; empty if all have ended."""
        under_way = meter.table.under_way()
        for token, run in self.runs.items():
            if token in under_way:
                goes_on = say_run(self.name, run, "")
                name = self.name.removeprefix("session ").strip("'")
                takes = say_what_a_cut_takes(meter, run.step)
                return f"{goes_on[0].upper()}{goes_on[1:]}. Stop now ({_STOP.format(name)}) ends it at once. {takes}"
        return ""

    def _follow(self, meter: RunMeter) -> None:
        try:
            self._decide(meter)
        except Exception:  # noqa: BLE001 - the order is given, and its runs go on
            _log.exception("%s could not be stopped", self.name)
        finally:
            if self._until is not None:
                self._until = time.perf_counter() + settings.order_lasts
            self.decided.set()
            self.runs = {}
            meter.changed()
        if self.stop is not None and wait(self.stop) and self.is_answered:
            refusal = self.stop.refusal
            if refusal is not None and not isinstance(refusal, RunsEndedError):
                _log.warning("%s", refusal)

    def _decide(self, meter: RunMeter) -> None:
        rules = {token: CutRule(meter, token) for token in self.runs}
        while self.waits and (left := meter.table.under_way().keys() & rules.keys()):
            for token in sorted(left):
                verdict = rules[token].verdict()
                if verdict.may_cut and self._cut(meter, token, verdict.waits_on):
                    return
            time.sleep(LOOK_EVERY)

    def _cut(self, meter: RunMeter, token: int, waits_on: str) -> bool:
        stop = Stop(self.name, self.by, keeps=self._keeps)
        stop.only_with, stop.waited_for = token, waits_on
        following, self._next = self._next, {}
        stop.when_runs_ended = functools.partial(self._next.update, following)
        if not begin(meter, stop):
            self._next.update(following)
            return False
        self.stop = stop
        return True


def _whether_it_goes_on(thread: int) -> Callable[[], bool]:
    """Return what says whether a thread is still the same, by its `threading.get_ident`, and in the same cell."""
    before, is_in_cell = _thread(thread), running_cell(thread).is_running
    return lambda: _thread(thread) is before and is_in_cell()


def _whether_the_main_thread_is_meant(*, is_entered: bool) -> Callable[[], bool]:
    """Return what says, of an order of this thread for a next run, whether that may be one of the main thread."""
    if MAIN_THREAD is None or (get_ident() == MAIN_THREAD and not is_entered):
        return lambda: False
    return running_cell(MAIN_THREAD).is_running


def _thread(ident: int) -> threading.Thread | None:
    return next((thread for thread in threading.enumerate() if thread.ident == ident), None)


def _under_way(meter: RunMeter) -> dict[int, Run]:
    """Return the runs in flight by their tokens, without those of queue-runner threads."""
    runners = queue_runners()
    return {token: run for token, run in meter.table.under_way().items() if run.thread not in runners}
