"""The runs of one TensorFlow session that are in flight, and the stops that have claimed some of them.

The problem: a run and a stop may end the same run in the same moment, and one of them only may do so. An exception of
a signal handler may come between any two lines, and ``__del__`` may start a run inside the garbage collector.

What does not work: a lock. The very thread that waits for it could hold it, and an interrupt could leave it closed.

What is done: every change is one atomic store into a dict, or one pop. A run belongs to the one that pops it out of
`RunTable.in_flight`. `RunTable.claim` notes the claim before it pops the run, and `RunTable.release` puts the run
back before it drops the claim. So a run that a reader does not find in flight is claimed, or has ended.

What can still fail: exceptions in quick succession can keep a run from taking itself out. `RunTable.heal` does that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from tfsess_magics.core.calls import Calls
from tfsess_magics.core.run import Run


class RunStop(Protocol):
    """A stop, as the runs see it that it has claimed."""

    done: threading.Event
    """Set when the session can be used again, or nothing was done."""
    out: set[int]
    """The tokens of the claimed runs that have not come back to Python."""
    runs: int
    """The number of runs that it has claimed."""
    waited_for: str
    """The operation that its run was waiting for, as messages call it."""
    refusal: BaseException | None
    """The reason why nothing was done."""

    def error(self, token: int, since: float, thread: int) -> BaseException:
        """Return what a run raises that began at `since`, by `time.perf_counter`."""


class Claim(NamedTuple):
    """A run that a stop ends, and which waits for that stop before it ends."""

    run: Run
    stop: RunStop


class RunTable:
    """The runs of one session that are in flight; any thread may call it."""

    steps: Calls | None = None
    """Those that runs are in as long as they last; None where that is not known."""

    def __init__(self) -> None:
        self.in_flight: dict[int, Run] = {}
        """Runs that nothing has ended yet, by their tokens."""
        self.claimed: dict[int, Claim] = {}
        """Runs that a stop ends, by their tokens."""
        self.abandoned: Callable[[int], object] = lambda _: None
        """Called with the token of a run that `heal` takes out."""

    def begin(self, token: int, step: Any) -> None:
        """Note that a run begins in this thread."""
        self.in_flight[token] = Run(token, step)

    def end(self, token: int) -> Run | None:
        """Take out a run that ends by itself; None if a stop has claimed it."""
        return self.in_flight.pop(token, None)

    def claim(self, run: Run, stop: RunStop) -> bool:
        """Take a run out of flight for a stop; False if it has ended by itself."""
        stop.out.add(run.token)
        self.claimed[run.token] = Claim(run, stop)
        if self.in_flight.pop(run.token, None) is None:
            self.claimed.pop(run.token, None)
            stop.out.discard(run.token)
            return False
        stop.runs += 1
        return True

    def release(self, stop: RunStop) -> None:
        """Put back in flight what a stop has claimed, to end by itself."""
        for token, claim in list(self.claimed.items()):
            if claim.stop is stop:
                self.in_flight[token] = claim.run
                self.claimed.pop(token)

    def end_claimed(self, token: int) -> None:
        """Take out a run that its stop has ended."""
        self.claimed.pop(token, None)

    def heal(self) -> None:
        """Take out the runs that their threads have left without a word.

        Exceptions that signal handlers raise in quick succession can keep a run from being taken out as it ends. Its
        thread is not in the call any more then, or in fewer calls than it has runs noted: the older ones are gone.

        A reader of the record pays for that look at the frames, a run does not: 20 threads take about 0.02 ms. A run
        that a thread has left in another session goes when the thread's present run ends.
        """
        noted = self._noted()
        if not noted or self.steps is None:
            return
        calls = self.steps.by_thread()  # after the runs were read: what began since is not among them
        for token, run in sorted(noted.items(), reverse=True):
            calls[run.thread] -= 1
            if calls[run.thread] < 0:
                self.in_flight.pop(token, None)
                if (claim := self.claimed.pop(token, None)) is not None:
                    claim.stop.out.discard(token)
                self.abandoned(token)

    def under_way(self) -> dict[int, Run]:
        """Return the runs in flight by their tokens, as they are now."""
        self.heal()
        return dict(list(self.in_flight.items()))

    def with_claimed(self) -> list[Run]:
        """Return the runs in flight and those that a stop ends, as they are now."""
        self.heal()
        return list(self._noted().values())

    @property
    def running_since(self) -> float | None:
        """Start of the oldest run in flight, in seconds since the epoch; None if there is none."""
        return min((run.started for run in self.with_claimed()), default=None)

    def _noted(self) -> dict[int, Run]:
        in_flight = dict(list(self.in_flight.items()))  # before the claims: a run that is claimed meanwhile is in both
        return in_flight | {token: claim.run for token, claim in list(self.claimed.items())}
