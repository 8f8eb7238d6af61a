"""Carries the session that a thread is in to the threads that it starts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from tfsess_magics.core.errors import NoSessionError
from tfsess_magics.tf.stay import innermost_stay

P = ParamSpec("P")
R = TypeVar("R")


def bind(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` as one that is in this thread's session wherever it is called; see `tfsess_magics.bind`."""
    stay = innermost_stay()
    if stay is None:
        raise NoSessionError("bind carries the session of a cell or with block, and this thread is in none.")
    session = stay.session

    @functools.wraps(function)
    def in_session(*args: P.args, **kwargs: P.kwargs) -> R:
        with session:
            return function(*args, **kwargs)

    return in_session
