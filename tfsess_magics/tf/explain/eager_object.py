"""The note under an error about an object of eager code that was used in a graph: what it is, and what can be done.

TensorFlow's messages show the tensor by which the object refers to its resource, so that all of them look alike. The
object is the one that has this tensor as an attribute.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow.python.ops.resource_variable_ops import BaseResourceVariable

from tfsess_magics.core.plain import plain, quoted
from tfsess_magics.tf.explain.location import Live, here
from tfsess_magics.tf.introspect.frames import variables_in
from tfsess_magics.tf.introspect.owners import owners_of


def explain_eager_object(handle: Any, live: Live) -> str:
    """Say what the object is to which an eager tensor is the handle, and what can be done.

    Parameters
    ----------
    handle
        An eager tensor of a type that has no value for Python.
    live
        The live sessions.
    """
    for owner in owners_of(handle):
        if isinstance(owner, BaseResourceVariable):
            return explain_eager_variable(owner, live)
    return f"an object {_eager(live)}. Make it {_in_this(live)}"


def explain_eager_variable(variable: Any, live: Live) -> str:
    """Say how the value of an eager variable gets into a graph."""
    place = "in an ordinary cell" if here(live)[0] else "outside of the graph"
    return (
        f"variable {quoted(plain(variable.name))} {_eager(live)}. Take its value {place} first: "
        f"value = variable.numpy(); or make the variable {_in_this(live)}"
    )


def explain_value(error: BaseException, live: Live) -> str | None:
    """Say how to get the value of a variable, which has none for Python where a graph is built."""
    variable = variables_in(error, "numpy", "eval").get("self")
    if variable is not None and is_eager(variable):
        return explain_eager_variable(variable, live)
    return None


def explain_fetch(error: BaseException, live: Live) -> str | None:
    """Say how to get the value of an eager variable that a session was asked to run."""
    variable = variables_in(error, "_as_graph_element_locked").get("obj")
    if variable is None or not is_eager(variable):
        return None
    if tf.executing_eagerly():
        return f"variable {quoted(plain(variable.name))} was made in eager mode. To get its value: variable.numpy()"
    return explain_eager_variable(variable, live)


def is_eager(variable: Any) -> bool:
    """Say whether it is a variable of eager code."""
    return isinstance(variable, BaseResourceVariable) and hasattr(variable.handle, "numpy")


def _eager(live: Live) -> str:
    return f"was made in eager mode and is in no graph; {here(live)[1]}"


def _in_this(live: Live) -> str:
    return "in this session" if here(live)[0] else "in this graph"
