"""Counts and times the runs of one TensorFlow session."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import get_ident
from typing import Any

from tfsess_magics.core.calls import Calls
from tfsess_magics.core.memory import RunMemory
from tfsess_magics.core.model import RunInfo

RECENT = 100
"""Runs that are remembered."""

Needed = tuple[bool, Sequence[tuple[str, int]]]
"""What a run needed: whether another one overlapped, and by device the bytes of the peak above the level before."""
NOT_MEASURED: Needed = (False, ())

_Ended = tuple[float, float, float, str | None, Needed, Any]
"""A run: `time.time` and `time.perf_counter` at its start, the latter at its end, its error, what it needed, and its
fetches and feeds, as `steps` of the TensorFlow side gives them."""


def _record(run: _Ended) -> RunInfo:
    started, began, ended, error, (is_shared, needed), _ = run
    memory = tuple(RunMemory(device=device, nbytes=nbytes) for device, nbytes in needed)
    return RunInfo(started=started, duration=ended - began, error=error, memory=memory, is_shared=is_shared)


class RunMeter:
    """What is known of the runs of one TensorFlow session.

    Written by every thread that runs it, read by any. No lock: runs may be started from ``__del__`` inside the
    garbage collector, where a lock could be held by the very thread that waits for it. Each thread writes its own
    count, and every other write is a single atomic store.

    Parameters
    ----------
    changed
        Called whenever a run starts or ends; may take no lock either.
    """

    tokens = itertools.count()
    """What runs are known by; of all sessions of the process."""

    steps: Calls | None = None
    """Those that runs are in as long as they last; None where that is not known."""
    uses: Calls | None = None
    """Those in which threads are in a session without a run."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.changed = changed
        self.in_flight: dict[int, tuple[float, float, int, Any]] = {}
        """Runs under way by their tokens, each as `time.time` and `time.perf_counter` at its start, its thread, and the
        arguments of its step.
        What ends one takes it out: the run itself, or its stop. See `under_way`."""
        self.claimed: dict[int, tuple[Any, ...]] = {}
        """Those that somebody stops, with the stop: each waits for it before it ends."""
        self.stop: Any = None
        """The stop that a new run has to wait for; written by the one who holds `stopping`."""
        self.ordered: Any = None
        """The stop that was ordered for the next run."""
        self.in_use: dict[int, None] = {}
        """Threads that are in the session for a moment, without a run; see `users`."""
        self.stopping = threading.Lock()
        """Held by the one who stops."""
        self.watched: Callable[[], Any] = lambda: None
        """Returns what is known of the session."""
        self.is_local = True
        """Whether its runs are in this process, and can be measured here."""
        self.timeout: float | None = None
        """Seconds that each run may take, where the session was opened with such a limit."""
        self.tracer: Any = None
        """What traces the next run, where there is such an order."""
        self.keeps = True
        """Whether a stop keeps the values of variables."""
        self.unnoted_callables: int | None = 0
        """Callables that were made unseen have numbers below this one; None: that is not known."""
        self.gone_callables = 0
        """Those with numbers below this one went with a C session."""
        self._ended: dict[int, int] = {}
        self._recent: deque[_Ended] = deque(maxlen=RECENT)
        self._largest: dict[int, tuple[int, _Ended]] = {}
        """The largest peak that a run of each thread has had on a device, in bytes, and the run."""
        self.last_error: str | None = None
        self.has_succeeded = False
        """Whether a run has ended without an error."""
        self.version = 0
        """Version of the graph that TensorFlow's runtime has certainly seen."""
        self.abandoned: Callable[[int], object] = lambda _: None
        """Called with the token of a run that `heal` takes out."""

    def heal(self) -> None:
        """Take out the runs that their threads have left without a word.

        Exceptions that signal handlers raise in quick succession can keep a run from being taken out as it ends. Its
        thread is not in the call any more then, or in fewer calls than it has runs noted: the older ones are gone.

        A reader of the record pays for that look at the frames, a run does not: 20 threads take about 0.02 ms. A run
        that a thread has left in another session goes when the thread's present run ends.
        """
        noted = {**dict(list(self.in_flight.items())), **dict(list(self.claimed.items()))}
        if not noted or self.steps is None:
            return
        calls = self.steps.by_thread()  # after the runs were read: what began since is not among them
        for token, (_, _, thread, *_) in sorted(noted.items(), reverse=True):
            calls[thread] -= 1
            if calls[thread] < 0:
                self.in_flight.pop(token, None)
                if (claim := self.claimed.pop(token, None)) is not None:
                    claim[-1].out.discard(token)
                self.abandoned(token)

    def under_way(self) -> dict[int, tuple[float, float, int, Any]]:
        """Return the runs in flight by their tokens, as they are now."""
        self.heal()
        return dict(list(self.in_flight.items()))

    @property
    def users(self) -> set[int]:
        """Threads that are in the session for a moment, without a run; not those that have left without a word."""
        noted = set(self.in_use)
        if not noted or self.uses is None:
            return noted
        calls = self.uses.by_thread()
        return {thread for thread in noted if calls[thread]}

    def ended(
        self,
        started: tuple[Any, ...],
        error: str | None = None,
        needed: Needed = NOT_MEASURED,
        fetches: Any = None,
    ) -> None:
        """Note that a run that was taken out of `in_flight` has ended, with a description of its error.

        Parameters
        ----------
        fetches
            Its fetches and feeds, in whatever form they are compared later.
        """
        thread = get_ident()
        self._ended[thread] = self._ended.get(thread, 0) + 1
        last = started[0], started[1], time.perf_counter(), error, needed, fetches
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
        return None if last is None else _record(last)

    @property
    def _last(self) -> _Ended | None:
        try:
            return self._recent[-1]
        except IndexError:
            return None

    @property
    def largest_run(self) -> RunInfo | None:
        """The run that needed most memory, None where none was measured."""
        _, largest = max(list(self._largest.values()), key=lambda of: of[0], default=(0, None))
        return None if largest is None else _record(largest)

    @property
    def recent_runs(self) -> tuple[RunInfo, ...]:
        """The runs that ended last, `RECENT` at most, oldest first."""
        return tuple(_record(ended) for ended in self._recent.copy())

    @property
    def durations(self) -> list[tuple[Any, float]]:
        """Fetches and feeds, and seconds, of the recent runs that ended without an error, oldest first."""
        return [(run[5], run[2] - run[1]) for run in self._recent.copy() if run[3] is None]

    @property
    def quiet_since(self) -> float | None:
        """End of the run that ended last, by `time.perf_counter`; None if there was none."""
        last = self._last
        return last[2] if last else None

    @property
    def running_since(self) -> float | None:
        """Start of the oldest run that is under way, in seconds since the epoch; None if there is none."""
        self.heal()
        under_way = [*list(self.in_flight.values()), *list(self.claimed.values())]
        return min((started for started, *_ in under_way), default=None)
