"""The cell that a thread runs, for code that has something to say to its user while it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple


class RunningCell(NamedTuple):
    """The output of a running cell, and what its user can do."""

    say: Callable[[str], None]
    """Prints a line below the cell; any thread may call it."""
    can_interrupt_again: bool
    """True if a person is there and can send a second interrupt."""
    is_running: Callable[[], bool] = lambda: True
    """Returns True while it runs; a terminal does not tell."""


CellFinder = Callable[[int], RunningCell | None]
"""Takes the `threading.get_ident` of a thread; returns None if it knows no cell of that thread."""

_finders: list[CellFinder] = []


def add_cell_finder(finder: CellFinder) -> None:
    """Have `finder` asked for running cells."""
    _finders.append(finder)


def remove_cell_finder(finder: CellFinder) -> None:
    """Have `finder` asked no longer. Harmless when it is not."""
    if finder in _finders:
        _finders.remove(finder)


def running_cell(thread: int) -> RunningCell:
    """Return the cell that a thread runs; the terminal of the process if no finder knows one."""
    known = (found for find in _finders if (found := find(thread)) is not None)
    return next(known, None) or RunningCell(_say_in_terminal, _has_terminal())


def _say_in_terminal(text: str) -> None:
    if sys.__stderr__ is not None:
        print(text, file=sys.__stderr__, flush=True)


def _has_terminal() -> bool:
    return sys.__stdin__ is not None and not sys.__stdin__.closed and sys.__stdin__.isatty()
