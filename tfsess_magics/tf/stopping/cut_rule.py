"""The rule by which the extension may cut a run without a second word from the user.

A cut closes TensorFlow's session: iterators, tables and queues go with it, and a step may be half done. So the rule
leaves a run alone that ends by itself, as plain TensorFlow does. It cuts a run that is known to wait, or that has
taken far longer than runs like it.

TensorFlow tells neither, so the rule looks from outside. A run waits where an operation that it needs can wait and
the process has used next to no processor time. On a busy machine the process hardly runs, so the states of its
threads count as well (`has_busy_threads`). A run is too old by the durations of recent runs with the same fetches,
feeds and shapes (`names_of`). The first of those does not count, as it prepares the step.

The rule never takes a step for waiting that needs an input pipeline or a Python function (`can_wait`). The same holds
for a step that takes from a queue which another run fills. Nor does the rule know waiting on a server, as this
process cannot see what a server does. Any other run, such as an endless loop, takes a second word.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any, NamedTuple

from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf.runs.blocked_on import awaited, can_wait
from tfsess_magics.tf.runs.callables import fetches_of, names_of
from tfsess_magics.tf.runs.concurrent import concurrent_runs
from tfsess_magics.tf.stopping.busy_threads import has_busy_threads

LOOK_EVERY = 0.01
"""Seconds between two looks at a run."""
_IDLE_FOR = 0.3
"""Seconds for which the process has to be idle."""
_GAP = 0.1
"""Seconds between two looks from which on nothing is known: this process was stopped, or hardly ran."""
_IDLE = 0.1
"""Part of a core up to which the process is taken to be idle."""
_TIMES = 3
"""The multiple of the longest run like it that a run has to take."""
_AT_LEAST = 0.25
"""Seconds that it has to take in any case."""


class Verdict(NamedTuple):
    """The answer of the rule at one look at a run."""

    may_cut: bool
    """True where the run may be cut without a second word: it is known to wait, or has taken too long."""
    waits_on: str
    """The operation that the run waits for, as messages call it; empty where it is not known to wait."""


class CutRule:
    """The rule for one run in flight; used by one thread, which looks every few milliseconds.

    Parameters
    ----------
    meter
        Counts the runs of its session.
    token
        The run.
    """

    def __init__(self, meter: RunMeter, token: int) -> None:
        self._meter = meter
        self._run = meter.table.in_flight.get(token)
        self.limit = self._find_limit()
        """Seconds from which on it is older than it should be; None where no run like it is known."""
        self._looks: deque[tuple[float, float]] = deque()
        """`time.perf_counter` and `time.process_time` of recent looks."""
        self._waits_on: str | None = None
        """The operations that it waits for, empty if nothing it needs can wait; None before they were looked up."""

    def verdict(self) -> Verdict:
        """Look at the run once more; what is idle at one look may be busy at the next, so this looks once only."""
        if self._run is None:
            return Verdict(may_cut=False, waits_on="")
        now = time.perf_counter()
        if self._looks and now - self._looks[-1][0] > _GAP:
            self._looks.clear()
        self._looks.append((now, time.process_time()))
        waits_on = self._find_wait(self._run.step) if self._is_idle() else ""
        is_too_old = self.limit is not None and now - self._run.began > self.limit
        return Verdict(is_too_old or waits_on != "", waits_on)

    def _find_wait(self, step: Any) -> str:
        if self._waits_on is None:
            session = self._meter.session
            self._waits_on = ""
            others = concurrent_runs(self._meter, step)
            if can_wait(session, step, others):
                self._waits_on = awaited(session, step, None, others) or "an operation in a function"
        return self._waits_on

    def _find_limit(self) -> float | None:
        if self._run is None:
            return None
        wanted = names_of(fetches_of(self._run.step))
        like = [seconds for fetches, seconds in self._meter.durations if names_of(fetches) == wanted]
        # The first run of a step prepares it, and takes longer.
        return max(_TIMES * max(like[1:]), _AT_LEAST) if like[1:] else None

    def _is_idle(self) -> bool:
        """Say whether the process has been idle; what a server does in another process is not known."""
        if not self._meter.is_local:
            return False
        now, used = self._looks[-1]
        while len(self._looks) > 2 and now - self._looks[1][0] >= _IDLE_FOR:
            self._looks.popleft()
        since, before = self._looks[0]
        is_idle = now - since >= _IDLE_FOR and (used - before) < _IDLE * (now - since)
        return is_idle and not has_busy_threads()
