"""The note under an error about a model, or layer, of Keras 2 that belongs to a graph and is used elsewhere.

TensorFlow takes its own frames from these tracebacks. Keras' frames have the model.

Keras 2 has two classes of models, for graphs and for eager code. Whenever a model is made it puts one of the two below
its other classes, for the whole process. So the use of a model in an eager cell may change the class of all models.
"""

from __future__ import annotations

from types import FrameType
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

from tfsess_magics.core.plain import plain, quoted
from tfsess_magics.tf.explain.location import Live, here, way_to
from tfsess_magics.tf.introspect.frames import frames
from tfsess_magics.tf.introspect.paths import is_keras
from tfsess_magics.tf.session.ownership import describe

_OF_GRAPHS = ".training_v1"
"""The module of the class of models for graphs."""
_TRAINS = "_make_train_function"
"""Keras' method that makes the variables of a model's optimizer."""


def explain_model(error: BaseException, live: Live) -> str | None:
    """Say where the model was made; where that is here, how Keras gives it the class for graphs again."""
    if elsewhere := explain_model_elsewhere(error, live):
        return elsewhere
    model = _model_in(error)
    back = "" if model is None or _weight_of(model) is None else _way_back(model)
    return f"Keras makes models for eager code since one was made, or used, in an eager cell. {back}" if back else None


def explain_model_elsewhere(error: BaseException, live: Live) -> str | None:
    """Say where the model was made, if that is not here, and how it is used there."""
    model = _model_in(error)
    weight = None if model is None else _weight_of(model)
    graph = None if tf.executing_eagerly() else ops.get_default_graph()
    if weight is None or weight.graph is graph:
        return None
    made = describe(weight, live).partition(" was made ")[2]
    said = [
        f"{plain(type(model).__name__)} {quoted(plain(model.name))} of Keras was made {made}; {here(live)[1]}",
        way_to(live, weight),
    ]
    if any(frame.f_code.co_name == _TRAINS for frame in frames(error)):
        said.append("Compile it there again, as its optimizer may have variables of this cell now")
    return ". ".join([*said, *filter(None, [_way_back(model)])])


def _model_in(error: BaseException) -> Any:
    """Return the model or layer whose method has raised `error`, the outermost, None if there is none."""
    of_keras = (frame for frame in frames(error) if is_keras(frame.f_code.co_filename))
    return next((model for frame in of_keras if (model := _model(frame))), None)


def _weight_of(model: Any) -> tf.Operation | None:
    """Return the operation of a weight that is in a graph, None if none is; Keras 3 has weights of its own type."""
    handles = (getattr(weight, "handle", weight) for weight in model.weights if isinstance(weight, tf.Variable))
    return next((handle.op for handle in handles if not hasattr(handle, "numpy")), None)


def _model(frame: FrameType) -> Any:
    """Return what a frame of a method of a model or layer, or of a wrapper of it, is about, None for another frame."""
    arguments = frame.f_locals.get("args")
    first = arguments[0] if isinstance(arguments, tuple) and arguments else None
    found = frame.f_locals.get("self", first)
    return found if getattr(found, "weights", None) and hasattr(found, "name") else None


def _way_back(model: Any) -> str:
    """Say how Keras makes models for graphs again; empty where it does."""
    classes = type(model).__mro__
    if any(one.__module__.endswith(_OF_GRAPHS) for one in classes) or not any(
        one.__name__ == "Model" for one in classes
    ):
        return ""
    keras = type(model).__module__.partition(".")[0]
    return f"To have Keras make models for graphs again, in the session's cell: import {keras}; {keras}.Sequential()"
