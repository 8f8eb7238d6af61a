"""Exceptions that a signal handler raises in the middle of other code.

A handler may raise anything: ``KeyboardInterrupt``, or ``TimeoutError`` by ``signal.setitimer``. That may come at the
entry of any Python function, before the function has done anything. A second one may come in a ``finally``.

So code that must undo something does it in its own frame, and again after each exception (`TRIES`). The user gets the
exception that came, once (`of_two`). Code that logs an error of the extension's own and goes on calls `let_pass` first.
It knows an exception of a handler by the frame that Python gave the handler.
"""

from __future__ import annotations

import sys
from types import FrameType

TRIES = range(20)
"""The attempts at an action in whose middle an exception may come. An exception of the action itself would come
each time, and those of signal handlers do not come that often."""


def of_two(first: BaseException | None, second: BaseException) -> BaseException:
    """Return the one of two that came one after the other which the user is to get.

    The later one, as in Python; but a second interrupt says no more than the first.
    """
    return first if isinstance(first, KeyboardInterrupt) and isinstance(second, KeyboardInterrupt) else second


def let_pass() -> None:
    """Raise the exception that is being handled again if a signal handler raised it: it is no error of ours."""
    error = sys.exception()
    at = None if error is None else error.__traceback__
    while at is not None:
        if _is_of_handler(at.tb_frame):
            raise  # noqa: PLE0704 - called where one is being handled
        at = at.tb_next


def _is_of_handler(frame: FrameType) -> bool:
    """Say whether a function was given the frame in whose middle it was called, as signal handlers are."""
    given = list(frame.f_locals.values())
    given += [one for several in given if isinstance(several, tuple) for one in several]
    return frame.f_back is not None and any(one is frame.f_back for one in given)
