"""The line of code that made an operation, and the cell that ran then, from the stack that the operation remembers.

A kernel gives cells with the same text the same file name, so that the stack does not tell which of these it was.
`note_built` has each cell of a session noted with the operations that it has added to the graph.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, NamedTuple

import tensorflow as tf

from tfsess_magics.core.origin import CELL, cell_of, function_named, is_ours
from tfsess_magics.core.plain import plain
from tfsess_magics.core.protocol import CodeLine
from tfsess_magics.tf.introspect.built import cell_that_built
from tfsess_magics.tf.introspect.paths import is_between


def place_of(operation: tf.Operation) -> str:
    """Return where `operation` was made: ``cell 4``, ``prep/io.py:42``, empty if that is not known.

    A function of a cell makes it for the cell that runs.
    """
    frame = frame_of(operation)
    if frame is None:
        return ""
    if cell_of(frame.filename) is None:
        return f"{_short(frame.filename)}:{frame.lineno}"
    running = (one.filename for one in _frames(operation) if function_named(one.name) == CELL and cell_of(one.filename))
    return cell_that_built(operation, next(running, frame.filename))


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
    return next((one for one in _frames(operation) if not (is_ours(one.filename) or is_between(one.filename))), None)


def _frames(operation: tf.Operation) -> Iterator[Any]:
    """Yield the frames that made `operation`, the innermost first."""
    yield from reversed(list(operation.traceback or ()))


def _short(file: str) -> str:
    return plain("/".join(PurePath(file).parts[-2:]))
