"""The cells that have built the operations of a graph.

An operation remembers the file names on the stack that made it. A kernel gives cells with the same text the same file
name, so that these do not tell which of the cells it was. The numbers of a cell's operations do.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple
from weakref import WeakKeyDictionary

import tensorflow as tf

from tfsess_magics.core.origin import cells_of

_KEPT = 1024
"""Of a graph so many of the last parts are kept."""


class _Part(NamedTuple):
    """The operations of a graph between two counts of them."""

    begun: int
    ended: int
    by: str
    """The activation that has built them: ``cell 5``."""


_parts: WeakKeyDictionary[tf.Graph, deque[_Part]] = WeakKeyDictionary()


def note_built(graph: tf.Graph, begun: int, by: str) -> None:
    """Note that `by` has built what `graph` has beyond its first `begun` operations; any thread may call it."""
    ended = graph.num_operations()
    if ended > begun:
        _parts.setdefault(graph, deque(maxlen=_KEPT)).append(_Part(begun, ended, by))


def cell_that_built(operation: tf.Operation, file: str) -> str:
    """Return the cell with the file name `file` that made `operation`: ``cell 4``."""
    *earlier, last = (f"cell {number}" for number in cells_of(file))
    if not earlier:
        return last
    parts = [part for part in list(_parts.get(operation.graph, ())) if part.by in (last, *earlier)]
    if not parts:
        return f"{last} or an earlier one with the same text"
    index = operation.graph.get_operations().index(operation)
    # It is of no part yet while the cell runs.
    return next((part.by for part in parts if part.begun <= index < part.ended), last)
