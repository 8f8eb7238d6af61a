"""Opens the lock of a graph that an interrupt has left closed.

The problem: each run and each new operation takes the lock (``Graph._mutation_lock``, ``Graph._session_run_lock``) by
lines of Python (util/lock_util.py). An interrupt between such lines leaves it closed, and the next call waits for
ever. In plain TensorFlow 122 of 10,000 interrupts of a tight loop of runs did so, and 13 of 700 while a graph was
built.

What does not work: to catch the exception that leaves a build takes a frame of this package among those that
operations remember. A look at the lock needs none: a closed lock remains closed.

What is done: a thread that finds the lock closed waits for it with a limit (`Settings.lock_patience`). Then it looks at
the frames of all threads. Where none is inside while the lock remains closed, it opens the lock. That costs about 1 us
a run. Where an interrupt cuts the thread that opens a lock, the next one takes over.

What can still fail: the frames do not tell in whose graph a thread is inside. So as long as any thread is inside of
any graph, no lock is opened.
"""

from __future__ import annotations

import dis
import functools
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import CodeType, FrameType
from typing import Any

from tfsess_magics.core.frames import current_frames
from tfsess_magics.core.settings import settings
from tfsess_magics.tf.instrument.hooks import hooks
from tfsess_magics.tf.internals import GRAPH_LOCK, find

GroupLock = find("util.lock_util:GroupLock")
_TAKE = frozenset({"_mutation_lock", "_session_run_lock"})
"""Names in the code of a function that takes the lock of a graph."""
_FILE = "" if GRAPH_LOCK.missing else GroupLock.acquire.__code__.co_filename
_ENTER = None if GRAPH_LOCK.missing else GroupLock._Context.__enter__.__code__
_WAIT = threading.Condition.wait.__code__
_LOOKS = 3
"""The number of looks in a row that must find no thread inside."""
_POLL = 0.0001
_LONGEST_POLL = 0.01
"""Seconds between two looks, at first and at last."""

_opening = [threading.Lock()]
"""Held by the thread that opens a lock; another lock takes its place where an interrupt has cut its holder."""


def around_acquire(original: Callable[[Any, int], None]) -> Callable[[Any, int], None]:
    """Wrap what takes the lock for a group."""

    @functools.wraps(original)
    def acquire(self: Any, group_id: int) -> None:
        try:
            others = any(self._group_member_counts) and self._another_group_active(group_id)
            if (others or self._ready._lock.locked()) and hooks.made:
                _wait(self, group_id, sys._getframe(1))
        except Exception:  # noqa: BLE001 - an error of ours is not the user's
            hooks.log_once("the lock of a graph could not be looked at")
        return original(self, group_id)

    return acquire


def around_release(original: Callable[[Any, int], None]) -> Callable[[Any, int], None]:
    """Wrap what gives it back."""

    @functools.wraps(original)
    def release(self: Any, group_id: int) -> None:
        try:
            if self._ready._lock.locked() and hooks.made:
                _wait(self, None, sys._getframe(1))
        except Exception:  # noqa: BLE001 - as above
            hooks.log_once("the lock of a graph could not be looked at")
        return original(self, group_id)

    return release


def _wait(lock: Any, group: int | None, caller: FrameType) -> None:
    """Wait until the lock of a graph can be taken for a group, or given back; open it where no other thread will."""
    taker = caller.f_back
    if caller.f_code.co_filename != _FILE or taker is None or _TAKE.isdisjoint(taker.f_code.co_names):
        return  # it is no graph's, or taken in a way that no frame tells of
    poll, until = _POLL, time.perf_counter() + settings.lock_patience
    while _is_closed(lock, group):
        if time.perf_counter() > until:
            _open_what_is_left(lock, group)
        # A thread that waits for the lock itself wakes when it is free.
        if lock._ready._lock.acquire(timeout=poll):
            lock._ready._lock.release()
            if _is_closed(lock, group):
                time.sleep(poll)
        poll = min(2 * poll, _LONGEST_POLL)


def _open_what_is_left(lock: Any, group: int | None) -> None:
    """Open a lock if it is closed while no thread is inside, and no other thread is about to."""
    opening = _opening[0]
    if not opening.acquire(blocking=False):
        if not _is_opened_elsewhere():
            fresh = threading.Lock()
            if _opening[0] is opening:
                _opening[0] = fresh
        return
    try:
        is_locked = lock._ready._lock.locked()
        if _is_left(lock, group, is_locked=is_locked):
            _open(lock, group, is_locked=is_locked)
    finally:
        opening.release()


def _is_opened_elsewhere() -> bool:
    """Say whether another thread is in the function above, as the holder of `_opening` is."""
    asking = threading.get_ident()
    frames = current_frames()
    try:
        return any(_is_in(frame, _open_what_is_left.__code__) for thread, frame in frames.items() if thread != asking)
    finally:
        frames.clear()  # as below


def _is_in(frame: FrameType | None, code: CodeType) -> bool:
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None


def _is_closed(lock: Any, group: int | None) -> bool:
    return lock._ready._lock.locked() or (group is not None and lock._another_group_active(group))


def _is_left(lock: Any, group: int | None, *, is_locked: bool) -> bool:
    """Say whether a lock remains closed, in the same way, while no thread is inside."""
    for _ in range(_LOOKS):
        if not _is_closed(lock, group) or lock._ready._lock.locked() != is_locked or _is_in_use(is_taken=not is_locked):
            return False
        time.sleep(_POLL)
    return True


def _open(lock: Any, group: int | None, *, is_locked: bool) -> None:
    if is_locked:
        with suppress(RuntimeError):
            lock._ready._lock.release()
    if lock._ready._lock.acquire(blocking=False):
        try:
            counts = lock._group_member_counts
            if group is not None and lock._another_group_active(group) and not _is_in_use(is_taken=True):
                counts[:] = [count if of == group else 0 for of, count in enumerate(counts)]
                lock._ready.notify_all()
        finally:
            lock._ready._lock.release()


def _is_in_use(*, is_taken: bool) -> bool:
    """Say whether a thread is in the lines that change such a lock or, `is_taken`, between taking and giving back.

    The one that asks has taken none: it would wait for itself in TensorFlow too. Nor has one that waits there.
    """
    asking = threading.get_ident()
    frames = current_frames()
    try:
        return any(_uses(frame, is_taken=is_taken and thread != asking) for thread, frame in frames.items())
    finally:
        frames.clear()  # this frame is one of them: they would keep what every thread has in hand


def _uses(frame: FrameType | None, *, is_taken: bool) -> bool:
    called: CodeType | None = None
    while frame is not None:
        code = frame.f_code
        waits = is_taken and called is _WAIT
        if code.co_filename == _FILE and code.co_name in ("acquire", "release") and not waits:
            return True
        takes = is_taken and called is not _ENTER and not _TAKE.isdisjoint(code.co_names)
        if takes and (frame.f_lineno or sys.maxsize) >= _takes_at(code):
            return True
        called, frame = code, frame.f_back
    return False


@functools.cache
def _takes_at(code: CodeType) -> int:
    """Return the line of a function that takes the lock."""
    taking = (step.positions for step in dis.get_instructions(code) if step.argval in _TAKE)
    return min(at.lineno for at in taking if at is not None and at.lineno is not None)
