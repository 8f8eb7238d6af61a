"""The state of a run that waits instead of computing, or that cannot be stopped.

TensorFlow says nothing of a step in flight. So a run counts as waiting when the whole process does next to
nothing meanwhile. Its graph tells for which operation. No thread looks at it: a list or the panel asks as it is
drawn, and `Waiting.due` says when to ask again.

While something else in the process computes, or a GPU does, nothing tells whether a run waits. The extension looks in
this process for code that could end the wait: in the same session, and in others on the same server. Those share its
queues and locks. It does not see other processes at that server.
"""

from __future__ import annotations

import logging
import time

from tfsess_magics.core.protocol import RunMark, Waits
from tfsess_magics.core.run import Run
from tfsess_magics.core.runs import RunMeter, StopUnderWay
from tfsess_magics.core.settings import settings
from tfsess_magics.tf.runs.blocked_on import waits
from tfsess_magics.tf.runs.concurrent import concurrent_runs

_log = logging.getLogger(__name__)

_IDLE = 0.1
"""Part of a core up to which the process is taken to do nothing."""


class Waiting:
    """Looks at the oldest run of one session, when it is asked; any thread may call it.

    That a run does not compute is known where the whole process does next to nothing meanwhile.
    """

    def __init__(self, meter: RunMeter) -> None:
        self._meter = meter
        self._looked: tuple[int, float, float] | None = None
        """The run that was looked at, and `time.perf_counter` and `time.process_time` then."""
        self._found: tuple[int, Waits | None] = -1, None
        """The run, and the operations that it waits for."""

    @property
    def due(self) -> float | None:
        """Seconds until it is worth another look, None when no run is in flight."""
        now = time.perf_counter()
        stop = self._meter.stop
        if stop is not None:
            remaining = stop.asked + settings.stuck_after - now
            return remaining if remaining > 0 else settings.looks_again
        token, run = self._oldest()
        if run is None:
            return None
        if self._looked is None or self._looked[0] != token:
            return max(0.01, run.began + settings.waits_after - now)
        wait = settings.looks_again if self._found[0] == token else settings.looks_for
        return max(0.01, self._looked[1] + wait - now)

    def mark(self) -> RunMark | None:
        """Return what the run waits for, or why a stop has not ended it; None while it computes."""
        try:
            stop = self._meter.stop
            return self._waits() if stop is None else self._stuck(stop)
        except Exception:  # noqa: BLE001 - a list is to be shown
            _log.debug("what a run waits for could not be found out", exc_info=True)
            return None

    def _oldest(self) -> tuple[int, Run | None]:
        runs = self._meter.table.under_way()
        token = min(runs, default=-1)
        return token, runs.get(token)

    def _stuck(self, stop: StopUnderWay) -> RunMark | None:
        if time.perf_counter() - stop.asked < settings.stuck_after:
            return None
        return stop.why_not_yet(self._meter)

    def _waits(self) -> Waits | None:
        token, run = self._oldest()
        now, used = time.perf_counter(), time.process_time()
        if run is None or now - run.began < settings.waits_after:
            return None
        if self._looked is None or self._looked[0] != token:
            self._looked = token, now, used
            return None
        since, before = self._looked[1:]
        if now - since >= settings.looks_for:
            is_idle = (used - before) / (now - since) < _IDLE
            self._looked = token, now, used
            self._found = token, self._look_into(run) if is_idle else None
        return self._found[1] if self._found[0] == token else None

    def _look_into(self, run: Run) -> Waits:
        return waits(self._meter.session, run.step, None, concurrent_runs(self._meter, run.step))
