"""The memory of this process and of its devices, and the session that holds each part of it.

The graph gives the bytes of variables by session and device, without a step. What is in use besides is "other":
temporaries, tensors, other modules, and what the allocator hands out beyond what it is asked for.

The allocator splits no free piece that is less than twice as large as asked and of which less than 128 MiB would be
left. It takes 1, 2, 4, ... MiB from the system (bfc_allocator.cc). So the first variable of 9 MiB has 16 MiB in use.
The allocator of the CPUs counts no allocation under 256 KiB; the extension knows such variables, and tells them
apart.

The allocator of the CPUs gives nothing back to the system. So it keeps at least its peak less what is in use, which
is called pooled. `ProcessMemory.giving_back` reads the allocators and the process before and after a close or reset.
The differences are what that gave back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

from tfsess_magics.core.memory import DeviceMemory, GivenBack, Held, KernelMemory
from tfsess_magics.core.model import DeviceInfo
from tfsess_magics.tf.internals import MEMORY
from tfsess_magics.tf.memory.allocators import COUNTED, CPU, Allocator, Allocators
from tfsess_magics.tf.memory.device_stats import DeviceFunctions

T = TypeVar("T")

_NOT_YET = "TensorFlow opens its devices with the first session or eager operation, and this process has had none"
_NO_STATISTICS = (
    "TensorFlow counts the memory of CPUs only with oneDNN, which is off in this process. To switch it on, set "
    "TF_ENABLE_ONEDNN_OPTS=1 in the environment before TensorFlow is imported"
)
_NOT_EAGER = "TensorFlow tells this once an eager operation has run; sessions alone are not enough"


class Holder(Protocol):
    """Something that holds variables."""

    @property
    def local_devices(self) -> Sequence[DeviceInfo]:
        """The devices of this process that it can use."""

    def held(self) -> Mapping[str, tuple[int, int]]:
        """Return what its variables hold; see `by_allocator`."""


class ProcessMemory:
    """Looks after the allocators of this process. Any thread may call it.

    Parameters
    ----------
    functions
        The functions of TensorFlow to ask.
    """

    def __init__(self, functions: DeviceFunctions | None = None) -> None:
        self._functions = functions or DeviceFunctions()
        self._lock = threading.RLock()  # a session may be made by ``__del__`` while it is held
        self.allocators = Allocators()
        """The allocators, by which it measures runs."""

    def look(self, *, has_session: bool) -> None:
        """Find the allocators that can be asked now, without making TensorFlow initialize anything.

        Parameters
        ----------
        has_session
            True if there is, or has been, a session in this process.
        """
        functions = self._functions
        if error := MEMORY.error:
            self.allocators.unavailable[CPU] = str(error)
            return
        known = {allocator.name for allocator in self.allocators.measured}
        if (has_session or functions.is_eager_initialized) and not {CPU} & (known | set(self.allocators.unavailable)):
            self._add(Allocator(CPU, *functions.host()))
        for name in functions.accelerators():
            if name not in known and name not in self.allocators.unavailable:
                self._add(_of_device(functions, name))

    def _add(self, allocator: Allocator) -> None:
        with self._lock:
            try:
                allocator.read()
            except ValueError as error:
                self.allocators.unavailable[allocator.name] = _NO_STATISTICS if allocator.name == CPU else str(error)
            else:
                if self.allocators.named(allocator.name) is None:
                    self.allocators.measured = *self.allocators.measured, allocator

    def accelerators(self) -> list[str]:
        """Return the names of the devices that are no CPUs, as far as TensorFlow's eager context has them."""
        return self._functions.accelerators()

    def giving_back(self, holder: Holder, end: Callable[[], T]) -> tuple[T, GivenBack]:
        """Do `end`, which frees what `holder` has; return what it returns, and what it gave back."""
        uncounted = sum(small for _, small in holder.held().values())
        before = self._levels()
        resident_before = resident()
        ended = end()
        resident_after = resident()
        smaller = None if resident_before is None or resident_after is None else resident_before - resident_after
        given_back = GivenBack(
            by_device=tuple(
                (name, max(0, before[name] - level)) for name, level in self._levels().items() if name in before
            ),
            uncounted=uncounted,
            resident=None if smaller is None else max(0, smaller),
            unavailable="" if before else self.allocators.unavailable.get(CPU, _NOT_YET),
        )
        return ended, given_back

    def _levels(self) -> dict[str, int]:
        """Return the bytes in use by device, of those that can be asked."""
        levels = {}
        for allocator in self.allocators.measured:
            with suppress(ValueError):  # a context that the user has reset has its devices no more
                levels[allocator.name] = allocator.read()[0]
        return levels

    def memory(self, holders: Iterable[tuple[int, str, Holder]]) -> KernelMemory:
        """Return what is known now.

        Parameters
        ----------
        holders
            The number and name of each live session, and what it is made of.
        """
        held: dict[str, list[Held]] = {CPU: []}
        limits: dict[str, int | None] = {}
        for number, session, holder in holders:
            for device in holder.local_devices:
                if device.type != CPU:
                    limits[device.name] = device.memory_limit
            for name, (nbytes, uncounted) in holder.held().items():
                part = Held(id=number, name=session, nbytes=nbytes, uncounted=uncounted)
                held.setdefault(name, []).append(part)
        accelerators = sorted({*limits, *self._functions.accelerators(), *held} - {CPU})
        devices = tuple(self._device(name, limits.get(name), held.get(name, [])) for name in (CPU, *accelerators))
        host = devices[0]
        pooled = None if host.in_use is None or host.peak is None else host.peak - host.in_use
        return KernelMemory(resident=resident(), pooled=pooled, devices=devices)

    def _device(self, name: str, limit: int | None, held: list[Held]) -> DeviceMemory:
        allocator = self.allocators.named(name)
        in_use = peak = None
        unavailable = self.allocators.unavailable.get(name, _NOT_YET if name == CPU else _NOT_EAGER)
        if allocator:
            try:
                (in_use, peak), unavailable = allocator.read(), ""
            except ValueError as error:
                unavailable = str(error)
        total = elsewhere = None
        elsewhere_unavailable = ""
        if name != CPU:
            try:
                total, elsewhere = self._functions.elsewhere(name)
            except LookupError as error:
                elsewhere_unavailable = str(error.args[0])
        return DeviceMemory(
            name=name,
            type=name.partition(":")[0],
            model="" if name == CPU else self._functions.model(name),
            in_use=in_use,
            peak=peak,
            limit=limit,
            unavailable=unavailable,
            total=total,
            elsewhere=elsewhere,
            elsewhere_unavailable=elsewhere_unavailable,
            held=tuple(sorted(held, key=lambda of: -of.nbytes)),
        )


def _of_device(functions: DeviceFunctions, name: str) -> Allocator:
    return Allocator(name, lambda: functions.memory(name), lambda: functions.reset_memory(name))


def resident() -> int | None:
    """Return the bytes of this process that are in the machine's memory, None where psutil is not installed."""
    try:
        import psutil
    except ModuleNotFoundError:
        return None
    nbytes: int = psutil.Process().memory_info().rss
    return nbytes


def by_allocator(sizes: Iterable[tuple[str, int]], devices: Iterable[DeviceInfo]) -> Mapping[str, tuple[int, int]]:
    """Add sizes of variables up by the allocator they come from.

    Parameters
    ----------
    sizes
        Pairs of the device that a variable asks for, empty where it asks for none, and its bytes.
    devices
        Those of the session.

    Returns
    -------
    Mapping
        From the name of the allocator to the bytes, and those of variables that are too small for it to count. A device
        that the session does not have is not where TensorFlow has put a variable. What is on one of several kinds of
        devices, and it is not known on which, is left out.
    """
    types = {device.name: device.type for device in devices}
    only = CPU if set(types.values()) == {CPU} else ""
    found: dict[str, tuple[int, int]] = {}
    for device, nbytes in sizes:
        where = types.get(device, only)
        if not where or not nbytes:
            continue
        name = CPU if where == CPU else device
        total, uncounted = found.get(name, (0, 0))
        found[name] = total + nbytes, uncounted + (nbytes if name == CPU and nbytes < COUNTED else 0)
    return found
