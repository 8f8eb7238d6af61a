"""The patch that sees where the call of a function of TensorFlow 2 is built into a graph with tensors of another one.

The problem: ``create_op`` looks at no input's graph (atomic_function.py, ``partitioned_call_op``). TensorFlow then
takes the input for the operation of the same number in the graph of the call, which makes a cycle. It says nothing,
and each later run of that graph fails.

What is done: before the call is built the inputs are looked at. `Hooks.called_elsewhere` gives the error to raise, or
the warning. Code that builds the graph of a function captures what is outside of that, and is left alone.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

from tfsess_magics.tf.instrument.hooks import hooks
from tfsess_magics.tf.introspect.callers import caller

_warned: dict[Any, Any] = {}
"""The record by which Python gives a warning once for each line."""


def around_call(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``make_call_op_in_graph``, which adds the call of a function to the default graph."""

    @functools.wraps(original)
    def make_call_op_in_graph(atomic: Any, tensor_inputs: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
        said = _look(atomic, tensor_inputs) if hooks.made else None
        if isinstance(said, Warning):
            who = caller()
            file, line = (who.file, who.line) if who else (__file__, 1)
            warnings.warn_explicit(said, type(said), file, line, registry=_warned)
        elif said is not None:
            raise said
        return original(atomic, tensor_inputs, *args, **kwargs)

    return make_call_op_in_graph


def _look(atomic: Any, inputs: Sequence[Any]) -> Exception | None:
    try:
        graph = ops.get_default_graph()
        if graph.building_function:
            return None
        elsewhere = [one for one in inputs if _is_symbolic(one) and one.graph is not graph]
        return hooks.called_elsewhere(atomic.name, elsewhere) if elsewhere else None
    except Exception:  # noqa: BLE001 - an error of ours is not the user's
        hooks.log_once("the call of a function could not be looked at")
        return None


def _is_symbolic(tensor: Any) -> bool:
    return isinstance(tensor, tf.Tensor) and not hasattr(tensor, "numpy")
