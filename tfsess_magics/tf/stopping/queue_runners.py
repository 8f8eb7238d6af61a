"""Queue-runner threads of TensorFlow (``start_queue_runners``)."""

from __future__ import annotations

import threading
from collections.abc import Collection
from threading import get_ident

from tfsess_magics.core.errors import QueueRunnerStoppedError

_RUNNER = "QueueRunnerThread"
"""Begin of the names of such threads (training/queue_runner_impl.py)."""


def queue_runners() -> dict[int, str]:
    """Return the names of the living queue-runner threads by their `threading.get_ident`."""
    return {thread.ident: thread.name for thread in threading.enumerate() if thread.ident and _RUNNER in thread.name}


def count_queue_runners(threads: Collection[int]) -> int:
    """Return how many of the `threads` are queue-runner threads."""
    return len(queue_runners().keys() & set(threads))


def for_queue_runner(error: BaseException) -> BaseException:
    """Return what to raise in place of `error`, which ends a run of this thread.

    TensorFlow's queue runners tell their coordinator of an `Exception` only (training/queue_runner_impl.py, ``_run``):
    after a `KeyboardInterrupt` the coordinator would never ask the other threads to stop.
    """
    is_runner = not isinstance(error, Exception) and get_ident() in queue_runners()
    return QueueRunnerStoppedError(str(error)) if is_runner else error
