"""Exceptions at every line, as signal handlers raise them."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any


def _apart(act: Callable[[], object]) -> Iterator[object]:
    """Do something where Python notes apart what is being handled: it loses track where a trace function raises."""
    yield act()


def interrupted_at(
    line: int, act: Callable[[], object], files: tuple[str, ...], error: type[BaseException] = KeyboardInterrupt
) -> int:
    """Do something, and raise an `error` in front of the n-th line in those files; return how many began.

    Nothing is collected meanwhile: what a finalizer raises is lost. It has to be what `act` raises.
    """
    begun, is_raised = 0, False
    known = [str(getattr(module, "__file__", "")) for module in list(sys.modules.values())]
    assert all(any(file.endswith(name) for file in known) for name in files), "no module has one of those files"

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal begun
        if not frame.f_code.co_filename.endswith(files):
            return None
        if event == "line":
            begun += 1
            if begun == line:
                raise error
        return trace

    before = sys.gettrace()
    gc.disable()
    sys.settrace(trace)
    try:
        next(_apart(act))
    except error:
        is_raised = True
    finally:
        sys.settrace(before)
        gc.enable()
    assert is_raised or begun < line, f"what was raised at line {line} is lost"
    return begun
