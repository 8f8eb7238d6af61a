"""Enter a graph and session as TensorFlow's own context managers do, with public calls only."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import tensorflow as tf
from tensorflow.python.eager.context import eager_mode

from tfsess_magics.tf.guard import Left


class NestedDefaults:
    """The defaults of one stay in a session; has the methods of `tfsess_magics.tf.swap.DefaultsSwap`.

    ``reset_default_graph`` raises inside, and so does leaving after a body that has left something open.
    """

    def __init__(self, graph: tf.Graph, session: Any, device: str | None, interactive: Sequence[Any]) -> None:  # noqa: ARG002
        self._graph, self._session, self._device = graph, session, device
        self._entered = ExitStack()

    def resume(self) -> None:
        """Enter the graph, the session and the device; eager mode where there is no session."""
        if self._session is None:
            self._entered.enter_context(eager_mode())
            return
        self._entered.enter_context(self._graph.as_default())
        self._entered.enter_context(self._session.as_default())
        self._entered.enter_context(self._graph.device(self._device))

    def suspend(self) -> None:
        """Leave them."""
        self._entered.close()

    def hand_over(self, inner: Any) -> None:  # noqa: ARG002
        """Leave; TensorFlow raises an AssertionError, `inner` being entered still."""
        self.suspend()

    def settle(self) -> list[Left]:
        """Return nothing: what is left open is not followed."""
        return []

    def graph_left(self) -> tf.Graph | None:
        """Return the graph."""
        return self._graph

    def interactive_left(self) -> tuple[Any, ...]:
        """Return nothing: they are not followed."""
        return ()
