"""The function that carries the session of a thread to the threads that it starts.

A thread that a session's cell starts is not in the session: what it runs is eager, and does not fail. A bound
function enters the named session as a ``with`` block does, in whatever thread calls it.

Without `bind` a line under the cell names only the eager variables that its code makes in another thread. For that
the cell's own code has to be on the thread's stack, and the cell must not have ended.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from tfsess_magics.core.errors import NoSessionError
from tfsess_magics.tf.context.activation import innermost_activation

P = ParamSpec("P")
R = TypeVar("R")


def bind(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` as one that is in this thread's session wherever it is called; see `tfsess_magics.bind`."""
    activation = innermost_activation()
    if activation is None:
        raise NoSessionError("bind carries the session of a cell or with block, and this thread is in none.")
    session = activation.session

    @functools.wraps(function)
    def in_session(*args: P.args, **kwargs: P.kwargs) -> R:
        with session:
            return function(*args, **kwargs)

    return in_session
