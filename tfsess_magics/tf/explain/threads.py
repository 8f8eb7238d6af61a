"""The note under an error that ends a thread whose code takes the defaults of a cell for granted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

from tfsess_magics.tf.introspect.frames import variables_in
from tfsess_magics.tf.session.ownership import home_of

_WANTS_DEFAULTS = re.compile(
    r"No default session is registered|Session graph is empty|is out of scope and cannot be used here"
    r"|not compatible with eager execution|[Ww]hen eager execution is enabled"
)


def explain_unbound(error: BaseException, live: Iterable[Any]) -> str | None:
    """Say how a session is carried into this thread, which is in none, if `error` comes of that."""
    live = list(live)
    names = [session.name for session in live if not session.name.startswith("#")]
    if not names or not (_WANTS_DEFAULTS.search(str(error)) or has_asked_for_a_session(error)):
        return None
    run = variables_in(error, "_run", "partial_run_setup")
    if run and run["self"].graph is not ops.get_default_graph():
        return None
    graph = graph_of_element(error, run.get("fetches"))
    name = graph and home_of(graph, live).name
    if graph is not None and name not in names:
        return None
    session = repr(name) if name else "a session"
    return (
        "this thread is in no session, and TensorFlow's defaults are those of one thread. "
        f"To carry {session} there, in its cell: tfsess_magics.bind(function)"
    )


def graph_of_element(error: BaseException, fetches: Any = None) -> tf.Graph | None:
    """Return the graph of a tensor or operation for which a default session or graph was wanted."""
    evaluated = variables_in(error, "_eval_using_default_session", "_run_using_default_session")
    inputs = variables_in(error, "quick_execute").get("inputs") or ()
    elements = [evaluated.get("tensors", evaluated.get("operation")), *inputs, fetches]
    symbolic = (element for element in elements if element is not None and not hasattr(element, "numpy"))
    return next((element.graph for element in symbolic if isinstance(element, tf.Tensor | tf.Operation)), None)


def has_asked_for_a_session(error: BaseException) -> bool:
    """Say whether it was raised where ``get_default_session()`` was called and gave None."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return (
        isinstance(error, AttributeError)
        and error.obj is None
        and traceback is not None
        and "get_default_session" in traceback.tb_frame.f_code.co_names
    )
