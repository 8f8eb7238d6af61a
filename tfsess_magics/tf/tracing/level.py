"""The level at which TensorFlow traces a run.

The problem: a level above ``SOFTWARE_TRACE`` starts a profiler of devices, of which a process has one. While code
profiles (``tf.profiler``) or traces another run, TensorFlow carries the run out and then raises
``AlreadyExistsError`` in place of its values.

What is done: only GPUs have something to tell to that profiler. So a run in this process gets it where there is a
GPU and the profiler is free, and a lock keeps it to one traced run at a time. A server traces with its own.

What can still fail: code that begins to profile in the middle of a traced run on a GPU gets that error.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from tfsess_magics.tf.internals import find

_profiling = threading.Lock()
"""Held by the traced run that has the profiler of devices."""


@contextmanager
def trace_level(*, is_local: bool) -> Iterator[int]:
    """Give the level for a run, in this process or on a server, which has to end before the block does."""
    options = tf.compat.v1.RunOptions
    if not is_local:
        yield options.FULL_TRACE
    elif not tf.config.get_visible_devices("GPU") or find("profiler.profiler_v2:_profiler") is not None:
        yield options.SOFTWARE_TRACE
    elif _profiling.acquire(blocking=False):
        try:
            yield options.FULL_TRACE
        finally:
            _profiling.release()
    else:
        yield options.SOFTWARE_TRACE
