"""The line of code that made an operation, from the stack that the operation remembers."""

from __future__ import annotations

import linecache
from pathlib import PurePath
from typing import Any, NamedTuple

import tensorflow as tf

from tfsess_magics.core.origin import cell_of, is_ours
from tfsess_magics.core.plain import plain
from tfsess_magics.core.protocol import CodeLine
from tfsess_magics.tf.introspect.paths import is_between


def place_of(operation: tf.Operation) -> str:
    """Return where `operation` was made: ``cell 4``, ``prep/io.py:42``, empty if that is not known."""
    frame = frame_of(operation)
    if frame is None:
        return ""
    cell = cell_of(frame.filename)
    return f"{_short(frame.filename)}:{frame.lineno}" if cell is None else f"cell {cell}"


class Line(NamedTuple):
    """A line of code that made an operation."""

    file: str
    number: int
    text: str
    """Empty if its file cannot be read."""

    @property
    def shown(self) -> CodeLine:
        """The line as messages show it."""
        text = plain(self.text[: 2 * _WIDTH])
        text = text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
        return CodeLine(_short(self.file), self.number, cell_of(self.file), text)


_WIDTH = 80
"""Characters of a line of code at most, where it is shown."""


def line_of(operation: tf.Operation) -> Line | None:
    """Return the line that made `operation`, None if that is not known."""
    frame = frame_of(operation)
    if frame is None:
        return None
    return Line(frame.filename, frame.lineno, linecache.getline(frame.filename, frame.lineno).strip())


def frame_of(operation: tf.Operation) -> Any:
    """Return the innermost frame outside TensorFlow, Keras and this package that made `operation`, None if unknown."""
    for frame in reversed(list(operation.traceback or ())):
        file = frame.filename
        if not (is_ours(file) or is_between(file)):
            return frame
    return None


def _short(file: str) -> str:
    return plain("/".join(PurePath(file).parts[-2:]))
