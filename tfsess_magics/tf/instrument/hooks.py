"""The listeners of the wrappers around TensorFlow's functions.

``__del__`` runs and closes sessions too, inside the garbage collector, in any thread. So the code of a wrapper takes
no lock that it would wait for. The registry lists a session by one store into a dict, and drops it in the callback of
a weak reference.

Wrappers call nothing of TensorFlow, with two exceptions. They read the figures of its allocators, and they look at
the operations that a run has shown the runtime. An error of ours is logged once for each message, and never raised.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.late import let_pass
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf.introspect.callers import Caller
from tfsess_magics.tf.memory.allocators import Allocators
from tfsess_magics.tf.stopping.stopper import Stopper

_log = logging.getLogger(__name__)

METER = "_tfsess_magics_meter"
"""Attribute of a session for its meter. So a run costs one look into ``__dict__``; sessions may not be hashable."""

Made = Callable[[BaseSession, bool], RunMeter]
"""Told of a session that other code made, and whether it is being made now; gives what counts its runs."""


class Hooks:
    """The functions that the wrappers call; there is one of it, as there is one of each wrapped method."""

    was_reset: Callable[[Caller], None]
    """Called with the code that replaced the default graph of ordinary code."""
    variable_made: Callable[[Any, bool], None]
    """Told of eager variables, as `made` is of sessions."""
    switched: Callable[[str], None]
    """Told the name of the function of TensorFlow that counts its use, while its caller is on the stack."""
    called_elsewhere: Callable[[bytes, Sequence[Any]], Exception | None]
    """Told the name of a function that is called in another graph than that of the tensors; gives the error or warning.
    """
    stopper: Stopper
    """Asked by runs whether they may go on."""
    allocators: Allocators
    """Measure what runs need."""

    def __init__(self) -> None:
        self.made: Made | None = None
        """None while nothing is to be seen."""
        self.logged: set[str] = set()
        """Messages that `log_once` has logged."""

    def log_once(self, message: str) -> None:
        """Log an error of ours, which is not the user's, once for each message; raise what is the user's."""
        let_pass()
        if message not in self.logged:
            self.logged.add(message)
            _log.exception("%s; further errors of this kind are not logged", message)


hooks = Hooks()
