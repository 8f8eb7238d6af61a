"""Exceptions at every moment at which Python calls signal handlers."""

from __future__ import annotations

from inspect import CO_GENERATOR
from pathlib import Path
from types import FrameType
from typing import cast

import tfsess_magics

PACKAGE = str(Path(tfsess_magics.__file__).parent)


class RaiseAt:
    """Raises an error at the n-th moment of our code at which Python calls signal handlers, as a profile function.

    That is where a function of ours, or called by ours, begins, and where a function in C that ours calls has ended
    (ceval.c, ``CHECK_EVAL_BREAKER``): never between any two lines.
    """

    def __init__(self, n: int, error: type[BaseException]) -> None:
        self._left = n
        self._error = error
        self.raised_in = ""

    def __call__(self, frame: FrameType, event: str, function: object) -> None:
        code = frame.f_code
        is_ours = code.co_filename.startswith(PACKAGE)
        if event == "call":
            # The very entry of a with block's __exit__ is where Python itself lets an interrupt skip it. A generator
            # that is entered again to be closed is no place where Python raises one. In the callback of a weak
            # reference Python drops it.
            is_called_by_ours = frame.f_back is not None and frame.f_back.f_code.co_filename.startswith(PACKAGE)
            is_moment = is_called_by_ours or is_ours
            is_moment = is_moment and code.co_name not in ("__exit__", "_remove") and not code.co_flags & CO_GENERATOR
        else:
            is_moment = event == "c_return" and is_ours
        if not is_moment:
            return
        self._left -= 1
        if self._left == 0 and not self.raised_in:
            places, at = [getattr(function, "__name__", "")], cast("FrameType | None", frame)
            while at is not None and len(places) < 6:
                places.append(f"{Path(at.f_code.co_filename).name}:{at.f_lineno} {at.f_code.co_name}")
                at = at.f_back
            self.raised_in = " < ".join(places)
            raise self._error
