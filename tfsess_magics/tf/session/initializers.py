"""The variables of a session that have no value, and the operations that give them one."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfsess_magics.tf.session.facts import Watched


def without_value(watched: Watched) -> list[str]:
    """Return the names of the variables that are known to have no value, sorted."""
    return sorted(variable.name for variable in watched.variables() if variable.initialized is False)


def initializers(watched: Watched) -> list[str]:
    """Return the operations that give these variables their first values, in the order of the names."""
    session = watched.session
    names = without_value(watched)
    if session is None or not names:
        return []
    collected = {v.op.name: v.initializer.name for v in _collected(session.graph)}
    found = (collected.get(name) or _assignment(session.graph, name) for name in names)
    return [name for name in found if name]


def _collected(graph: tf.Graph) -> list[Any]:
    keys = (tf.compat.v1.GraphKeys.GLOBAL_VARIABLES, tf.compat.v1.GraphKeys.LOCAL_VARIABLES)
    return [variable for key in keys for variable in graph.get_collection(key)]


def _assignment(graph: tf.Graph, name: str) -> str | None:
    """Return the first operation that assigns to a variable; of one in no collection only the graph knows it."""
    consumers = graph.get_operation_by_name(name).outputs[0].consumers()
    return next((op.name for op in consumers if op.type in ("AssignVariableOp", "Assign")), None)
