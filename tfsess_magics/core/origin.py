"""The origin of a session: the code that makes it, found on the stack.

It is the innermost caller outside this package, and for sessions of other code also outside TensorFlow, Keras and
``contextlib``. The makers of sessions that were there before the extension are not known.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType

from tfsess_magics.core.model import Maker, Origin

CellLocator = Callable[[str], int | None]
"""From the file name of code to the execution count of the notebook cell that it is, None if it is none."""

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
    """Return the execution count of the notebook cell whose code has that file name, None if it is no cell's."""
    return next((cell for locate in _locators if (cell := locate(file)) is not None), None)


def calling_cell() -> int | None:
    """Return the execution count of the innermost notebook cell that is calling, None if none is."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if (cell := cell_of(frame.f_code.co_filename)) is not None:
            return cell
        frame = frame.f_back
    return None


def is_ours(file: str) -> bool:
    """Say whether `file` is one of this package."""
    return file.startswith(_PACKAGE)


def function_of(code: CodeType) -> str:
    """Return the name of the function whose code that is, ``<module>`` for what is in none."""
    # IPython 8.5: before, it calls the code of a cell ``<cell line: 1>``.
    return "<module>" if code.co_name.startswith("<cell line: ") else code.co_name


def calling_origin(maker: Maker = Maker.API, passes: Callable[[str], bool] = is_ours) -> Origin:
    """Return the origin of the code that is calling, outside this package and the files that `passes` is true of."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (is_ours(frame.f_code.co_filename) or passes(frame.f_code.co_filename)):
        frame = frame.f_back
    if frame is None:
        return Origin(maker=maker)
    file = frame.f_code.co_filename
    return Origin(
        maker=maker,
        module=frame.f_globals.get("__name__", ""),
        function=function_of(frame.f_code),
        file=file,
        line=frame.f_lineno,
        cell=cell_of(file),
    )
