"""The note under an error that was raised in another thread, or in a task that is in no session."""

from __future__ import annotations

import re
import threading
from concurrent.futures import thread as pool
from inspect import CO_COROUTINE
from types import FrameType

from tfsess_magics.core.in_scope import InScope
from tfsess_magics.tf.context.activation import Activation
from tfsess_magics.tf.explain.location import graph_activation
from tfsess_magics.tf.explain.threads import has_asked_for_a_session
from tfsess_magics.tf.introspect.frames import frames

_WANTS_SESSION = re.compile(
    r"No default session is registered|is out of scope and cannot be used here"
    r"|not compatible with eager execution|[Ww]hen eager execution is enabled"
)
_THREADS = (threading.__file__, pool.__file__)
_IN_THREAD = (
    "it was raised in another thread than the cell's, and TensorFlow's defaults are those of one thread. "
    "To carry the cell's session there: tfsess_magics.bind(function)"
)
_BIND = "asyncio.create_task(tfsess_magics.bind(function)())"


def explain_in_task(error: BaseException) -> str | None:
    """Say that a task has left its session with the cell that made it, if `error` comes of that."""
    if not (_WANTS_SESSION.search(str(error)) or has_asked_for_a_session(error)):
        return None
    for frame in frames(error):
        if frame.f_code is InScope._step.__code__:
            scope = frame.f_locals["self"].scope
            if scope.is_over and isinstance(scope, Activation):
                name = scope.session.name
                return (
                    f"it was raised in a task, which was in session {name!r} until the end of the cell that made it. "
                    f"To keep it there, make it under %%tfsession {name} with bind: {_BIND}"
                )
    return None


def explain_elsewhere(error: BaseException) -> str:
    """Say where code of a session's cell runs that is not in its session, and how it gets there."""
    passed, activation = list(frames(error)), graph_activation()
    in_thread = any(frame.f_code.co_filename in _THREADS for frame in passed)
    if in_thread or activation is None or not any(map(_is_of_coroutine, passed)):
        return _IN_THREAD
    return (
        "it was raised in a task that was made outside of the session, and is in none. Make the task in a cell under "
        f"%%tfsession {activation.session.name}: {_BIND}"
    )


def _is_of_coroutine(frame: FrameType) -> bool:
    """Say whether it is of a coroutine function, and not of a cell that awaits."""
    return bool(frame.f_code.co_flags & CO_COROUTINE) and frame.f_locals is not frame.f_globals
