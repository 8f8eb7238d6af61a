"""What ordinary code left among TensorFlow's defaults, where nobody repairs it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakSet

import tensorflow as tf
from tensorflow.python.framework import ops, stack

from tfsess_magics.core.origin import calling_cell, cell_of
from tfsess_magics.tf.guard import Caller
from tfsess_magics.tf.stay import innermost_stay

_NOT_EAGER = "ordinary cells build in its graph and are not eager any more"


class Strays:
    """Tells once what is open after a cell; any thread may ask, each is told of its own defaults.

    Parameters
    ----------
    observed
        Gives the live sessions of other code.
    """

    def __init__(self, observed: Callable[[], Iterable[Any]]) -> None:
        self._observed = observed
        self._told: WeakSet[Any] = WeakSet()
        self.resets: deque[Caller] = deque(maxlen=8)
        """Who has replaced a default graph that was not empty."""

    def news(self) -> list[str]:
        """Return a sentence for each thing that was not told yet; nothing while a cell is running."""
        graphs, sessions = ops._default_graph_stack.stack, stack._default_session_stack.stack
        if not (graphs or sessions or self.resets) or calling_cell() is not None:
            return []
        return [*self._blocks(), *self._entered(graphs, sessions), *self._modules()]

    def _blocks(self) -> list[str]:
        stay = innermost_stay()
        if stay is None or not self._is_new(stay):
            return []
        name = stay.session.name
        leave = f"tfsess_magics.get({name!r}).__exit__(None, None, None)"
        return [f"{stay.entered_by} entered {name!r} and never left it; ordinary cells run in it. To leave it: {leave}"]

    def _entered(self, graphs: list[Any], sessions: list[Any]) -> list[str]:
        if innermost_stay() is not None:
            return []
        told = []
        for session in filter(self._is_new, list(sessions)):
            known = next((known for known in self._observed() if known.watched.session is session), None)
            what = "an InteractiveSession" if isinstance(session, tf.compat.v1.InteractiveSession) else "a session"
            who = f"{what}, {known.name}, made by {known.origin}," if known else what
            in_graph = any(graph is session.graph for graph in graphs)
            self._told.add(session.graph)
            told.append(
                f"{who} was left open; it stays the default session of ordinary cells"
                f"{f', {_NOT_EAGER}' if in_graph else ''}."
                f"{f' To end it: %tfsession close {known.name}' if known else ''}"
            )
        told += [f"a graph was entered and never left; {_NOT_EAGER}" for _ in filter(self._is_new, list(graphs))]
        return told

    def _modules(self) -> list[str]:
        resets = [self.resets.popleft() for _ in range(len(self.resets))]
        return [
            f"{who} called {'clear_session of Keras' if who.by_keras else 'reset_default_graph'}: "
            "the default graph of ordinary cells is an empty one"
            for who in resets
            if cell_of(who.file) is None
        ]

    def _is_new(self, item: Any) -> bool:
        is_new = item not in self._told
        self._told.add(item)
        return is_new
