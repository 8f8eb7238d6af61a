"""The memory that the machine has left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tfsess_magics.core.model import DeviceInfo
from tfsess_magics.core.text import format_bytes
from tfsess_magics.tf.memory.allocators import CPU, Allocators


def require_memory(nbytes: int) -> None:
    """Check that so many bytes can be had, where psutil is there to tell: it comes with ipykernel.

    Raises
    ------
    MemoryError
        With both numbers, if they cannot.
    """
    try:
        import psutil
    except ModuleNotFoundError:
        return
    available: int = psutil.virtual_memory().available
    if nbytes > available:
        raise MemoryError(f"that takes {format_bytes(nbytes)}, and {format_bytes(available)} of memory are free")


def require_on_devices(
    held: Mapping[str, tuple[int, int]], devices: Iterable[DeviceInfo], allocators: Allocators
) -> None:
    """Check that each device that is no CPU has as much left as variables hold of it, where it can be asked.

    Parameters
    ----------
    held
        See `by_allocator`.

    Raises
    ------
    MemoryError
        With both numbers, if one has not.
    """
    for device in devices:
        allocator = allocators.named(device.name)
        if device.type == CPU or device.memory_limit is None or allocator is None:
            continue
        needed, left = held.get(device.name, (0, 0))[0], device.memory_limit - allocator.read()[0]
        if needed > left:
            raise MemoryError(f"that takes {format_bytes(needed)} of {device.name}, and {format_bytes(left)} are free")
