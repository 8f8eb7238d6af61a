"""Named scopes for TensorFlow 2 code: no graph, no TensorFlow session.

TensorFlow 2 has no session to close: a variable lives as long as something refers to it. So a scope lists what its
cells have made, and drops their names. An activation of a scope is one as in a session, with eager mode on and no
default session. Its default graph is the scope's own, so two scopes do not share what TensorFlow and Keras keep for
each graph.

After a cell the names that its code binds belong to the scope, until another cell binds them or they get another
object. Reset and Close unbind them, take the objects out of IPython's outputs, collect garbage, and count the
variables that are alive still. Those go to the row of the code outside every scope. They never call
``clear_session``, which is for the process.

A name that only a function or ``exec`` assigns in a later cell may get an object without weak references. If that has
the address and type of the one before, the name still counts as bound to it, and goes with its scope.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from tfsess_magics.core.errors import ClosedSessionError, InvalidOptionError, SessionInUseError
from tfsess_magics.core.model import Activity, Ended, Kind, SessionInfo, State
from tfsess_magics.core.protocol import SessionSummary
from tfsess_magics.core.session import PLAIN, Bindings, CellCode, CellOptions, identify
from tfsess_magics.tf.context.activation import Activation, Defaults
from tfsess_magics.tf.context.block import Enterable, Opening
from tfsess_magics.tf.context.summary_defaults import SummaryDefaults
from tfsess_magics.tf.context.swap import DefaultsSwap
from tfsess_magics.tf.eager.objects import EagerObjects
from tfsess_magics.tf.eager.variables import EagerVariables


class _Contents:
    """The contents of one generation of a scope."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.graph = tf.Graph()
        """The graph that TensorFlow takes for the default one inside, so that no two scopes share one."""
        self.variables = EagerVariables(changed)
        self.objects = EagerObjects()
        self.summary = SummaryDefaults()

    def defaults(self) -> Defaults:
        return DefaultsSwap(self.graph, None, None, (), self.summary)


class EagerScope(Enterable):
    """A name for TensorFlow 2 code, and what that code has made.

    As a context manager it makes the thread eager, with no default session and a default graph of its own. What is
    made inside is tracked and not kept: variables, and the models, optimizers and datasets that the names of its cells
    lead to. Any thread may use it.

    Made by ``%%tfsession NAME --eager`` and `tfsess_magics.session`.

    Parameters
    ----------
    release
        Called with the variables that live on after a reset or the close.
    """

    kind = Kind.EAGER
    due: float | None = None
    """Nothing but what happens to it makes it another."""
    notes: Sequence[str] = ()

    def __init__(self, opening: Opening, release: Callable[[Sequence[Any]], None]) -> None:
        super().__init__(opening)
        self.closed = False
        self.bindings: Bindings | None = None
        """The names that its cells have assigned, once there is one."""
        self._release = release
        self._contents = _Contents(self._changed)

    @property
    def variables(self) -> EagerVariables:
        """The variables that code has made in it."""
        return self._contents.variables

    @property
    def objects(self) -> EagerObjects:
        """The objects to which the names of its cells lead."""
        return self._contents.objects

    def enter(self, by: str, options: CellOptions = PLAIN, code: CellCode | None = None) -> Activation:
        """Begin an activation of `by` in this thread.

        Raises
        ------
        ClosedSessionError
            If the scope was closed.
        InvalidOptionError
            If there is an option: each is for a graph or its runs.
        """
        given = [name for name, value in options._asdict().items() if value is not None and value is not False]
        if given:
            raise InvalidOptionError(
                f"--{given[0]} is for a graph and its runs; {self.name!r} is an eager scope, and has neither."
            )
        activation: Activation | None = None
        try:
            with self._lock:
                self.require_open()
                activation = Activation(self, self._contents, by, code=code)
                self._activations.add(activation)
                self._changed()
                return activation
        except BaseException:
            if activation is not None:
                self._activations.discard(activation)
            raise

    def initialize(self) -> None:
        """Do nothing: a variable of eager code has a value."""

    def renew(self, activation: Activation) -> None:
        """Do nothing: what eager code makes is in no graph."""

    rejoin = renew

    def leave(self, activation: Activation) -> None:
        """End `activation`."""
        with self._lock:
            self._activations.discard(activation)
        self._changed()

    def require_open(self) -> None:
        """Check that it can be entered.

        Raises
        ------
        ClosedSessionError
            If it was closed.
        """
        if self.closed:
            raise ClosedSessionError(f"the eager scope {self.name!r} was closed.")

    def held_by(self) -> list[str]:
        """Return nothing: it is this package that keeps it."""
        return []

    def use(self) -> str | None:
        """Say which cell or block is using it now, None if none is."""
        with self._lock:
            activation = next(iter(self._activations), None)
        return None if activation is None else activation.use()

    def reset_by(self, by: str) -> Ended:  # noqa: ARG002 - it has no runs to be told
        """Drop the names that its cells have assigned, and go on with nothing in it.

        Raises
        ------
        SessionInUseError
            If a cell or a ``with`` block is in it.
        """
        with self._lock:
            self.require_open()
            contents = self._empty("reset")
            self.generation += 1
        return self._settle(contents)

    def close_by(self, by: str) -> Ended:  # noqa: ARG002 - as above
        """Drop the names that its cells have assigned, and give up its own. Harmless when it is done already.

        Raises
        ------
        SessionInUseError
            If a cell or a ``with`` block is in it.
        """
        with self._lock:
            if self.closed:
                return Ended()
            contents = self._empty("close")
            self.closed = True
        return self._settle(contents)

    def _empty(self, order: str) -> _Contents:
        if use := self.use():
            raise SessionInUseError(self.name, order, use)
        contents, self._contents = self._contents, _Contents(self._changed)
        return contents

    def _settle(self, contents: _Contents) -> Ended:
        if self.bindings is not None:
            self.bindings.drop()
        if contents.variables.totals()[0]:
            gc.collect()  # models refer to themselves
        still_held, nbytes = contents.variables.totals()
        self._release(contents.variables.alive())
        self._changed()
        return Ended(still_held=still_held, still_held_nbytes=nbytes)

    def info(self) -> SessionInfo:
        """Return the record of it now."""
        contents, activity = self._contents, self._activity()
        return contents.variables.info(
            identify(self),
            activity,
            options=self.options,
            created=self.created,
            names=tuple(self.bindings.names()) if self.bindings else (),
            objects=contents.objects.records(),
        )

    def summary(self, *, ask: bool) -> SessionSummary:  # noqa: ARG002 - an eager variable has its value from the start
        """Return the little of it that a list shows."""
        return self.variables.summary(identify(self), self._activity())

    def _activity(self) -> Activity:
        self.require_open()
        return Activity(state=State.ENTERED if self._activations else State.IDLE, is_used=self.is_used)

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"generation {self.generation}"
        return f"<EagerScope {self.name!r} ({state})>"
