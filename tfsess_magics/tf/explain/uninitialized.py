"""The variables that have no value in a session, and the line that initializes just those."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfsess_magics.core.plain import plain
from tfsess_magics.tf.session.facts import Watched

_ALL = "tf.compat.v1.global_variables_initializer().run()"
_MAX_LISTED = 8
"""More variables than these are not listed where none has a value and one well-known line initializes them."""


def explain_uninitialized(watched: Watched, expression: str) -> str | None:
    """Say which variables have no value and how to give it to them, None if all have one or it is not known.

    Parameters
    ----------
    watched
        The session.
    expression
        Gives the session where it is not the default one.
    """
    session = watched.session
    if session is None:
        return None
    variables = watched.variables()
    without = sorted(variable.name for variable in variables if variable.initialized is False)
    if not without:
        return None
    is_default = tf.compat.v1.get_default_session() is session
    in_graph = {v.op.name: v.initializer.name for v in _collected(session.graph)}
    if (
        is_default
        and len(without) == len(variables) > _MAX_LISTED
        and set(without) == {v.op.name for v in session.graph.get_collection("variables")}
    ):
        return f"no variable has a value in this session. To initialize them: {_ALL}"
    initializers = [in_graph.get(name) or _initializer(session.graph, name) for name in without]
    where = "tf.compat.v1.get_default_session()" if is_default else expression
    return (
        f"without a value in this session: {', '.join(map(plain, without))}. "
        f"To initialize just these: {where}.run({list(filter(None, initializers))})"
    )


def _collected(graph: tf.Graph) -> list[Any]:
    keys = (tf.compat.v1.GraphKeys.GLOBAL_VARIABLES, tf.compat.v1.GraphKeys.LOCAL_VARIABLES)
    return [variable for key in keys for variable in graph.get_collection(key)]


def _initializer(graph: tf.Graph, name: str) -> str | None:
    """Return the operation that gives a variable its first value; of one in no collection only the graph knows it."""
    consumers = graph.get_operation_by_name(name).outputs[0].consumers()
    return next((op.name for op in consumers if op.type in ("AssignVariableOp", "Assign")), None)
