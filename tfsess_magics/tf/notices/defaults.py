"""Sentences about what ordinary code left among TensorFlow's defaults.

In ordinary cells the extension repairs nothing but eager mode (`tfsess_magics.tf.context.eager_mode`). After each
cell that is not silent it looks at the stacks of the thread, which calls nothing of TensorFlow's. It says once what
is open, and which module reset a default graph that was not empty.

The stacks of ordinary code take no notes, so that entering a graph costs there what it did. What is new on them is
looked up once among all objects, which takes some 100 ms (`how_entered`). The maker of a session is known from
observing it.

TensorFlow raises ``Nesting violated`` for a context manager that code leaves in another order than it entered them,
and keeps the graph or session. So an entry whose context manager is over was left in disorder.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.framework import ops, stack

from tfsess_magics.core.origin import calling_cell, cell_of
from tfsess_magics.core.plain import plain
from tfsess_magics.tf.context.activation import innermost_activation
from tfsess_magics.tf.context.interactive import end_closed, is_interactive
from tfsess_magics.tf.introspect.callers import Caller
from tfsess_magics.tf.introspect.holders import Entered, Holder, how_entered
from tfsess_magics.tf.session.facts import known

_DISORDER = "was left before what was entered after it, and TensorFlow keeps it"
_SINCE = "since a graph was left before what was entered after it, ordinary cells are not eager any more"
_FOR_GOOD = "until the kernel is restarted"
_NOT_EAGER = "ordinary cells build in its graph and are not eager any more"


class OpenDefaults:
    """Tells once what is open after a cell; any thread may ask, each is told of its own defaults.

    Parameters
    ----------
    live
        Gives the sessions that are live.
    """

    def __init__(self, live: Callable[[], Iterable[Any]]) -> None:
        self._live = live
        self._told: WeakSet[Any] = WeakSet()
        self._entered_how: WeakKeyDictionary[Any, Entered] = WeakKeyDictionary()
        self._refused: WeakSet[Any] = WeakSet()
        """The generators that TensorFlow has refused to take from its stacks."""
        self.resets: deque[Caller] = deque(maxlen=8)
        """The code that has replaced a default graph that was not empty."""

    def news(self) -> list[str]:
        """Return a sentence for each thing that was not told yet; nothing while a cell is running."""
        if not self._is_any() or calling_cell() is not None:
            return []
        end_closed()
        if not self._is_any():
            return []
        graphs, sessions = ops._default_graph_stack.stack, stack._default_session_stack.stack
        return [*self._blocks(), *self._entered(graphs, sessions), *self._modules()]

    def _is_any(self) -> bool:
        return bool(ops._default_graph_stack.stack or stack._default_session_stack.stack or self.resets)

    def _blocks(self) -> list[str]:
        activation = innermost_activation()
        if activation is None or not self._is_new(activation):
            return []
        name = activation.session.name
        leave = f"tfsess_magics.get({name!r}).__exit__(None, None, None)"
        by = activation.entered_by
        return [f"{by} entered {name!r} and never left it; ordinary cells run in it. To leave it: {leave}"]

    def _entered(self, graphs: list[Any], sessions: list[Any]) -> list[str]:
        if innermost_activation() is not None:
            return []
        defaults = [*sessions, *graphs]
        new = list(filter(self._is_new, sessions))
        # A session that was entered has entered its graph as well.
        self._told.update(session.graph for session in new)
        new += filter(self._is_new, graphs)
        over = [
            default for default in dict.fromkeys(defaults) if default in self._entered_how and self._is_over(default)
        ]
        if new or over:
            self._entered_how.update(zip([*new, *over], how_entered([*new, *over]), strict=True))
        told = []
        for default in [*new, *over]:
            if self._is_over(default):
                del self._entered_how[default]
                self._refused.add(default)
                told.append(f"{self._who(default)} {_DISORDER}{_among(default)} {_FOR_GOOD}")
            elif default in new:
                told.append(self._say_session(default, graphs) if default in sessions else self._say_graph(default))
        was_eager = context.default_execution_mode == context.EAGER_MODE
        if (
            was_eager
            and not tf.executing_eagerly()
            and (refused := [graph for graph in graphs if graph in self._refused])
        ):
            self._refused.difference_update(refused)
            told.append(f"{_SINCE} {_FOR_GOOD}")
        return told

    def _is_over(self, default: Any) -> bool:
        return self._entered_how[default].is_over or (is_interactive(default) and default._closed)

    def _say_session(self, session: Any, graphs: list[Any]) -> str:
        holder = self._entered_how[session].holder
        what, named = self._who(session), known(session, self._live())
        said = (
            f"{holder} is suspended inside {what.rstrip(',')}"
            if isinstance(holder, Caller)
            else f"{what} was left open"
        )
        effect = f", {_NOT_EAGER}" if any(graph is session.graph for graph in graphs) else ""
        said += f"; it stays the default session of ordinary cells{effect}"
        if is_interactive(session):
            return f"{said}. To end it: %tfsession close {named.name}" if named else said
        return f"{said}. To leave it: {holder.leave}" if isinstance(holder, Holder) and holder.leave else said

    def _say_graph(self, graph: Any) -> str:
        holder = self._entered_how[graph].holder
        effect = f"it stays{_among(graph)}" if tf.executing_eagerly() else _NOT_EAGER
        if isinstance(holder, Caller):
            return f"{holder} is suspended inside a graph; {effect}"
        if holder is None or holder.leave:
            said = f"code entered a graph and never left it; {effect}"
            return f"{said}. To leave it: {holder.leave}" if holder else said
        by = plain(f"{holder.module}.{holder.name}")
        return f"a context manager in {by} entered a graph and never left it; {effect}"

    def _who(self, default: Any) -> str:
        if isinstance(default, tf.Graph):
            return "a graph"
        what = "an InteractiveSession" if is_interactive(default) else "a session"
        if named := known(default, self._live()):
            return f"{what}, {named.name}, made by {named.origin},"
        return f"{what}, which is closed," if getattr(default, "_closed", False) else what

    def _modules(self) -> list[str]:
        return [
            f"{who} called {'clear_session of Keras' if who.by_keras else 'reset_default_graph'}: "
            "the default graph of ordinary cells is an empty one"
            for who in _modules_in(self.resets)
        ]

    def _is_new(self, item: Any) -> bool:
        is_new = item not in self._told
        self._told.add(item)
        return is_new


def _among(default: Any) -> str:
    kind = "graphs" if isinstance(default, tf.Graph) else "sessions"
    return f" among the default {kind} of ordinary cells"


def _modules_in(callers: deque[Caller]) -> list[Caller]:
    """Take what is there, and return those that are no cell's, each once."""
    taken = [callers.popleft() for _ in range(len(callers))]
    return [who for who in dict.fromkeys(taken) if cell_of(who.file) is None]
