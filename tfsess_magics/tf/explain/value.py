"""The note under an error about the value of a graph's tensor, which Python or numpy wanted to have while it builds.

Python's own functions raise such an error without a frame of TensorFlow's, so that the tensor is not known. Where
TensorFlow builds the graph of a function no note is added: there a tensor has no value at all.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfsess_magics.tf.explain.location import Live, graph_activation, here, way_to
from tfsess_magics.tf.introspect.frames import frames, variables_in
from tfsess_magics.tf.introspect.paths import TENSORFLOW
from tfsess_magics.tf.session.ownership import describe, home_of

_GET = "To get it: tensor.eval()"


def explain_value_of_tensor(error: BaseException, live: Live) -> str | None:
    """Say how the value of a graph's tensor is had."""
    tensor = variables_in(error, "__array__", "__bool__", "__iter__", "_disallow").get("self", _subject(error))
    if tensor is None:
        return None if _is_in_tensorflow(error) else _without_tensor(live)
    if not isinstance(tensor, tf.Tensor) or tensor.graph.building_function:
        return None
    activation = graph_activation()
    if activation is not None and activation.generation.graph is tensor.graph:
        return f"a tensor of a graph has a value only while a session runs it. {_way(error)}"
    home, place = home_of(tensor.graph, live), here(live)[1]
    if activation is None or home.name is None or home.name.startswith("#"):
        return (
            f"{describe(tensor, live)}, and has its value in a run of its session only; {place}. {way_to(live, tensor)}"
        )
    return f"{describe(tensor, live)}; {place}. Evaluate it there and pass the value: %%tfsession {home.name}"


def _without_tensor(live: Live) -> str:
    if graph_activation():
        return f"a tensor of a graph has a value only while a session runs it. {_GET}"
    return (
        f"{here(live)[1]}, and a tensor of a graph has its value in a run of its session only. "
        "In a cell of that session, %%tfsession NAME: tensor.eval()"
    )


def _way(error: BaseException) -> str:
    message = str(error)
    if "`bool`" in message:
        return f"{_GET}; to decide in each run: tf.cond(tensor, if_true, if_false)"
    return f"{_GET}; to have its parts as tensors: tf.unstack(tensor)" if "Iterating over" in message else _GET


def _subject(error: BaseException) -> Any:
    return error.obj if isinstance(error, AttributeError) else None


def _is_in_tensorflow(error: BaseException) -> bool:
    return any(frame.f_code.co_filename.startswith(TENSORFLOW) for frame in frames(error))
