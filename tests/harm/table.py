"""The table of behaviours, and what is looked at while they happen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

BEHAVIOURS: dict[str, Callable[[], Any]] = {}
"""What TensorFlow does, each in a function that takes nothing and returns, or raises, what there is to see."""

_lookers: list[Callable[[], object]] = []


def behaviour(function: Callable[[], Any]) -> Callable[[], Any]:
    """Put a function into the table."""
    assert function.__name__ not in BEHAVIOURS
    BEHAVIOURS[function.__name__] = function
    return function


def look_with(looker: Callable[[], object]) -> None:
    """Have `looker` called by every `look`."""
    _lookers.append(looker)


def look() -> None:
    """List the sessions, where there is something that lists them: behaviours call it where that could do harm."""
    for looker in _lookers:
        looker()


def error_of(function: Callable[[], object]) -> BaseException:
    """Return what `function` raises."""
    try:
        function()
    except BaseException as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError("nothing was raised")
