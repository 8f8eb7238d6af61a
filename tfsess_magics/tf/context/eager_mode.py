"""Eager mode of ordinary cells: the report of its loss, and the two cases in which the extension gives it back.

A context manager of eager mode remembers the mode in which it was entered. A session's cell enters it in graph mode.
One that the cell leaves open puts graph mode in force in the cell where it ends (eager/context.py,
``Context._mode``). In ordinary cells `EagerMode.news` gives eager mode back then. It does so as well after the close
of an interactive session inside of which code has entered a graph (`tfsess_magics.tf.context.interactive`). The
extension repairs nothing else there.

In a session's cell such a context manager (``context.eager_mode()``, ``tf.init_scope()``) is not ended with the body.
If one ends in an eager scope's cell, that cell builds graphs from there on.
"""

from __future__ import annotations

import threading

from tensorflow.python.eager import context
from tensorflow.python.framework import ops

from tfsess_magics.core.origin import calling_cell
from tfsess_magics.tf.context.activation import innermost_activation
from tfsess_magics.tf.introspect.callers import Caller

_TO_BE_EAGER = "from tensorflow.python.framework import ops; ops.enable_eager_execution_internal()"
"""TensorFlow's public function does nothing where new threads are eager."""


class _Thread(threading.local):
    """The record of a thread's eager mode."""

    def __init__(self) -> None:
        self.left_open: list[Caller] = []
        """The code that entered eager mode inside a session and never left it."""
        self.is_told = False
        self.is_owed = False
        """True if an interactive session with a graph was closed before the graphs that were entered after it."""


class EagerMode:
    """Tells when ordinary cells are not eager any more and no graph is the reason; any thread may ask, each of its own.

    It is given back where it was taken by what a session's cell left open.
    """

    def __init__(self) -> None:
        self._thread = _Thread()

    def left_open(self, who: Caller) -> None:
        """Note the code that entered eager mode inside a session, in this thread, and never left it."""
        self._thread.left_open.append(who)

    def owed(self) -> None:
        """Note that this thread is to be eager again once it has left all graphs."""
        self._thread.is_owed = True

    def news(self) -> list[str]:
        """Return the sentences to say; nothing while a cell is running."""
        ctx, thread = context.context(), self._thread
        if ctx.executing_eagerly() and not (thread.left_open or thread.is_owed or thread.is_told):
            return []
        if calling_cell() is not None or innermost_activation() is not None:
            return []
        if context.default_execution_mode != context.EAGER_MODE or ops._default_graph_stack.stack:
            return []
        if thread.left_open and not ctx.context_switches.stack:
            ctx.context_switches.push(False, context.eager_mode, None)
        if thread.is_owed:
            thread.is_owed, ctx._thread_local_data.is_eager = False, True
        was_told, thread.is_told = thread.is_told, not ctx.executing_eagerly()
        if was_told or not thread.is_told:
            return []
        if not thread.left_open:
            return [
                f"ordinary cells are not eager any more, and no graph is entered. To be eager again: {_TO_BE_EAGER}"
            ]
        thread.is_told = False
        ctx._thread_local_data.is_eager = True
        who = thread.left_open.pop()
        lost = (
            f"the context manager of eager mode that {who} left open has ended, which took that of ordinary cells away"
        )
        return [f"{lost}; they are eager again"]


eager_mode = EagerMode()
"""That of this process."""
