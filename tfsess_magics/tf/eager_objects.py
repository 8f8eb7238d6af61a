"""The models, optimizers and datasets of one eager scope."""

from __future__ import annotations

import math
import sys
import weakref
from typing import Any

import tensorflow as tf

from tfsess_magics.core.model import ObjectInfo


class EagerObjects:
    """Those that were given a name in the cells of one scope, as long as they live; keeps none of them alive."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[str, weakref.ref[Any]]] = {}

    def add(self, name: str, value: object) -> None:
        """Take `value` into the list if it is a model, an optimizer or a dataset."""
        if isinstance(value, _types()):
            self._known[id(value)] = name, weakref.ref(value)

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
    """Return the classes of what is listed; Keras is asked only where something has imported it."""
    keras = [
        getattr(module, name)
        for module in map(sys.modules.get, ("keras", "tf_keras"))
        for name in ("Model", "Optimizer")
        if hasattr(module, name)
    ]
    legacy = getattr(sys.modules.get("tf_keras.optimizers"), "Optimizer", None)
    return (tf.Module, tf.data.Dataset, *keras, *([legacy] if legacy else []))


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
