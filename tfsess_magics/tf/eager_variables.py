"""The eager variables of one scope."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfsess_magics.core.model import DeviceInfo, Kind, ObjectInfo, Origin, SessionInfo, State, VariableInfo
from tfsess_magics.core.options import SessionOptions
from tfsess_magics.core.protocol import SessionSummary


class _Known(weakref.ref[Any]):
    """A variable, and its bytes once somebody has asked."""

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

    def info(
        self,
        *,
        number: int,
        name: str,
        kind: Kind,
        state: State,
        origin: Origin,
        generation: int,
        created: float,
        options: SessionOptions,
        names: tuple[str, ...] = (),
        objects: tuple[ObjectInfo, ...] = (),
    ) -> SessionInfo:
        """Return all that is known of the scope now; what its owner knows of it is given."""
        variables = self.records()
        return SessionInfo(
            id=number,
            name=name,
            kind=kind,
            state=state,
            origin=origin,
            target="",
            is_default=False,
            is_unused=False,
            generation=generation,
            options=options,
            created=created,
            operations=0,
            runs=0,
            running_since=None,
            mark="",
            last_run=None,
            last_error=None,
            devices=self.devices(),
            variables=variables,
            variables_nbytes=sum(variable.nbytes or 0 for variable in variables),
            names=names,
            objects=objects,
        )

    def summary(
        self, *, number: int, name: str, kind: Kind, state: State, origin: Origin, generation: int
    ) -> SessionSummary:
        """Return the little of the scope that a list shows."""
        variables, nbytes = self.totals()
        return SessionSummary(
            id=number,
            name=name,
            kind=kind.value,
            state=state.value,
            generation=generation,
            origin=str(origin),
            target="",
            is_default=False,
            is_unused=False,
            operations=0,
            growth="",
            runs=0,
            devices=[device.name for device in self.devices()],
            variables=variables,
            variables_nbytes=nbytes,
            running_since=None,
            mark="",
        )


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
