"""The allocators of this process: the memory that they have handed out, and the memory that a run needs of them.

One allocator serves all CPU devices of a process, whichever session or context they belong to; each GPU has its own.

A run's peak takes three calls, 2 us: the extension sets TensorFlow's peak back before a run that begins alone, and
reads it after. The extension remembers the peak before, and two patches tell the user of it
(`tfsess_magics.tf.instrument.peaks`). It marks runs that overlap, as the peak of each has the needs of the others in
it. Of many runs at once it does not measure the later ones (`_MEASURED`): 100 threads of tiny runs would get less
done. Nor does it measure runs on a server.
"""

from __future__ import annotations

from collections.abc import Callable

from tfsess_magics.core.run import NOT_MEASURED, Needed

CPU = "CPU"
COUNTED = 256 * 1024
"""Bytes of the smallest allocation that TensorFlow's allocator for CPUs counts (mkl_cpu_allocator.h)."""


_MEASURED = 8
"""Runs measured at once at most: of more, the peak of each has the needs of too many others to tell anything."""


class Allocator:
    """The statistics of the allocator of one device, or of all CPUs.

    To find the peak of a run TensorFlow's own peak is set back before it; what that was is remembered here.

    Parameters
    ----------
    name
        ``CPU``, ``GPU:0``.
    read
        Returns ``current`` and ``peak`` in bytes.
    reset
        Sets the peak back to what is in use.
    """

    def __init__(self, name: str, read: Callable[[], dict[str, int]], reset: Callable[[], None]) -> None:
        self.name = name
        self._read = read
        self._reset = reset
        self.peak_before = 0
        """The largest peak that was set back here since the user has set it back."""
        self._peak_ever = 0

    def begin(self, is_alone: bool) -> int:
        """Return the level at which a run begins; where it `is_alone` its peak begins there too."""
        now = self._read()
        level, peak = now["current"], now["peak"]
        if is_alone and peak > level:
            self.peak_before = max(self.peak_before, peak)
            self._peak_ever = max(self._peak_ever, peak)
            self._reset()
        return level

    def peak_above(self, level: int) -> int:
        """Return the bytes of the peak above `level` since the last run began that was alone then."""
        above = self._read()["peak"] - level
        return max(0, above)

    def read(self) -> tuple[int, int]:
        """Return the bytes in use, and the most that were seen in this process."""
        now = self._read()
        self._peak_ever = max(self._peak_ever, now["peak"])
        return now["current"], self._peak_ever


class Allocators:
    """Measures what runs need of each allocator.

    Any thread may call it; it takes no lock, as a run may be started inside the garbage collector.
    """

    def __init__(self) -> None:
        self.measured: tuple[Allocator, ...] = ()
        """Those that tell something."""
        self.unavailable: dict[str, str] = {}
        """Reasons why the others tell nothing, by the names of their devices."""
        self.under_way: dict[int, tuple[bool, list[tuple[Allocator, int]]]] = {}
        """Runs by their tokens: whether each was alone at its start, and the level of each allocator then."""
        self._latest = -1

    def begin(self, token: int) -> None:
        """Note that a run begins."""
        measured = self.measured
        if measured and len(self.under_way) < _MEASURED:
            is_alone = not self.under_way
            self._latest = token
            self.under_way[token] = is_alone, [(one, one.begin(is_alone)) for one in measured]

    def end(self, token: int) -> Needed:
        """Return what a run needed that ends; each is told once."""
        begun = self.under_way.pop(token, None)
        if begun is None:
            return NOT_MEASURED
        is_alone, levels = begun
        needed = [(one.name, one.peak_above(level)) for one, level in levels]
        return not is_alone or self._latest != token, needed

    def of(self, device: str) -> Allocator | None:
        """Return the allocator of a device as TensorFlow writes its name, None if it is not measured."""
        name = device.rpartition("device:")[2]
        return self.named(CPU if name.upper().startswith(CPU) else name)

    def named(self, name: str) -> Allocator | None:
        """Return the allocator of the device of that name, None if it is not measured."""
        return next((allocator for allocator in self.measured if allocator.name == name), None)
