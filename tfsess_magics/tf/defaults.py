"""How a graph and session are made the defaults of a thread with this TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfsess_magics.tf.nested import NestedDefaults

Defaults = Any
"""A `DefaultsSwap` or a `NestedDefaults`."""


def choose_defaults() -> Callable[..., Defaults]:
    """Return `DefaultsSwap` where TensorFlow has the private parts that it needs, else `NestedDefaults`."""
    try:
        from tfsess_magics.tf.swap import DefaultsSwap

        trial = DefaultsSwap(tf.Graph(), None, "/CPU:0", ())
        try:
            trial.resume()
        finally:
            trial.suspend()
    except (ImportError, AttributeError, TypeError, ValueError):
        return NestedDefaults
    return DefaultsSwap


defaults_of = choose_defaults()
"""From a graph, its session, a device and the interactive sessions that were left open to defaults to swap in."""
