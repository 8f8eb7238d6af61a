"""Lines that a cell prints without its user having asked for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum, auto


class Topic(IntEnum):
    """The subject of a notice; a cell prints its notices in this order."""

    OPENING = auto()
    """A session that the cell has opened."""
    BODY = auto()
    """TensorFlow's defaults as the cell's body leaves them."""
    SUPPORT = auto()
    """The part of the extension that does not work here."""
    SWITCHES = auto()
    """A switch for the whole process, which code has thrown."""
    GPU_OPTIONS = auto()
    """Options that come too late."""
    DEFAULTS = auto()
    """Graphs and sessions that ordinary code has left open."""
    SCOPES = auto()
    """Devices and names that ordinary code has left open."""
    EAGER_MODE = auto()
    """The loss of eager mode in ordinary cells."""
    GROWTH = auto()
    """A graph that grows in a loop, or from cell to cell."""
    FRONT_ENDS = auto()
    """A front end of another version."""
    TRACES = auto()
    """Runs that an order was to trace, and did not."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A line under a cell."""

    topic: Topic
    text: str


Tell = Callable[[Iterable[Notice]], None]
"""Prints notices under the cell that runs."""
