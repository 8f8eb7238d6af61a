"""The one way for a test to know that a run has entered TensorFlow's runtime.

The problem: a run is in flight from the first line of its wrapper on. An interrupt raises `KeyboardInterrupt` there at
once. Inside the runtime Python only notes it, and that is what most tests of stops are about.

What does not work: an operation that tells, as it changes the step, and with it what may be cut. Nor does the runtime
say anything of a step that is under way.

What is done: the innermost frame of the run's thread is that of the method that the extension wraps. Such a method does
little more than call into the runtime. It has passed the line where it begins, and two looks find it at the same place.
Between two looks a thread that only waits for Python's lock gets it.

What can still fail: a run that has just ended in the runtime looks the same until its thread has Python's lock again.

Kernels of tests get the text of this module (`tests/kernel/train.py`), so it imports nothing of the tests.
"""

import inspect
import time
from collections.abc import Iterator
from typing import Any

from tfsess_magics.core.frames import current_frames

_LOOK_EVERY = 0.001
"""Seconds between two looks."""


def wait_for_runs(session: Any, runs: int = 1) -> None:
    """Return once so many runs of a session of the extension are in the runtime."""
    before: set[object] = set()
    while len(before & (now := set(_entered(session.watched.meter)))) < runs:
        before = now
        time.sleep(_LOOK_EVERY)


def _entered(meter: Any) -> Iterator[object]:
    """Yield each run that seems to be in the runtime, with the place in the method that has called it."""
    from tensorflow.python.client.session import BaseSession

    entries = BaseSession._call_tf_sessionrun, BaseSession._call_tf_sessionprun, BaseSession._Callable.__call__
    codes = [inspect.unwrap(entry).__code__ for entry in entries]
    runs, frames = list(meter.table.in_flight.values()), current_frames()
    for run in runs:
        frame = frames.get(run.thread)
        if frame is not None and frame.f_code in codes and (frame.f_lineno or 0) > frame.f_code.co_firstlineno:
            yield run.token, frame.f_lasti
