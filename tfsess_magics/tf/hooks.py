"""Whom the wrappers of TensorFlow's calls tell what they see.

What is ours is guarded, takes no lock that it would wait for and calls nothing of TensorFlow but for the figures of its
allocators, and where a run has shown the runtime new operations, which are looked at: sessions are closed and run by
``__del__`` too, inside the garbage collector, in any thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf.allocators import Allocators
from tfsess_magics.tf.guard import Caller
from tfsess_magics.tf.stopper import Stopper

_log = logging.getLogger(__name__)

METER = "_tfsess_magics_meter"
"""Attribute of a session for what counts its runs."""

Made = Callable[[BaseSession, bool], RunMeter]
"""Told of a session that other code made, and whether it is being made now; gives what counts its runs."""


class Hooks:
    """What the wrappers call; there is one of it, as there is one of each wrapped method."""

    was_reset: Callable[[Caller], None]
    """Told who replaced the default graph of ordinary code."""
    variable_made: Callable[[Any, bool], None]
    """Told of eager variables, as `made` is of sessions."""
    switched: Callable[[str, Caller], None]
    """Told which of TensorFlow's switches for the whole process is called, and by whom."""
    stopper: Stopper
    """Asked by runs whether they may go on."""
    allocators: Allocators
    """Measure what runs need."""

    def __init__(self) -> None:
        self.made: Made | None = None
        """None while nothing is to be seen."""
        self.has_failed = False

    def log_once(self, message: str) -> None:
        """Log the first error of ours, which is not the user's."""
        if not self.has_failed:
            self.has_failed = True
            _log.exception("%s; further errors of this kind are not logged", message)


hooks = Hooks()
