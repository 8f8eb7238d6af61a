"""Counts and times the runs of one TensorFlow session."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from tfsess_magics.core.calls import Calls
from tfsess_magics.core.model import RunInfo
from tfsess_magics.core.protocol import RunMark
from tfsess_magics.core.run import NOT_MEASURED, EndedRun, Needed, Run
from tfsess_magics.core.run_table import RunStop, RunTable
from tfsess_magics.core.watched import WatchedSession

RECENT = 100
"""Runs that are remembered."""


class StopUnderWay(RunStop, Protocol):
    """A stop that a session's new runs wait for, and that lists tell of."""

    name: str
    """The name of the session in messages."""
    by: str | None
    """The sender of the order, as messages say it; None for an interrupt."""
    asked: float
    """The time of the order, by `time.perf_counter`."""
    thread: int | None
    """The one that carries it out."""

    def why_not_yet(self, meter: RunMeter) -> RunMark:
        """Return why it has not ended yet."""


class OrderedStop(Protocol):
    """An ordered stop: it waits for the runs in flight, and stops the next ones."""

    by: str
    """The sender of the order, as messages say it."""

    @property
    def waits(self) -> bool:
        """True while it waits for a run to end by itself."""

    @property
    def is_over(self) -> bool:
        """True once it stops no run any more."""

    def takes(self, thread: int) -> bool:
        """Say whether it stops the run that begins in `thread`."""

    def forget_next(self) -> None:
        """Stop no run that has not begun."""

    def say_run(self, meter: RunMeter) -> str:
        """Say for which run it waits; empty if all have ended."""


class RunTracer(Protocol):
    """Traces the next run."""

    def run(self, run: Callable[..., Any], session: Any, *step: Any, **named: Any) -> Any:
        """Call what makes the step so that it is traced."""

    def pass_by(self, method: str) -> None:
        """Note that a step was started which cannot be traced."""


class RunMeter:
    """The recorder of the runs of one TensorFlow session.

    Every thread that runs the session writes it, and any may read it. It has no lock: runs may start from ``__del__``
    inside the garbage collector, where the very thread that waits for a lock could hold it. Each thread writes its
    own count, and every other write is a single atomic store.

    Parameters
    ----------
    changed
        Called whenever a run starts or ends; may take no lock either.
    """

    uses: Calls | None = None
    """Those in which threads are in a session without a run."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.changed = changed
        self.table = RunTable()
        """The runs in flight."""
        self.stop: StopUnderWay | None = None
        """The stop that a new run has to wait for; the thread that holds `stopping` writes it."""
        self.ordered: OrderedStop | None = None
        """The ordered stop for the next run."""
        self.in_use: dict[int, None] = {}
        """Threads that are in the session for a moment, without a run; see `users`."""
        self.stopping = threading.Lock()
        """Held by the thread that stops the session."""
        self.watched: Callable[[], WatchedSession | None] = lambda: None
        """Returns the record of the session, None once that is gone."""
        self.is_local = True
        """True if its runs are in this process, and can be measured here."""
        self.timeout: float | None = None
        """Seconds that each run may take, where the session was opened with such a limit."""
        self.tracer: RunTracer | None = None
        """The tracer of the next run, where there is such an order."""
        self.keeps = True
        """True if a stop keeps the values of variables."""
        self.unnoted_callables: int | None = 0
        """Callables that were made unseen have numbers below this one; None: that is not known."""
        self.gone_callables = 0
        """Those with numbers below this one went with a C session."""
        self._ended: dict[int, int] = {}
        self._recent: deque[EndedRun] = deque(maxlen=RECENT)
        self._largest: dict[int, tuple[int, EndedRun]] = {}
        """The largest peak that a run of each thread has had on a device, in bytes, and the run."""
        self.last_error: str | None = None
        self.has_succeeded = False
        """True once a run has ended without an error."""
        self.version = 0
        """Version of the graph that TensorFlow's runtime has certainly seen."""

    @property
    def session(self) -> Any:
        """The session of TensorFlow, None when it is gone."""
        watched = self.watched()
        return None if watched is None else watched.session

    @property
    def users(self) -> set[int]:
        """Threads that are in the session for a moment, without a run; not those that have left without a word."""
        noted = set(self.in_use)
        if not noted or self.uses is None:
            return noted
        calls = self.uses.by_thread()
        return {thread for thread in noted if calls[thread]}

    def ended(self, run: Run, error: str | None = None, needed: Needed = NOT_MEASURED, fetches: Any = None) -> None:
        """Count a run that was taken out of the table, in its thread.

        Parameters
        ----------
        error
            A description of its error.
        fetches
            Its fetches and feeds, in whatever form they are compared later.
        """
        thread = run.thread
        try:
            self._ended[thread] += 1
        except KeyError:
            self._ended[thread] = 1
        last = EndedRun(run.started, run.began, error, needed, fetches)
        self._recent.append(last)
        for _, nbytes in needed[1]:
            if thread not in self._largest or nbytes > self._largest[thread][0]:
                self._largest[thread] = nbytes, last
        if error is not None:
            self.last_error = error
        else:
            self.has_succeeded = True
        self.changed()

    @property
    def runs(self) -> int:
        """Number of runs that have ended."""
        return sum(list(self._ended.values()))

    @property
    def last_run(self) -> RunInfo | None:
        """The run that ended last, None if there was none."""
        last = self._last
        return None if last is None else last.info()

    @property
    def _last(self) -> EndedRun | None:
        try:
            return self._recent[-1]
        except IndexError:
            return None

    @property
    def largest_run(self) -> RunInfo | None:
        """The run that needed most memory, None where none was measured."""
        _, largest = max(list(self._largest.values()), key=lambda of: of[0], default=(0, None))
        return None if largest is None else largest.info()

    @property
    def recent_runs(self) -> tuple[RunInfo, ...]:
        """The runs that ended last, `RECENT` at most, oldest first."""
        return tuple(ended.info() for ended in self._recent.copy())

    @property
    def durations(self) -> list[tuple[Any, float]]:
        """Fetches and feeds, and seconds, of the recent runs that ended without an error, oldest first."""
        return [(run.fetches, run.duration) for run in self._recent.copy() if run.error is None]

    @property
    def quiet_since(self) -> float | None:
        """End of the run that ended last, by `time.perf_counter`; None if there was none."""
        last = self._last
        return last.ended if last else None
