"""The variables of a session that have no value, and the operations that give them one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfsess_magics.core.errors import NOTE_PREFIX
from tfsess_magics.core.plain import plain
from tfsess_magics.tf.session.facts import Watched

Run = Callable[[list[str]], object]

_ENDED = (tf.errors.DeadlineExceededError, tf.errors.CancelledError)
"""The errors of a run that was ended, whichever variables it was for."""


def without_value(watched: Watched) -> list[str]:
    """Return the names of the variables that are known to have no value, sorted."""
    return sorted(variable.name for variable in watched.variables() if variable.initialized is False)


def initializers(watched: Watched) -> list[str]:
    """Return the operations that give these variables their first values, in the order of the names."""
    return list(_initializers(watched).values())


def initialize(watched: Watched, run: Run) -> None:
    """Give these variables their first values, all that can have one.

    Raises
    ------
    tf.errors.OpError
        The first one of an initializer that fails, with a note that names each variable and says what to do.
    """
    session, by_variable = watched.session, _initializers(watched)
    failed = _initialize(watched, run, list(by_variable.values())) if by_variable else {}
    if session is None or not failed:
        return
    without = [variable for variable, operation in by_variable.items() if operation in failed]
    first = session.graph.get_operation_by_name(by_variable[without[0]])
    error = failed[first.name]
    error.add_note(NOTE_PREFIX + _note(without, first))
    raise error from None


def _initialize(watched: Watched, run: Run, operations: list[str]) -> dict[str, tf.errors.OpError]:
    """Run initializers; return those that fail, with their errors. Some runs find one among many."""
    try:
        run(operations)
    except _ENDED:
        raise
    except tf.errors.OpError as error:
        if len(operations) == 1:
            return {operations[0]: error}
    else:
        return {}
    left = [operation for operation in initializers(watched) if operation in operations]
    half = (len(left) + 1) // 2
    parts = [part for part in (left[:half], left[half:]) if part]
    return {name: error for part in parts for name, error in _initialize(watched, run, part).items()}


def _note(variables: list[str], first: tf.Operation) -> str:
    fed = ", ".join(f"{name!r}: ..." for name in _placeholders(first))
    run = f"{first.name!r}, {{{fed}}}" if fed else repr(first.name)
    return (
        "--init ran the initializers of the variables without a value, and could not give one to "
        f"{', '.join(map(plain, variables))}. To initialize {plain(variables[0])}, with what its initial value needs: "
        f"tf.compat.v1.get_default_session().run({run})"
    )


def _placeholders(operation: tf.Operation) -> list[str]:
    """Return the placeholders that an operation needs, as keys of a ``feed_dict``."""
    needed, found = [operation], set[tf.Operation]()
    while needed:
        one = needed.pop()
        if one not in found:
            found.add(one)
            needed += [tensor.op for tensor in one.inputs] + list(one.control_inputs)
    return sorted(op.outputs[0].name for op in found if op.type == "Placeholder")


def _initializers(watched: Watched) -> dict[str, str]:
    session = watched.session
    names = without_value(watched)
    if session is None or not names:
        return {}
    collected = {v.op.name: v.initializer.name for v in _collected(session.graph)}
    found = {name: collected.get(name) or _assignment(session.graph, name) for name in names}
    return {name: operation for name, operation in found.items() if operation}


def _collected(graph: tf.Graph) -> list[Any]:
    keys = (tf.compat.v1.GraphKeys.GLOBAL_VARIABLES, tf.compat.v1.GraphKeys.LOCAL_VARIABLES)
    return [variable for key in keys for variable in graph.get_collection(key)]


def _assignment(graph: tf.Graph, name: str) -> str | None:
    """Return the first operation that assigns to a variable; of one in no collection only the graph knows it."""
    consumers = graph.get_operation_by_name(name).outputs[0].consumers()
    return next((op.name for op in consumers if op.type in ("AssignVariableOp", "Assign")), None)
