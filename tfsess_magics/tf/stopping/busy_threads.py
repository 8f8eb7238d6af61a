"""Threads that compute, or would if they got a processor."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

_TASKS = Path("/proc/self/task")
_BUSY = "RD"
"""States of a thread that runs or can run, and of one that waits for a disk (proc(5), ``/proc/pid/stat``)."""


def has_busy_threads() -> bool:
    """Say whether a thread of this process, other than this one, is busy; False where the system does not tell.

    The processor time of a process that has to share its processors with many others may be next to nothing, while its
    threads are busy.
    """
    own = threading.get_native_id()
    with suppress(OSError):  # it is no Linux
        return any(_state(task) in _BUSY for task in _TASKS.iterdir() if int(task.name) != own)
    return False


def _state(task: Path) -> str:
    try:
        stat = (task / "stat").read_text("ascii", "replace")
    except OSError:  # it has ended
        return "X"
    return stat.rpartition(")")[2].split()[0]
