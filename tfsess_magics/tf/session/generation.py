"""The parts of one generation of a named session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf.context.activation import Defaults
from tfsess_magics.tf.context.interactive import close_session, open_interactive
from tfsess_magics.tf.context.left_open import Gone
from tfsess_magics.tf.context.summary_defaults import SummaryDefaults
from tfsess_magics.tf.context.swap import DefaultsSwap
from tfsess_magics.tf.instrument import observe
from tfsess_magics.tf.session.facts import Watched
from tfsess_magics.tf.stopping.close import End, end_runs


class Generation:
    """A graph, the TensorFlow session on it and the record of both; a reset replaces it as a whole.

    Owned by one `NamedSession`, whose lock guards `interactive`.
    """

    def __init__(self, session: tf.compat.v1.Session, watched: Watched, device: str | None) -> None:
        self.graph: tf.Graph = session.graph
        self.session = session
        self.watched = watched
        self.device = device
        self.interactive: Sequence[Any] = ()
        """Interactive sessions that cells left open; the next cell finds them open."""
        self.summary = SummaryDefaults()

    def defaults(self) -> Defaults:
        """Return this generation as defaults that a thread can swap in."""
        return DefaultsSwap(self.graph, self.session, self.device, open_interactive(self.interactive), self.summary)

    def contents(self) -> Gone:
        """Return what goes with it."""
        return Gone(self.graph.num_operations(), self.watched.values())

    def end(self, name: str, by: str, ending: str) -> int:
        """End its runs and close it; return how many runs have an operation that has to finish first.

        Parameters
        ----------
        name, by, ending
            See `End`.
        """
        unfinished = end_runs(self.watched, End(name, by, ending, self.close))
        if unfinished is None:
            self.close()
        return unfinished or 0

    def close(self) -> None:
        """Close the TensorFlow session and the interactive ones that were left open, where their defaults are."""
        if self.interactive:
            inside = self.defaults()
            try:
                inside.resume()
                for session in reversed(self.interactive):
                    close_session(session)
            finally:
                inside.suspend()
            self.interactive = ()
        close_session(self.session)


def begin(graph: tf.Graph, config: Any, device: str | None, changed: Callable[[], None]) -> Generation:
    """Open a TensorFlow session of our own on `graph`."""
    # Without TensorFlow 2 behaviour what is open in a graph is shared by all threads that build it.
    graph.switch_to_thread_local()
    # Measured before it is constructed, it is not taken for one of other code.
    session = tf.compat.v1.Session.__new__(tf.compat.v1.Session)
    watched = Watched(session, RunMeter(changed))
    observe.measure(session, watched.meter)
    session.__init__(graph=graph, config=config)
    return Generation(session, watched, device)
