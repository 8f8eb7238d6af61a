"""The default session that Keras' v1 backend keeps for itself, and the graph of its eager code: one of each per thread.

``set_session`` and ``clear_session`` change them. A stay swaps them with the other defaults; who called ``set_session``
is known because the variable in which Keras keeps its session, a ``threading.local``, is put into a `NotingLocal`.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from tfsess_magics.tf.arrival import when_imported
from tfsess_magics.tf.compat import KERAS_2_BACKENDS
from tfsess_magics.tf.guard import Caller, caller
from tfsess_magics.tf.stay import innermost_stay

BACKENDS = (*KERAS_2_BACKENDS, "tensorflow.python.keras.backend")
"""Modules that keep a session; Keras 3 has none."""
State = tuple[Any, ...]
"""What Keras has for this thread, None for each that it has not."""

NOTHING: State = (None,) * 2 * len(BACKENDS)


def take() -> State:
    """Return what Keras has for this thread."""
    return tuple(None if local is None else getattr(local, attribute, None) for local, attribute in _locals())


def put(state: State) -> None:
    """Give Keras that for this thread, as far as it is imported."""
    for (local, attribute), value in zip(_locals(), state, strict=True):
        if local is not None and getattr(local, attribute, None) is not value:
            setattr(local, attribute, value)


def _locals() -> list[tuple[Any, str]]:
    """Return Keras' variables, each a ``threading.local`` or None, and which attribute of it matters."""
    found: list[tuple[Any, str]] = []
    for backend in BACKENDS:
        names = getattr(sys.modules.get(backend), "__dict__", {})
        session = names.get("_SESSION")
        if isinstance(session, NotingLocal):
            session = session.__dict__["_tfsess_magics"][0]
        found += (session, "session"), (names.get("_GRAPH"), "graph")
    return found


class NotingLocal:
    """Keras' variable for its session, that knows who calls ``set_session``; all else goes to the one that it had."""

    def __init__(self, original: Any, was_set: Callable[[Caller], None]) -> None:
        vars(self)["_tfsess_magics"] = original, was_set

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tfsess_magics[0], name)

    def __setattr__(self, name: str, value: Any) -> None:
        original, was_set = self._tfsess_magics
        setattr(original, name, value)
        if sys._getframe(1).f_code.co_name == "set_session" and (who := caller()):
            stay = innermost_stay()
            (stay.keras_sessions.append if stay else was_set)(who)


_undo: list[Callable[[], None]] = []


def install(was_set: Callable[[Caller], None]) -> None:
    """Begin to note who calls ``set_session``, once it is imported; harmless when it is done already.

    Parameters
    ----------
    was_set
        Told who called it outside of sessions.
    """
    if not _undo:
        _undo.extend(when_imported(backend, functools.partial(_note, backend, was_set)) for backend in BACKENDS)


def uninstall() -> None:
    """Leave Keras as it was. Harmless when it is done already."""
    while _undo:
        _undo.pop()()
    for backend in BACKENDS:
        names = vars(sys.modules[backend]) if backend in sys.modules else {}
        if isinstance(local := names.get("_SESSION"), NotingLocal):
            names["_SESSION"] = local._tfsess_magics[0]


def _note(backend: str, was_set: Callable[[Caller], None]) -> None:
    names = vars(sys.modules[backend])
    local = names.get("_SESSION")
    if local is not None and not isinstance(local, NotingLocal):
        names["_SESSION"] = NotingLocal(local, was_set)
