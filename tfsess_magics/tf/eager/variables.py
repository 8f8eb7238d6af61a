"""The eager variables of one scope.

The wrapper of ``BaseResourceVariable.__init__`` tells of each. An eager variable belongs to the eager scope that its
thread is in, else to the row of the code outside every scope. An assignment returns such an object too, with the
handle of another variable, and the list leaves that out.

The cell of an eager tensor is not known, as TensorFlow notes nothing of it. Its ids are numbered, but no code can
read the counter without moving it, and TensorFlow makes names of functions and variables from it.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from tfsess_magics.core.model import Activity, DeviceInfo, Identity, ObjectInfo, SessionInfo, VariableInfo
from tfsess_magics.core.options import SessionOptions
from tfsess_magics.core.protocol import SessionSummary
from tfsess_magics.core.summary import summarize
from tfsess_magics.tf.memory.process import by_allocator


class _Known(weakref.ref[Any]):
    """A variable, and its bytes once they were asked for."""

    __slots__ = ("nbytes",)
    nbytes: int


class EagerVariables:
    """The variables that are alive of those that were made in one scope. Keeps none of them alive.

    Any thread may call it; variables also go inside the garbage collector, so it takes no lock.

    Parameters
    ----------
    changed
        Called when a variable has come or gone.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._known: dict[int, _Known] = {}

    def add(self, variable: Any) -> None:
        """Take a variable that has just been made into the list."""
        key = id(variable)

        def gone(known: weakref.ref[Any]) -> None:
            if self._known.get(key) is known:
                self._known.pop(key, None)
                self._changed()

        self._known[key] = _Known(variable, gone)
        self._changed()

    def __contains__(self, variable: object) -> bool:
        known = self._known.get(id(variable))
        return known is not None and known() is variable

    def alive(self) -> list[Any]:
        """Return the variables."""
        found = (known() for known in list(self._known.values()))
        return [variable for variable in found if variable is not None]

    def totals(self) -> tuple[int, int]:
        """Return their number and bytes."""
        number = nbytes = 0
        for known in list(self._known.values()):
            if (variable := known()) is not None:
                if not hasattr(known, "nbytes"):
                    known.nbytes = _nbytes(variable) or 0
                number, nbytes = number + 1, nbytes + known.nbytes
        return number, nbytes

    def records(self) -> tuple[VariableInfo, ...]:
        """Return a record of each, largest first."""
        records = [_record(variable) for variable in self.alive()]
        return tuple(sorted(records, key=lambda v: (-(v.nbytes or 0), v.name)))

    def devices(self) -> tuple[DeviceInfo, ...]:
        """Return the devices that they are on, in the order of their names."""
        names = sorted({_device(variable) for variable in self.alive()})
        return tuple(DeviceInfo(name=name, type=name.partition(":")[0]) for name in names if name)

    @property
    def local_devices(self) -> tuple[DeviceInfo, ...]:
        """Those that its variables are on."""
        return self.devices()

    def held(self) -> Mapping[str, tuple[int, int]]:
        """Return the bytes of its variables by allocator, and those that it does not count."""
        sizes = ((_device(variable), _nbytes(variable) or 0) for variable in self.alive())
        return by_allocator(sizes, self.devices())

    def info(
        self,
        identity: Identity,
        activity: Activity,
        *,
        options: SessionOptions,
        created: float,
        names: tuple[str, ...] = (),
        objects: tuple[ObjectInfo, ...] = (),
    ) -> SessionInfo:
        """Return the whole record of the scope now; its owner gives its part, by the names of the record's fields."""
        return SessionInfo(
            id=identity.id,
            name=identity.name,
            kind=identity.kind,
            origin=identity.origin,
            generation=identity.generation,
            state=activity.state,
            is_used=activity.is_used,
            options=options,
            created=created,
            devices=self.devices(),
            variables=self.records(),
            names=names,
            objects=objects,
        )

    def summary(self, identity: Identity, activity: Activity) -> SessionSummary:
        """Return the little of the scope that a list shows."""
        return summarize(identity, activity, devices=self.devices(), variables=self.totals())


def _record(variable: Any) -> VariableInfo:
    shape = variable.shape
    return VariableInfo(
        name=variable.name.removesuffix(":0"),
        shape=None if shape.rank is None else tuple(shape.as_list()),
        dtype=variable.dtype.name,
        nbytes=_nbytes(variable),
        initialized=True,
        device=_device(variable),
    )


def _nbytes(variable: Any) -> int | None:
    shape, dtype = variable.shape, variable.dtype
    is_sized = shape.is_fully_defined() and dtype not in (tf.string, tf.resource, tf.variant)
    return math.prod(shape.as_list()) * dtype.size if is_sized else None


def _device(variable: Any) -> str:
    spec = tf.DeviceSpec.from_string(variable.device or "")
    return f"{spec.device_type}:{spec.device_index or 0}" if spec.device_type else ""
