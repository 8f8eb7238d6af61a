"""The variables that have no value in a session, and the line that initializes just those."""

from __future__ import annotations

import tensorflow as tf

from tfsess_magics.core.plain import plain
from tfsess_magics.tf.session.facts import Watched
from tfsess_magics.tf.session.initializers import initializers, without_value

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
    without = without_value(watched)
    if not without:
        return None
    is_default = tf.compat.v1.get_default_session() is session
    if (
        is_default
        and len(without) == len(watched.variables()) > _MAX_LISTED
        and set(without) == {v.op.name for v in session.graph.get_collection("variables")}
    ):
        return f"no variable has a value in this session. To initialize them: {_ALL}"
    where = "tf.compat.v1.get_default_session()" if is_default else expression
    return (
        f"without a value in this session: {', '.join(map(plain, without))}. "
        f"To initialize just these: {where}.run({initializers(watched)})"
    )
