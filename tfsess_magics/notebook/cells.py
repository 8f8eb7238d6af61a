"""The numbers of a shell's cells."""

from __future__ import annotations

import re
import sys
from types import FrameType

from IPython.core.interactiveshell import InteractiveShell

_LABEL = re.compile(r"In\[(\d+)\]")


def cell_of_file(shell: InteractiveShell, file: str) -> int | None:
    """Return the execution count of the cell whose code has that file name, None if it is no cell's."""
    label = shell.compile.format_code_name(file)
    match = _LABEL.fullmatch(label[1]) if label else None
    return int(match[1]) if match else None


def calling_cell(shell: InteractiveShell) -> int:
    """Return the execution count of the innermost cell that is calling, of the next one if none is."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        cell = cell_of_file(shell, frame.f_code.co_filename)
        if cell is not None:
            return cell
        frame = frame.f_back
    return int(shell.execution_count)
