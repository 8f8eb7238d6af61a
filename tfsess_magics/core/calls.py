"""The threads that are inside a function, by their frames."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, TypeVar

from tfsess_magics.core.frames import current_frames

_F = TypeVar("_F", bound=Callable[..., Any])


class Calls:
    """The calls of some functions that are in flight.

    Any thread may ask. A call itself costs nothing: it is found by its frame.
    """

    def __init__(self) -> None:
        self._codes: dict[int, CodeType] = {}
        """By their ids: the hash of a code object takes long."""

    def follow(self, function: _F) -> _F:
        """Find the calls of a function from now on; a decorator."""
        code = function.__code__
        self._codes[id(code)] = code
        return function

    def by_thread(self) -> Counter[int]:
        """Return how many calls each thread is in, by its `threading.get_ident`."""
        return Counter({thread: self._on(frame) for thread, frame in current_frames().items()})

    @property
    def depth(self) -> int:
        """In how many calls the asking thread is, one inside the other."""
        return self._on(sys._getframe())

    def _on(self, frame: FrameType | None) -> int:
        """Return how many are on the stack whose innermost frame that is."""
        found = 0
        while frame is not None:
            found += id(frame.f_code) in self._codes
            frame = frame.f_back
        return found
