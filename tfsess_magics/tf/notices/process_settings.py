"""Sentences about settings of TensorFlow and Keras that hold for a whole process, and that one call can set back.

A cell's session leaves them as they are: code of other sessions and threads goes by them at any time. Nothing tells
which code has set them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import tensorflow as tf

from tfsess_magics.core.plain import plain
from tfsess_magics.tf.internals import find

_KERAS = (
    ("keras", "keras.src.backend.config"),
    ("keras", "keras.src.backend_config"),
    ("tf_keras", "tf_keras.src.backend_config"),
)
"""Each Keras with the module that has its settings: those of Keras 3, Keras 2, and Keras 2 beside Keras 3."""
_KERAS_DEFAULTS = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}


class ProcessSettings:
    """Tells which settings were changed since it was made, or asked last; any thread may ask."""

    def __init__(self) -> None:
        self._known = set(_changed())

    def news(self) -> list[str]:
        """Return a sentence for each setting that is not TensorFlow's or Keras' own, and was not so before."""
        before, now = self._known, list(_changed())
        self._known = set(now)
        return [said for said in now if said not in before]


def _changed() -> Iterator[str]:
    if tf.config.functions_run_eagerly():
        yield (
            "tf.config.run_functions_eagerly(True) was called: each tf.function runs as plain Python, and builds "
            f"nothing. {_until('tf.config.run_functions_eagerly(False)')}"
        )
    debug_mode = find("data.ops.debug_mode")
    if getattr(debug_mode, "DEBUG_MODE", False):
        yield (
            "tf.data.experimental.enable_debug_mode() was called: the functions of datasets run as plain Python. "
            "That holds for the whole process, and until the kernel is restarted"
        )
    for keras, module in _KERAS:
        settings = getattr(sys.modules.get(module), "__dict__", {})
        for name, default in _KERAS_DEFAULTS.items():
            value = settings[name]() if name in settings else default
            if value != default:
                back = f"import {keras}; {keras}.backend.set_{name}({default!r})"
                yield f"{name} of {keras} is {plain(repr(value))}. {_until(back)}"


def _until(back: str) -> str:
    return f"That holds for the whole process. To set it back: {back}"
