"""The context manager that named sessions and eager scopes are, entered out of order and interrupted as well.

An interrupt at the very entry of `Enterable.__exit__` leaves the block entered, as with any context manager that is
written in Python.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from weakref import WeakSet

from tfsess_magics.core.errors import SessionWarning
from tfsess_magics.core.late import TRIES
from tfsess_magics.core.model import Ended, Origin
from tfsess_magics.core.options import SessionOptions
from tfsess_magics.core.session import PLAIN, CellCode, CellOptions
from tfsess_magics.tf.context.activation import Activation, enter_block, innermost_block, leave_block


@dataclass(frozen=True, slots=True)
class Opening:
    """The parameters that open a named session or scope."""

    number: int
    """Under which the registry lists it."""
    name: str
    options: SessionOptions
    origin: Origin
    changed: Callable[[], None]
    """Called whenever it has changed."""
    explain: Callable[[BaseException], None]
    """Adds a note to an error that leaves a ``with`` block of it."""


class Enterable:
    """A context manager with a name, that may be entered again while it is entered, and by several threads."""

    def __init__(self, opening: Opening) -> None:
        self.number = opening.number
        self.name = opening.name
        self.options = opening.options
        self.origin = opening.origin
        self.generation = 1
        self.is_used = False
        """True if every later cell of a notebook runs in it: ``%tfsession use``."""
        self.created = time.time()
        self._changed = opening.changed
        self.explain = opening.explain
        self._lock = threading.RLock()
        self._activations: WeakSet[Activation] = WeakSet()

    def rename(self, name: str) -> None:
        """Go by another name; the caller has checked that it will do, and is free."""
        with self._lock:
            self.name = name

    def use_for_cells(self, is_used: bool) -> None:
        """Note whether every later cell of a notebook runs in it."""
        self.is_used = is_used
        self._changed()

    def activation_of(self, by: str) -> Activation | None:
        """Return the activation of `by`, in whatever thread, None if there is none."""
        with self._lock:
            return next((activation for activation in self._activations if activation.by == by), None)

    def enter(self, by: str, options: CellOptions = PLAIN, code: CellCode | None = None) -> Activation:
        """Begin an activation of `by` in this thread."""
        raise NotImplementedError

    def reset_by(self, by: str) -> Ended:
        """Start anew, and end its runs with an error that names `by`."""
        raise NotImplementedError

    def close_by(self, by: str) -> Ended:
        """End it, and its runs with an error that names `by`."""
        raise NotImplementedError

    def reset(self) -> None:
        """Start anew; see `reset_by`."""
        self.reset_by("its reset()")

    def close(self) -> None:
        """End it; see `close_by`."""
        self.close_by("its close()")

    def __enter__(self) -> Self:
        enter_block(self.enter("a with block"))
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # An exception that comes before the block is left must not keep it from being left, nor another one after it.
        block: Activation | None = None
        came: BaseException | None = None
        for _ in TRIES:
            try:
                block = block or innermost_block(self)
                if error is not None:
                    self.explain(error)
                if block:
                    leave_block(block)
                break
            except BaseException as late:  # noqa: BLE001 - raised below
                came = late
        if came is not None:
            raise came
        for notice in block.notices if block else ():
            warnings.warn(notice.text, SessionWarning, stacklevel=2)
