"""The errors and warnings about calls, in one graph, of functions that use tensors of another graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

from tfsess_magics.core.errors import ForeignFunctionError, SessionWarning
from tfsess_magics.core.plain import plain, quoted
from tfsess_magics.tf.explain.location import Live, afresh, graph_activation, here
from tfsess_magics.tf.introspect.frames import variables_in
from tfsess_magics.tf.session.facts import known
from tfsess_magics.tf.session.ownership import describe, home_of

_NAME = re.compile(r"^__(?:inference|forward|backward)_(.+)_\d+$")
_RESTORED = "restored_function_body"


def called_elsewhere(live: Callable[[], Iterable[Any]], name: bytes, inputs: Sequence[Any]) -> Exception:
    """Return the error, or the warning, about the call of a function in another graph than that of its inputs.

    Parameters
    ----------
    live
        Gives the live sessions.
    name
        TensorFlow's name of the function.
    inputs
        Those of the call that are in another graph than the default one.
    """
    sessions, activation, graph = list(live()), graph_activation(), ops.get_default_graph()
    element = inputs[0]
    used = f"{_function(name)} uses {_describe(element, sessions)}"
    own = activation and (activation.generation.graph, ops._default_graph_stack._global_default_graph)
    if own and any(graph is one for one in own):
        return ForeignFunctionError(
            f"{used}; {here(sessions)[1]}, of whose graph no run would work again. {_remedy(element, sessions)}"
        )
    return SessionWarning(
        f"{used}; the call is in another graph, of which no run works from now on. {_remedy(element, sessions)}"
    )


def explain_cycle(error: BaseException, live: Live) -> str | None:
    """Say that a graph which has such a call cannot be used any more."""
    session = variables_in(error, "_run", "_do_run", "_call_tf_sessionrun", "_extend_graph", "__call__").get("self")
    session = session if hasattr(session, "graph") else getattr(session, "_session", None)
    if session is None:
        return None
    on = known(session, live)
    cause = (
        "the graph has an operation whose input is in another graph, or is its own output. A tf.function, or a loaded "
        "module, that was made in another session does that. No run of this graph works any more"
    )
    if on is None or on.name.startswith("#"):
        return f"{cause}: build it again, and make the function in it"
    return f"{cause}. For an empty graph: {afresh(live, on.name)}; and make the function there"


def _function(name: bytes) -> str:
    found = _NAME.match(name.decode(errors="replace"))
    named = found[1] if found else name.decode(errors="replace")
    return "a function of a loaded module" if named == _RESTORED else f"function {quoted(plain(named))}"


def _describe(element: Any, live: Live) -> str:
    said = describe(element, live).replace(" was made ", ", which was made ", 1)
    if element.dtype != tf.resource:
        return said
    return said.replace(f"tensor {quoted(element.name)}", f"variable {quoted(element.op.name)}", 1)


def _remedy(element: Any, live: Live) -> str:
    home = home_of(element.graph, live)
    again = "make the variable and the function, or load the module, in the session where they are used"
    if home.name is None or home.name.startswith("#"):
        return f"{again[0].upper()}{again[1:]}"
    return f"Call it there, and pass the value: %%tfsession {home.name}; or {again}"
