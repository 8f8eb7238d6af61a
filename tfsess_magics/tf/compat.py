"""What differs between the versions of TensorFlow that are supported; nothing else of `tf` asks for a version.

Each part names the first version that has no need of it.
"""

from __future__ import annotations

import importlib
from types import ModuleType

import tensorflow as tf


def _module(*names: str) -> ModuleType:
    """Return the first of the modules that there is."""
    for name in names[:-1]:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    return importlib.import_module(names[-1])


# TensorFlow 2.16: before, the switch of resource variables lies in the module of variable scopes.
resource_variables_toggle = _module(
    "tensorflow.python.ops.resource_variables_toggle", "tensorflow.python.ops.variable_scope"
)

# TensorFlow 2.16: before, Keras 2 is the package keras.
_HAS_KERAS_2 = tuple(map(int, tf.__version__.split(".")[:2])) < (2, 16)
KERAS_2_BACKENDS: tuple[str, ...] = ("tf_keras.src.backend", *(["keras.src.backend"] if _HAS_KERAS_2 else []))
"""Modules in which Keras 2 keeps its session."""
KERAS_2_OPTIMIZERS: tuple[str, ...] = (
    "tf_keras.optimizers",
    *(["keras.optimizers"] if _HAS_KERAS_2 else []),
)
"""Modules that have the class of Keras 2's optimizers."""
