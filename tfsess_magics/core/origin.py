"""The origin of a session: the code that makes it, found on the stack.

It is the innermost caller outside this package, and for sessions of other code also outside TensorFlow, Keras and
``contextlib``. Where that is a function of a notebook cell, the origin is the cell that runs, whose code has called
the function. The makers of sessions that were there before the extension are not known.

A cell has its own file name only where IPython makes that of the cell's number. A kernel makes it of the cell's text,
so that cells with the same text share one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Protocol

from tfsess_magics.core.model import Maker, Origin


class CellLocator(Protocol):
    """The execution counts of notebook cells by the file names of their code."""

    def number_of(self, file: str) -> int | None:
        """Return that of the cell that has run last with that file name, None if it is no cell's."""

    def numbers_of(self, file: str) -> Sequence[int]:
        """Return those of all cells that have run with that file name, the last one last."""


CELL = "<module>"
"""The function of code that is in none: that of a cell which runs, and of a module that is imported."""
_PACKAGE = f"{Path(__file__).parents[1]}{os.sep}"
_locators: list[CellLocator] = []


def add_cell_locator(locator: CellLocator) -> None:
    """Have `locator` asked for the cells of origins."""
    _locators.append(locator)


def remove_cell_locator(locator: CellLocator) -> None:
    """Have `locator` asked no longer. Harmless when it is not."""
    if locator in _locators:
        _locators.remove(locator)


def cell_of(file: str) -> int | None:
    """Return the execution count of the last cell whose code has that file name, None if it is no cell's."""
    return next((cell for locator in _locators if (cell := locator.number_of(file)) is not None), None)


def cells_of(file: str) -> Sequence[int]:
    """Return the execution counts of all cells whose code has that file name, the last one last."""
    return next((cells for locator in _locators if (cells := locator.numbers_of(file))), ())


def calling_cell() -> int | None:
    """Return the execution count of the innermost notebook cell that runs and is calling.

    Without one, as in a thread, that of the cell which has defined the innermost function of a cell; None without any.
    """
    frame = _frame_of_cell(sys._getframe(1))
    return None if frame is None else cell_of(frame.f_code.co_filename)


def _frame_of_cell(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame, from `frame` outward, of a cell that runs; without one, of a function of a cell."""
    of_function: FrameType | None = None
    for at in _outward(frame):
        if cell_of(at.f_code.co_filename) is None:
            continue
        if function_of(at.f_code) == CELL:
            return at
        of_function = of_function or at
    return of_function


def _outward(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def is_ours(file: str) -> bool:
    """Say whether `file` is one of this package."""
    return file.startswith(_PACKAGE)


def function_of(code: CodeType) -> str:
    """Return the name of the function whose code that is, ``<module>`` for what is in none."""
    return function_named(code.co_name)


def function_named(name: str) -> str:
    """Return the name of the function whose code has that name, ``<module>`` for what is in none."""
    # IPython 8.5: before, it calls the code of a cell ``<cell line: 1>``.
    return CELL if name.startswith("<cell line: ") else name


def calling_origin(maker: Maker = Maker.API, passes: Callable[[str], bool] = is_ours) -> Origin:
    """Return the origin of the code that is calling, outside this package and the files that `passes` is true of."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (is_ours(frame.f_code.co_filename) or passes(frame.f_code.co_filename)):
        frame = frame.f_back
    if frame is None:
        return Origin(maker=maker)
    file = frame.f_code.co_filename
    cell = cell_of(file)
    running = None if cell is None else _frame_of_cell(frame)
    if running is not None and running.f_code.co_filename != file:
        frame, file = running, running.f_code.co_filename
        cell = cell_of(file)
    return Origin(
        maker=maker,
        module=frame.f_globals.get("__name__", ""),
        function=function_of(frame.f_code),
        file=file,
        line=frame.f_lineno,
        cell=cell,
    )
