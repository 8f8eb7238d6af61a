"""The note under an error of a Python function that a run calls, and that takes a default session for granted.

TensorFlow calls the function in a thread of its own, and gives the run an error whose message is the traceback.
"""

from __future__ import annotations

import tensorflow as tf

from tfsess_magics.tf.explain.location import Live
from tfsess_magics.tf.introspect.frames import variables_in
from tfsess_magics.tf.session.facts import known

_CALLER = "script_ops.py"
"""The file of TensorFlow's that calls it."""


def explain_python_function(error: BaseException, live: Live) -> str | None:
    """Say how the function gets the value, or the session, that it wants."""
    if not isinstance(error, tf.errors.OpError) or _CALLER not in error.message:
        return None
    on = known(variables_in(error, "_run").get("self"), live)
    said = (
        "the function of a py_func wanted a session, and TensorFlow calls it where there is none. Give it the value "
        "among its inputs: tf.compat.v1.py_func(function, [tensor], dtype)"
    )
    if on is None or on.name.startswith("#"):
        return said
    return (
        f"{said}; or carry the session there, under %%tfsession {on.name}: "
        "tf.compat.v1.py_func(tfsess_magics.bind(function), [tensor], dtype)"
    )
