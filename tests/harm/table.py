"""The table of behaviours, and what is looked at while they happen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

BEHAVIOURS: dict[str, Callable[[], Any]] = {}
"""What TensorFlow does, each in a function that takes nothing and returns, or raises, what there is to see."""

_lookers: list[Callable[[], object]] = []
_looking: list[AbstractContextManager[Any]] = []


def behaviour(function: Callable[[], Any]) -> Callable[[], Any]:
    """Put a function into the table."""
    assert function.__name__ not in BEHAVIOURS
    BEHAVIOURS[function.__name__] = function
    return function


def look_with(looker: Callable[[], object], looking: AbstractContextManager[Any]) -> None:
    """Have `looker` called by every `look`; `looking` is the lock of who looks on its own account."""
    _lookers.append(looker)
    _looking.append(looking)


def look() -> None:
    """List the sessions, where there is something that lists them: behaviours call it where that could do harm."""
    for looker in _lookers:
        looker()


def nobody_looks() -> AbstractContextManager[Any]:
    """Keep who looks on its own account from referring to anything for a moment."""
    return _looking[0] if _looking else nullcontext()


def error_of(function: Callable[[], object]) -> BaseException:
    """Return what `function` raises."""
    try:
        function()
    except BaseException as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError("nothing was raised")
