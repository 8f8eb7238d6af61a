"""Frozen records: the memory of a kernel, of its devices, and what runs needed of it. Sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Memory that the initialized variables of one session hold on a device."""

    id: int
    name: str
    """Of the session."""
    nbytes: int
    uncounted: int = 0
    """Of these, the bytes of variables that are too small for the allocator to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMemory:
    """Memory of one device that TensorFlow's allocator has handed out to this process."""

    name: str
    """``CPU`` for all CPU devices, which share one allocator; ``GPU:0``."""
    type: str
    model: str = ""
    """``NVIDIA L4``; empty where TensorFlow does not say."""
    in_use: int | None
    """None where it is not available."""
    peak: int | None
    """The largest `in_use` seen in this process."""
    limit: int | None = None
    """Bytes that TensorFlow may take; None where it names no limit."""
    unavailable: str = ""
    """Reason why `in_use` and `peak` are not available."""
    total: int | None = None
    """Bytes of the device itself; None where that is not known."""
    elsewhere: int | None = None
    """Bytes that other processes have of it; None where that is not known."""
    elsewhere_unavailable: str = ""
    """Reason why `elsewhere` is not known."""
    held: tuple[Held, ...] = ()
    """By sessions, largest first."""

    @property
    def variables_nbytes(self) -> int:
        """Bytes of known variables."""
        return sum(held.nbytes for held in self.held)

    @property
    def uncounted(self) -> int:
        """Bytes of known variables that are not in `in_use`."""
        return sum(held.uncounted for held in self.held)

    @property
    def other(self) -> int | None:
        """Bytes in use that no known variable holds: temporaries, tensors, other modules, and roundings."""
        if self.in_use is None:
            return None
        return max(0, self.in_use - (self.variables_nbytes - self.uncounted))


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelMemory:
    """The memory of a kernel's process."""

    resident: int | None
    """Bytes of the process that are in the machine's memory; None where psutil is not installed."""
    pooled: int | None
    """Bytes at least that TensorFlow's allocator for CPUs keeps for later; None where it tells nothing."""
    devices: tuple[DeviceMemory, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMemory:
    """Memory that one run needed on one device."""

    device: str
    nbytes: int
    """The allocator's peak during the run, above its level before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """Memory that the close or reset of a session gave back, measured."""

    by_device: tuple[tuple[str, int], ...]
    """Bytes that came back to the allocator of each device that can be asked."""
    uncounted: int
    """Bytes of variables that are too small for the allocator to count."""
    resident: int | None
    """Bytes by which the process became smaller; None where psutil is not installed."""
    unavailable: str = ""
    """Reason why nothing could be measured."""

    @property
    def nbytes(self) -> int:
        """Bytes that came back to TensorFlow's allocators."""
        return sum(nbytes for _, nbytes in self.by_device) + self.uncounted
