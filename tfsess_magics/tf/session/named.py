"""A named session: a name, a graph, a TensorFlow session and the options it was opened with."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import tensorflow as tf
from tensorflow.python.client.session import SessionInterface

from tfsess_magics.core.errors import ClosedSessionError, SessionInUseError
from tfsess_magics.core.model import Activity, Ended, Kind, SessionInfo, State
from tfsess_magics.core.option_values import DROP
from tfsess_magics.core.protocol import SessionSummary
from tfsess_magics.core.session import PLAIN, CellCode, CellOptions, identify
from tfsess_magics.tf.context.activation import Activation
from tfsess_magics.tf.context.block import Enterable, Opening
from tfsess_magics.tf.context.left_open import Gone
from tfsess_magics.tf.instrument.observe import closed_by
from tfsess_magics.tf.internals import TRACE
from tfsess_magics.tf.introspect.built import note_built
from tfsess_magics.tf.session.config import late_notes, session_config
from tfsess_magics.tf.session.facts import Watched
from tfsess_magics.tf.session.generation import Generation, begin
from tfsess_magics.tf.session.initializers import initialize
from tfsess_magics.tf.session.ownership import claim
from tfsess_magics.tf.stopping.close import use_of_runs
from tfsess_magics.tf.stopping.stopper import forget_order

_CELLS = 1024


class NamedSession(Enterable, SessionInterface):  # type: ignore[misc]
    """A TensorFlow session that goes by a name.

    Any code that takes a TensorFlow session can use it: it passes calls on to the TensorFlow session that it has now.
    As a context manager it makes its graph and session TensorFlow's defaults in this
    thread; leaving closes nothing. Any thread may use it.

    Made by `tfsess_magics.session` and ``%%tfsession``, which keep it until it is closed.
    """

    kind = Kind.NAMED

    def __init__(self, opening: Opening, generation: Generation | None = None) -> None:
        super().__init__(opening)
        self.notes: Sequence[str] = late_notes(opening.options)
        self.cells: deque[str] = deque(maxlen=_CELLS)
        """The last cells that have run in it: ``cell 5``."""
        self._generation: Generation | None = generation or self._first()
        claim(self._generation.graph, self)

    def _first(self) -> Generation:
        given = self.options.graph
        return self._begin(given.graph() if given else tf.Graph())

    def _begin(self, graph: tf.Graph) -> Generation:
        if self.options.seed is not None and graph.seed is None:
            graph.seed = self.options.seed
        begun = begin(graph, session_config(self.options), self.options.device, self._changed)
        begun.watched.meter.timeout = self.options.timeout or None
        begun.watched.meter.keeps = self.options.on_stop != DROP
        return begun

    def _go_on_with(self, generation: Generation) -> None:
        """Put `generation` in the place of the one before.

        The TensorFlow session of that is dropped, not closed: code that holds it can go on using it.
        """
        before, self._generation = self._now, generation
        before.watched.tracer.hand_over(generation.watched.tracer)
        before.watched.outlive_owner()
        self.options = replace(self.options, graph=None)
        self.generation += 1
        claim(generation.graph, self)

    def _follow(self, activation: Activation, graph: tf.Graph, gone: Gone) -> None:
        """Continue with `graph`, which the body of `activation` made the default one."""
        after = self._begin(graph)
        after.summary = self._now.summary
        self._go_on_with(after)
        activation.has_followed(after, gone)

    @property
    def _now(self) -> Generation:
        if self._generation is None:
            raise ClosedSessionError(
                f"session {self.name!r} was closed. tfsess_magics.session({self.name!r}) opens a new one of that name."
            )
        return self._generation

    @property
    def watched(self) -> Watched:
        """The record of the TensorFlow session of this generation."""
        return self._now.watched

    @property
    def closed(self) -> bool:
        """True once it was closed; its name is free then."""
        return self._generation is None

    @property
    def session(self) -> tf.compat.v1.Session:
        """The TensorFlow session of this generation."""
        return self._now.session

    @property
    def graph(self) -> tf.Graph:
        """The graph of this generation."""
        return self._now.graph

    @property
    def graph_def(self) -> Any:
        """The graph as a ``GraphDef``."""
        return self.session.graph_def

    @property
    def sess_str(self) -> Any:
        """The target that the TensorFlow session is connected to."""
        return self.session.sess_str

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """Run in the TensorFlow session; see ``tf.compat.v1.Session.run``."""
        return self.session.run(fetches, feed_dict, options, run_metadata)

    def partial_run_setup(self, fetches: Any, feeds: Any = None) -> Any:
        """See ``tf.compat.v1.Session.partial_run_setup``.

        TensorFlow cannot feed such a run where it places only what a run needs. That is the case
        in a named session as in an ``InteractiveSession``.
        """
        return self.session.partial_run_setup(fetches, feeds)

    def partial_run(self, handle: Any, fetches: Any, feed_dict: Any = None) -> Any:
        """See ``tf.compat.v1.Session.partial_run``."""
        return self.session.partial_run(handle, fetches, feed_dict)

    def make_callable(self, fetches: Any, feed_list: Any = None, accept_options: bool = False) -> Any:
        """See ``tf.compat.v1.Session.make_callable``; it goes on with this generation after a reset."""
        return self.session.make_callable(fetches, feed_list, accept_options)

    def list_devices(self) -> Any:
        """See ``tf.compat.v1.Session.list_devices``."""
        return self.session.list_devices()

    def as_default(self) -> Any:
        """See ``tf.compat.v1.Session.as_default``; unlike ``with session:`` it does not enter the graph."""
        return self.session.as_default()

    def enter(self, by: str, options: CellOptions = PLAIN, code: CellCode | None = None) -> Activation:
        """Begin an activation of `by` in this thread.

        Parameters
        ----------
        options
            Those of the cell.
        code
            That of the cell, if it is one.

        Raises
        ------
        ClosedSessionError
            If the session, or its TensorFlow session, was closed.
        UnavailableError
            If it is to trace, and this TensorFlow lacks what that takes.
        """
        if options.trace:
            TRACE.require()
        activation: Activation | None = None
        try:
            with self._lock:
                self.require_open()
                generation = self._now
                activation = Activation(self, generation, by, options, code)
                self._activations.add(activation)
                if code is not None:
                    self.cells.append(by)
                activation.trace = generation.watched.tracer.order(self.name, of_cell=True) if options.trace else None
                self._changed()
                return activation
        except BaseException:
            if activation is not None:
                self._activations.discard(activation)
                activation.trace = None
            raise

    def require_open(self) -> None:
        """Check that it can be entered.

        Raises
        ------
        ClosedSessionError
            If it, or its TensorFlow session, was closed.
        """
        generation = self._now
        if generation.watched.is_closed:
            by = closed_by(generation.session) or "other code"
            raise ClosedSessionError(
                f"the TensorFlow session of {self.name!r} was closed by {by}, and its variables are gone. "
                f"{self._way_on}"
            )

    @property
    def _way_on(self) -> str:
        return f"To start anew under that name: %tfsession reset {self.name}"

    def renew(self, activation: Activation) -> None:
        """Go on at once with an empty graph, as code inside `activation` has reset the default one.

        Other threads that are in the session go on in the graph that they are in, as in plain TensorFlow.
        """
        before = self._generation
        if before is None:
            return
        gone = before.contents()
        with self._lock:
            if self._generation is None:  # another thread has closed it meanwhile
                return
            after = self._begin(tf.Graph())
            after.summary = self._generation.summary
            activation.defaults.move_to(after.graph, after.session)
            after.watched.meter.ordered = self._generation.watched.meter.ordered
            self._go_on_with(after)
            activation.has_followed(after, gone)
            if activation.trace:
                activation.trace.follow(after.watched.meter)
        self._changed()

    def rejoin(self, activation: Activation) -> None:
        """Have `activation` go on in the graph that the session has got in an activation inside of it."""
        with self._lock:
            now = self._generation
            if now is not None and activation.generation is not now:
                activation.defaults.move_to(now.graph, now.session)
                activation.generation, activation.begun = now, now.graph.num_operations()
                if activation.trace:
                    activation.trace.follow(now.watched.meter)

    def leave(self, activation: Activation) -> None:
        """End `activation`, and take over its default graph and the interactive sessions that it left open."""
        before, graph = self._generation, activation.defaults.graph_left()
        gone: Gone | None = None
        if before is not None and before is activation.generation:
            if activation.resets and before.watched.is_closed and graph is before.graph:
                graph = tf.Graph()  # no value is left to keep the graph for
            gone = None if graph is before.graph else before.contents()
        with self._lock:
            generation = self._generation
            left: Generation | None = None
            if generation is activation.generation and activation in self._activations:
                if gone is not None:
                    self._follow(activation, graph, gone)
                left = self._now
                left.interactive = activation.defaults.interactive_left()
            self._activations.discard(activation)
            if left is not None:
                note_built(left.graph, activation.begun, activation.by)
                left.watched.growth.left(activation, activation.begun)
            if self._generation is not None and not self._activations:
                forget_order(self._generation.watched.meter)
        self._changed()

    def initialize(self) -> None:
        """Run the initializers of the variables that have no value."""
        initialize(self._now.watched, self.run)

    @property
    def is_entered(self) -> bool:
        """True while a cell or a ``with`` block is in it."""
        return bool(self._activations)

    def use(self) -> str | None:
        """Say what keeps it from being ended now, None if nothing does: a run in flight can be ended."""
        with self._lock:
            activation = next(iter(self._activations), None)
        return use_of_runs(self._now.watched.meter) or (
            None if activation is None or self._now.watched.meter.table.under_way() else activation.use()
        )

    def reset_by(self, by: str) -> Ended:
        """Start anew: an empty graph and a new TensorFlow session, with the same name and options.

        Runs that are in flight end with `SessionStopped`, which names `by`.

        Raises
        ------
        SessionInUseError
            If a cell or a ``with`` block is in it and no run is in flight, or it is being stopped.
        """
        with self._lock:
            generation = self._now
            self._require_unused("reset")
            self._go_on_with(self._begin(tf.Graph()))
        self._changed()
        return Ended(unfinished=generation.end(repr(self.name), by, "reset"))

    def close_by(self, by: str) -> Ended:
        """Close the TensorFlow session and give up the name. Harmless when it is done already.

        Runs that are in flight end with `SessionStopped`, which names `by`.

        Raises
        ------
        SessionInUseError
            If a cell or a ``with`` block is in it and no run is in flight, or it is being stopped.
        """
        with self._lock:
            if self._generation is None:
                return Ended()
            self._require_unused("close")
            generation, self._generation = self._generation, None
        self._changed()
        return Ended(unfinished=generation.end(repr(self.name), by, "closed"))

    def _require_unused(self, order: str) -> None:
        if use := self.use():
            raise SessionInUseError(self.name, order, use)

    @property
    def due(self) -> float | None:
        """Seconds until it may be another without anything happening to it, None if it will not."""
        generation = self._generation
        return None if generation is None else generation.watched.waiting.due

    def held_by(self) -> list[str]:
        """Return nothing: it is this package that keeps it."""
        return []

    def info(self) -> SessionInfo:
        """Return the record of it now."""
        with self._lock:
            watched, identity, activity = self._now.watched, identify(self), self._activity()
        return watched.info(identity, activity, options=self.options, created=self.created)

    def summary(self, *, ask: bool) -> SessionSummary:
        """Return the little of it that a list shows; `ask`: find out which variables have a value now."""
        with self._lock:
            watched, identity, activity = self._now.watched, identify(self), self._activity()
        return watched.summary(identity, activity, ask=ask)

    def _activity(self) -> Activity:
        watched = self._now.watched
        running_since = watched.meter.table.running_since
        if watched.is_closed:
            state = State.CLOSED
        elif running_since is not None:
            state = State.RUNNING
        else:
            state = State.ENTERED if self._activations else State.IDLE
        return Activity(state=state, running_since=running_since, is_used=self.is_used)

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"generation {self.generation}"
        return f"<NamedSession {self.name!r} ({state})>"
