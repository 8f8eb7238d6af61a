"""The note under an error about a tensor that was used in another graph, or another mode, than it was made in."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

from tfsess_magics.core.plain import quoted
from tfsess_magics.tf.explain.eager_object import explain_eager_object
from tfsess_magics.tf.explain.location import Live, after_reset, graph_activation, here, way_to
from tfsess_magics.tf.explain.tasks import explain_elsewhere
from tfsess_magics.tf.instrument import functions
from tfsess_magics.tf.introspect.frames import variables_in
from tfsess_magics.tf.introspect.paths import KERAS
from tfsess_magics.tf.session.ownership import describe, home_of


def explain_other_graph(error: BaseException, live: Live) -> str | None:
    """Say where a tensor belongs that was used in another graph than its own."""
    if found := variables_in(error, "_assert_same_graph"):
        elements = [found["item"], found["original_item"]]
        graph = None if tf.executing_eagerly() else ops.get_default_graph()
        if graph not in [element.graph for element in elements]:
            both = "; ".join(describe(element, live) for element in reversed(elements))
            return f"{both}. Evaluate one of them, and pass the value to the graph of the other"
        return explain_foreign(live, next(element for element in elements if element.graph is not graph), graph)
    if found := variables_in(error, "_as_graph_element_locked"):
        element = ops._as_graph_element(found["obj"]) or found["obj"]
        return None if element.graph is found["self"] else explain_foreign(live, element, found["self"])
    if found := variables_in(error, "_eval_using_default_session"):
        return explain_foreign(live, found["tensors"], found["session"].graph)
    if found := variables_in(error, "_run_using_default_session"):
        return explain_foreign(live, found["operation"], found["session"].graph)
    return None


def explain_foreign(live: Live, element: Any, graph: tf.Graph | None, way: str = "") -> str:
    """Say where a tensor, operation or variable belongs that was used in another graph.

    Parameters
    ----------
    graph
        That one; None for eager code.
    way
        The sentence about what can be done where it belongs, if it is not to run it.
    """
    reset = None if graph is None else after_reset(live, quoted(element.name), graph)
    if reset and element.graph is ops.get_default_graph():
        return reset
    home = home_of(element.graph, live)
    name, place = here(live, graph)
    if home.name is None:
        is_named = name and not name.startswith("#")
        remedy = f"Build it again in {name!r}." if is_named else "Build it in the graph where it is used."
    elif home.name.startswith("#"):
        remedy = f"To run it where it was made: %tfsession adopt {home.name} NAME"
    elif graph is not None and home_of(graph, live).successor == home.name:
        remedy = f"Ask for the present session: tfsess_magics.get({home.name!r}).session"
    else:
        way = way or ("Run it there" if isinstance(element, tf.Operation) else "Evaluate it there and pass the value")
        remedy = f"{way}: %%tfsession {home.name}"
    return f"{describe(element, live)}; {place}. {remedy}"


def explain_out_of_scope(error: BaseException, live: Live) -> str | None:
    """Say where a tensor of a graph belongs that was used in eager code."""
    inputs = variables_in(error, "quick_execute").get("inputs") or ()
    element = next((i for i in inputs if isinstance(i, tf.Tensor) and not hasattr(i, "numpy")), None)
    if element is None:
        weight = variables_in(error, "__tf_tensor__", of=KERAS).get("self")
        element = getattr(getattr(weight, "value", None), "handle", None)
    if element is None or hasattr(element, "numpy") or element.graph.building_function:
        return None
    if graph_activation():
        return explain_elsewhere(error)
    return f"{describe(element, live)}; this cell is eager. {way_to(live, element)}"


def explain_eager_code(error: BaseException, live: Live) -> str:
    """Say what to do where code that builds a graph is run eagerly."""
    if graph_activation() and not tf.executing_eagerly():
        return explain_elsewhere(error)
    evaluated = getattr(variables_in(error, "eval").get("self"), "handle", None)
    if isinstance(evaluated, tf.Tensor):
        if hasattr(evaluated, "numpy"):
            return "the variable was made in eager mode. To get its value: .numpy()"
        return f"{describe(evaluated, live)}; this cell is eager. {way_to(live, evaluated)}"
    return "this code builds a graph, and here TensorFlow is eager. Put the cell in a session: %%tfsession NAME"


def explain_eager_tensor(error: BaseException, live: Live) -> str | None:
    """Say what to do with a tensor of eager code that was used in a graph, or one of a graph that was fed."""
    captured = variables_in(error, "__tf_tensor__").get("self")
    if captured is None:
        weight = variables_in(error, "__tf_tensor__", of=KERAS).get("self")
        captured = getattr(getattr(weight, "value", None), "handle", None)
    if captured is None:  # TensorFlow takes its frames from the traceback, and not that of our wrapper
        inputs = variables_in(error, "make_call_op_in_graph", of=(functions.__file__,)).get("tensor_inputs", ())
        captured = next((one for one in inputs if isinstance(one, tf.Tensor) and hasattr(one, "numpy")), None)
    fetched = variables_in(error, "_as_graph_element_locked").get("obj")
    fed = variables_in(error, "_run").get("subfeed_val")
    tensor = next((t for t in (captured, fetched, fed) if t is not None), None)
    if not isinstance(tensor, tf.Tensor):
        return None
    if not hasattr(tensor, "numpy"):
        return f"{describe(tensor, live)}; run it first, and feed its value."
    return explain_tensor_of_eager_code(tensor, live)


def explain_tensor_of_eager_code(tensor: Any, live: Live) -> str:
    """Say what can be done with an eager tensor in a graph."""
    if tensor.dtype in (tf.resource, tf.variant):
        return explain_eager_object(tensor, live)
    return (
        f"a tensor of shape {tensor.shape} was made in eager mode and is in no graph; {here(live)[1]}. "
        "Pass its value: .numpy()"
    )
