"""One run, a call that enters TensorFlow's runtime: while it is in flight, and after its end."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from threading import get_ident
from time import perf_counter, time
from typing import Any

from msgspec import Struct, field

from tfsess_magics.core.memory import RunMemory
from tfsess_magics.core.model import RunInfo

Needed = tuple[bool, Sequence[tuple[str, int]]]
"""The needs of a run: True if another one overlapped, and by device the bytes of the peak above the level before."""
NOT_MEASURED: Needed = (False, ())

new_token = itertools.count().__next__
"""Returns the number by which a run is known in the whole process."""


class Run(Struct, frozen=True, eq=False, gc=False):
    """A run in flight, made by the thread that it is in.

    A struct of msgspec asks the clocks in C, which takes as long as a tuple of the same figures. A slotted dataclass
    takes three times that. There is no line of Python in between at which an exception could come. The collector does
    not look into it: a run lasts no longer than its step.
    """

    token: int
    """From `new_token`."""
    step: Any
    """The arguments of the method of TensorFlow that makes the step, or what stands for them."""
    started: float = field(default_factory=time)
    """Seconds since the epoch."""
    began: float = field(default_factory=perf_counter)
    """The same moment by `time.perf_counter`."""
    thread: int = field(default_factory=get_ident)
    """`threading.get_ident` of its thread."""


class EndedRun(Struct, frozen=True, eq=False, gc=False):
    """A run that has ended; it keeps no arrays that were fed, and nothing that could refer to it."""

    started: float
    """Seconds since the epoch."""
    began: float
    """The same moment by `time.perf_counter`."""
    error: str | None
    needed: Needed
    fetches: Any
    """Its fetches and feeds, in the form in which the TensorFlow side compares them."""
    ended: float = field(default_factory=perf_counter)

    @property
    def duration(self) -> float:
        """Seconds that it took."""
        return self.ended - self.began

    def info(self) -> RunInfo:
        """Return the record of it."""
        is_shared, needed = self.needed
        memory = tuple(RunMemory(device=device, nbytes=nbytes) for device, nbytes in needed)
        return RunInfo(
            started=self.started, duration=self.duration, error=self.error, memory=memory, is_shared=is_shared
        )
