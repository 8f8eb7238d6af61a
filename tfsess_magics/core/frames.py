"""The frames of all threads, looked at without holding one of them up.

The problem: in Python 3.11 `sys._current_frames` makes objects while it has the lock of the list of threads. Python
may collect garbage then. A finalizer may give Python's own lock to a thread that begins or ends, which waits for the
list of threads. From then on the whole process waits (https://github.com/python/cpython/issues/106883). From 3.12 on
Python collects between two steps of a program only.

What is done: the collector is off for that moment. Python calls the three functions in one step, so neither an
interrupt nor another thread comes between them.
"""

from __future__ import annotations

import gc
import operator
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, cast


def current_frames() -> dict[int, FrameType]:
    """Return the innermost frame of each thread, by its `threading.get_ident`."""
    if sys.version_info >= (3, 12) or not gc.isenabled():
        return sys._current_frames()
    in_one_step: tuple[Callable[[], Any], ...] = (gc.disable, sys._current_frames, gc.enable)
    # No local variable has the result: this frame is in it, and would keep what every thread has in hand.
    return cast("dict[int, FrameType]", tuple(map(operator.call, in_one_step))[1])
