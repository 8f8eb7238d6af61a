"""The note under TensorFlow's refusal to take an item that is not on top from a stack of defaults."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfsess_magics.tf.context.activation import innermost_activation
from tfsess_magics.tf.introspect.frames import variables_in


def explain_nesting(error: BaseException) -> str | None:
    """Say which default was left too early, and the consequence."""
    found = variables_in(error, "get_controller")
    if not found or not found["self"].stack:
        return None
    said = (
        f"{_kind(found['default'])} was left before {_kind(found['self'].stack[-1])} that was entered after it. "
        "Leave first what was entered last"
    )
    activation = innermost_activation()
    if activation is None:
        return (
            f"{said}; TensorFlow keeps it among this thread's defaults until the kernel is restarted. "
            "In a cell under %%tfsession NAME the order is put right after the cell"
        )
    place = "cell" if activation.by.startswith("cell") else "block"
    return f"{said}; the order is put right after this {place}"


def _kind(default: Any) -> str:
    return "a graph" if isinstance(default, tf.Graph) else "a session"
