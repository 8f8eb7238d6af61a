"""The memory of a kernel as front ends get it."""

from __future__ import annotations

from tfsess_magics.core import protocol
from tfsess_magics.core.history import is_change
from tfsess_magics.core.memory import KernelMemory


def memory_message(memory: KernelMemory) -> protocol.KernelMemory:
    """Return the part of a message that tells it."""
    return protocol.KernelMemory(
        memory.resident,
        memory.pooled,
        [
            protocol.DeviceMemory(
                name=device.name,
                model=device.model,
                in_use=device.in_use,
                peak=device.peak,
                limit=device.limit,
                total=device.total,
                elsewhere=device.elsewhere,
                other=device.other,
                uncounted=device.uncounted,
                unavailable=device.unavailable,
                elsewhere_unavailable=device.elsewhere_unavailable,
                held=[protocol.Held(held.id, held.nbytes) for held in device.held],
            )
            for device in memory.devices
        ],
    )


def is_other(before: KernelMemory | None, now: KernelMemory, share: float) -> bool:
    """Say whether a number of it has changed by more than that share, or what there is."""
    if before is None or len(before.devices) != len(now.devices):
        return True
    numbers_before, numbers_now = _numbers(before), _numbers(now)
    return numbers_before.keys() != numbers_now.keys() or any(
        is_change(numbers_before[key], number, share) for key, number in numbers_now.items()
    )


def _numbers(memory: KernelMemory) -> dict[tuple[str, str | int], int | None]:
    numbers: dict[tuple[str, str | int], int | None] = {
        ("", "resident"): memory.resident,
        ("", "pooled"): memory.pooled,
    }
    for device in memory.devices:
        name = device.name
        numbers |= {(name, "in use"): device.in_use, (name, "peak"): device.peak, (name, "limit"): device.limit}
        numbers |= {(name, "elsewhere"): device.elsewhere}
        numbers |= {(name, held.id): held.nbytes for held in device.held}
    return numbers
