"""The models, optimizers and datasets of one eager scope.

The names that cells gave them lead to them. Inside objects of other packages the scope does not see them, but it sees
their variables.
"""

from __future__ import annotations

import math
import sys
import weakref
from collections import deque
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import tensorflow as tf

from tfsess_magics.core.model import ObjectInfo
from tfsess_magics.tf.compat import KERAS_2_OPTIMIZERS

_MOST = 1000
"""The number of objects that one look passes by at most."""
_FOREIGN = {"tensorflow", "keras", "tf_keras", "numpy"}
"""Packages whose objects are not looked into."""


class EagerObjects:
    """Those that can be reached from the names of the cells of one scope, as long as they live. Keeps none alive."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[str, weakref.ref[Any]]] = {}

    def look(self, named: Mapping[str, object]) -> None:
        """Take into the list what `named` holds: itself, or inside containers and objects of the user's classes."""
        types = _types()
        seen: set[int] = set()
        queue = deque(named.items())
        while queue and len(seen) < _MOST:
            name, value = queue.popleft()
            if id(value) in seen:
                continue
            seen.add(id(value))
            if isinstance(value, types):
                self._known[id(value)] = name, weakref.ref(value)
            queue.extend(_inside(name, value, types))

    def records(self) -> tuple[ObjectInfo, ...]:
        """Return a record of each, largest first."""
        records = []
        for key, (name, reference) in list(self._known.items()):
            value = reference()
            if value is None:
                self._known.pop(key, None)
            else:
                records.append(_record(name, value))
        return tuple(sorted(records, key=lambda record: (-record.nbytes, record.name)))


def _types() -> tuple[type, ...]:
    """Return the classes of the objects that are listed; it asks Keras only where other code has imported it."""
    keras = [
        getattr(module, name)
        for module in map(sys.modules.get, ("keras", "tf_keras"))
        for name in ("Model", "Optimizer")
        if hasattr(module, name)
    ]
    optimizers = [getattr(sys.modules.get(name), "Optimizer", None) for name in KERAS_2_OPTIMIZERS]
    return (tf.Module, tf.data.Dataset, *keras, *filter(None, optimizers))


def _inside(name: str, value: Any, types: tuple[type, ...]) -> Iterator[tuple[str, Any]]:
    """Yield what `value` holds, by how it is written. Runs no code of the user's."""
    if type(value) is dict:
        yield from ((f"{name}[{key!r}]", held) for key, held in value.items() if isinstance(key, (str, int)))
    elif type(value) in (list, tuple):
        yield from ((f"{name}[{index}]", held) for index, held in enumerate(value[:_MOST]))
    else:
        held = _attributes(value)
        if isinstance(value, types):  # its parts are not listed next to it, its optimizer is
            held = {key: held[key] for key in held.keys() & {"optimizer"}}
        elif type(value).__module__.partition(".")[0] in _FOREIGN or isinstance(value, (type, ModuleType)):
            return
        yield from ((f"{name}.{attribute}", part) for attribute, part in held.items())


def _attributes(value: object) -> dict[str, Any]:
    try:
        return dict(object.__getattribute__(value, "__dict__"))
    except AttributeError:
        return {}


def _record(name: str, value: Any) -> ObjectInfo:
    variables = _variables(value)
    return ObjectInfo(
        name=name, type=type(value).__name__, variables=len(variables), nbytes=sum(map(_nbytes, variables))
    )


def _variables(value: Any) -> list[Any]:
    """Return the variables of an object of the user's class, none if that cannot say."""
    try:
        found = getattr(value, "variables", ())
        return list(found() if callable(found) else found)
    except Exception:  # noqa: BLE001 - what a property of the user's raises
        return []


def _nbytes(variable: Any) -> int:
    try:
        return math.prod(map(int, variable.shape)) * int(tf.as_dtype(variable.dtype).size)
    except (TypeError, ValueError):  # a shape that is not known
        return 0
