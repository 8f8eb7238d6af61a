"""Interrupts at every line."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def interrupted_at(line: int, act: Callable[[], object], files: tuple[str, ...]) -> int:
    """Do something, and raise `KeyboardInterrupt` in front of the n-th line in those files; return how many began.

    Nothing is collected meanwhile: what a finalizer raises is lost.
    """
    begun = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal begun
        if not frame.f_code.co_filename.endswith(files):
            return None
        if event == "line":
            begun += 1
            if begun == line:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    gc.disable()
    sys.settrace(trace)
    try:
        act()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
        gc.enable()
    return begun
