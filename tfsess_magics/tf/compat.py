"""Differences between the supported versions of TensorFlow; nothing else of `tf` asks for a version.

Each part names the first version that has no need of it.
"""

from __future__ import annotations

import importlib.util

# TensorFlow 2.16: before, the switch of resource variables lies in the module of variable scopes, and Keras 2 is the
# package keras.
_TOGGLE = "tensorflow.python.ops.resource_variables_toggle"
_IS_BEFORE_2_16 = importlib.util.find_spec(_TOGGLE) is None

resource_variables_toggle = importlib.import_module(
    "tensorflow.python.ops.variable_scope" if _IS_BEFORE_2_16 else _TOGGLE
)
KERAS_2_BACKENDS: tuple[str, ...] = ("tf_keras.src.backend", *(["keras.src.backend"] if _IS_BEFORE_2_16 else []))
"""Modules in which Keras 2 keeps its session."""
KERAS_2_OPTIMIZERS: tuple[str, ...] = ("tf_keras.optimizers", *(["keras.optimizers"] if _IS_BEFORE_2_16 else []))
"""Modules that have the class of Keras 2's optimizers."""
