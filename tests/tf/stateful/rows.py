"""What is known of a session, and of a place inside one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tfsess_magics import Kind


@dataclass(eq=False)
class Row:
    """What the list must say of a session."""

    kind: Kind
    reference: Callable[[], Any]
    """A weak reference to the TensorFlow session."""
    name: str = ""
    """Empty for an observed session: it goes by its number."""
    named: Any = None
    """The named session, if it is one."""
    held: Any = field(default=None, repr=False)
    """The TensorFlow session, as long as the code that made it holds it."""
    generation: int = 1
    runs: int = 0
    made: list[Any] = field(default_factory=list, repr=False)
    """The eager variables that were made in it and not dropped yet."""
    is_broken: bool = False
    """Whether its maker has closed it."""


@dataclass(eq=False)
class Block:
    """A place where the test is inside a session."""

    row: Row
    leave: Callable[[], object]
    is_named: bool
