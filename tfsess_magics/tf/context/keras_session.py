"""The default session that Keras' v1 backend keeps for itself, and the graph of its eager code: one of each per thread.

``set_session`` and ``clear_session`` change them, and ``clear_session`` closes the session. An activation swaps them
with the other defaults. In a session's cell ``clear_session`` also forgets the names and learning phases that Keras
keeps for the whole process. So layers that the notebook makes after it are counted anew.
"""

from __future__ import annotations

import sys
from typing import Any

from tfsess_magics.tf.compat import KERAS_2_BACKENDS

BACKENDS = (*KERAS_2_BACKENDS, "tensorflow.python.keras.backend")
"""Modules that keep a session; Keras 3 has none."""
State = tuple[Any, ...]
"""Keras' values for this thread, the session and graph of each backend; None for each that it has not."""

NOTHING: State = (None,) * 2 * len(BACKENDS)


def take() -> State:
    """Return what Keras has for this thread."""
    return tuple(None if local is None else getattr(local, attribute, None) for local, attribute in _locals())


def put(state: State) -> None:
    """Give Keras that for this thread, as far as it is imported."""
    for (local, attribute), value in zip(_locals(), state, strict=True):
        if local is not None and getattr(local, attribute, None) is not value:
            setattr(local, attribute, value)


def has_new_session(state: State, before: State) -> bool:
    """Say whether Keras has got a session since it had `before`."""
    sessions = zip(state[::2], before[::2], strict=True)
    return any(session is not None and session is not old for session, old in sessions)


def _locals() -> list[tuple[Any, str]]:
    """Return Keras' variables, each a ``threading.local`` or None, and which attribute of it matters."""
    found: list[tuple[Any, str]] = []
    for backend in BACKENDS:
        names = getattr(sys.modules.get(backend), "__dict__", {})
        found += (names.get("_SESSION"), "session"), (names.get("_GRAPH"), "graph")
    return found
