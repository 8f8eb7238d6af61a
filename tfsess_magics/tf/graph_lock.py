"""Opens the lock of a graph that an interrupt has left closed.

Each new operation takes it, and each run (``Graph._mutation_lock``, ``Graph._session_run_lock``), by lines of Python
(util/lock_util.py): of a hundred interrupts that come while a graph is built or run, one or two come between such lines
and leave it closed. What comes next in that graph would wait for ever.
"""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from tensorflow.python.util.lock_util import GroupLock

from tfsess_magics.tf.hooks import hooks

_TAKE = frozenset({"_mutation_lock", "_session_run_lock"})
"""What a function names that takes the lock."""
_FILE = GroupLock.acquire.__code__.co_filename
_LOOKS = 3
"""How often in a row nobody has to be inside."""
_POLL = 0.0001
_LONGEST_POLL = 0.01
"""Seconds between two looks, at first and at last."""

_opening = threading.RLock()
"""Held by the one who opens a lock."""


def around_acquire(original: Callable[[GroupLock, int], None]) -> Callable[[GroupLock, int], None]:
    """Wrap what takes the lock for a group."""

    @functools.wraps(original)
    def acquire(self: GroupLock, group_id: int) -> None:
        counts = self._group_member_counts
        if (self._ready._lock.locked() or sum(counts) != counts[group_id]) and hooks.made:
            _wait(self, group_id)
        return original(self, group_id)

    return acquire


def around_release(original: Callable[[GroupLock, int], None]) -> Callable[[GroupLock, int], None]:
    """Wrap what gives it back."""

    @functools.wraps(original)
    def release(self: GroupLock, group_id: int) -> None:
        if self._ready._lock.locked() and hooks.made:
            _wait(self, None)
        return original(self, group_id)

    return release


def _wait(lock: GroupLock, group: int | None) -> None:
    """Wait until a lock can be taken for a group, or given back; open it where nobody else will."""
    looks, poll = 0, _POLL
    while (is_locked := lock._ready._lock.locked()) or _has_others(lock, group):
        looks = 0 if _is_in_use(is_taken=not is_locked) else looks + 1
        if looks >= _LOOKS:
            _open(lock, group)
            return
        time.sleep(poll)
        poll = min(2 * poll, _LONGEST_POLL)


def _has_others(lock: GroupLock, group: int | None) -> bool:
    counts = lock._group_member_counts
    return group is not None and sum(counts) != counts[group]


def _open(lock: GroupLock, group: int | None) -> None:
    with _opening:
        if not _is_in_use() and lock._ready._lock.locked():
            lock._ready._lock.release()
        with lock._ready._lock:
            if not _is_in_use(is_taken=True) and _has_others(lock, group):
                counts = lock._group_member_counts
                counts[:] = [count if of == group else 0 for of, count in enumerate(counts)]
                lock._ready.notify_all()


def _is_in_use(*, is_taken: bool = False) -> bool:
    """Say whether a thread is in the lines that change such a lock or, `is_taken`, between taking and giving back.

    Whichever graph's it is: that is not known of a frame.
    """
    return any(_uses(frame, is_taken=is_taken) for frame in sys._current_frames().values())


def _uses(frame: FrameType | None, *, is_taken: bool) -> bool:
    called = ""
    while frame is not None:
        code = frame.f_code
        if code.co_filename == _FILE and code.co_name in ("acquire", "release"):
            return True
        if is_taken and called != "__enter__" and not _TAKE.isdisjoint(code.co_names):
            return True
        called, frame = code.co_name, frame.f_back
    return False
