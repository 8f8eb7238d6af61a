"""The swap by which a thread enters and leaves a graph and session: it exchanges TensorFlow's defaults.

The problem: a body may call ``reset_default_graph``, open an ``InteractiveSession``, or enter a graph and never leave
it. All of that has to work inside the session, and to reach nothing outside. TensorFlow keeps the defaults in private
stacks and flags of each thread (tensorflow/python/framework/stack.py, ops.py:4668, eager/context.py). A graph keeps
its open scopes for each thread too, with TensorFlow 2 behaviour or after ``switch_to_thread_local``.

What does not work: to nest, as ``with graph.as_default(), session.as_default()`` does. TensorFlow refuses
``reset_default_graph`` unless the stack of graphs is empty. A context manager that the body leaves open ends wherever
Python collects it, and turns eager mode off there.

What is done: `DefaultsSwap` saves all of `_Defaults` and puts its own in the place. The session's graph lies *below*
an empty stack, so that a body may reset it. `DefaultsSwap.move_to` puts the next generation there. Each activation
begins with nothing open in the graph but the default device. `DefaultsSwap.settle` ends what the body has left open
(`tfsess_magics.tf.context.left_open`).

What can still fail: a session's cell may close an interactive session of the notebook's with a graph of its own. Then
that cell is eager from there on, as TensorFlow puts back the mode in which that session was opened.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import get_ident
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.framework import ops, stack, traceable_stack
from tensorflow.python.ops import variable_scope
from tensorflow.python.util import tf_stack

from tfsess_magics.tf.context import keras_session, summary_defaults
from tfsess_magics.tf.context.eager_mode import eager_mode
from tfsess_magics.tf.context.graph_scopes import (
    BUILD_STATE,
    device_scope,
    is_empty,
    left_open,
    name_scope,
    nothing_open,
)
from tfsess_magics.tf.context.interactive import is_in, is_interactive, open_interactive, take_out
from tfsess_magics.tf.context.left_open import Left, NotingStack, callers_of
from tfsess_magics.tf.internals import find
from tfsess_magics.tf.introspect.callers import Caller
from tfsess_magics.tf.introspect.generators import end_controllers, end_device_scopes


class _Defaults(NamedTuple):
    graphs: list[Any]
    global_graph: Any
    sessions: list[Any]
    switches: list[Any]
    eager: bool
    scope_name: str
    device: tuple[str, Any]
    building: tuple[Any, ...]
    variable_scope: Any
    frame_filters: list[Any]
    keras: keras_session.State
    summary: summary_defaults.Summary


class _OurFrames(find("util.tf_stack:StackTraceFilter") or object):  # type: ignore[misc]
    """Keeps this package's frames out of the stack traces that TensorFlow stores with every operation."""

    parent = None
    _files = frozenset(str(path) for path in Path(__file__).parents[2].rglob("*.py"))

    def get_filtered_filenames(self) -> frozenset[str]:
        return self._files


def _take(graph: tf.Graph) -> _Defaults:
    graphs, sessions, ctx = ops._default_graph_stack, stack._default_session_stack, context.context()
    local = ctx._thread_local_data
    store = _variable_scope_store(graph)
    return _Defaults(
        graphs.stack,
        graphs._global_default_graph,
        sessions.stack,
        ctx.context_switches.stack,
        local.is_eager,
        local.scope_name,
        (local.device_name, local.device_spec),
        tuple(getattr(graph, name) for name in BUILD_STATE),
        store and _current_scope(store),
        tf_stack._source_filter_stacks[get_ident()],
        keras_session.take(),
        summary_defaults.take(),
    )


def _put(graph: tf.Graph, defaults: _Defaults) -> None:
    graphs, sessions, ctx = ops._default_graph_stack, stack._default_session_stack, context.context()
    local = ctx._thread_local_data
    graphs.stack = defaults.graphs
    graphs._global_default_graph = defaults.global_graph
    sessions.stack = defaults.sessions
    ctx.context_switches.stack = defaults.switches
    local.is_eager = defaults.eager
    local.scope_name = defaults.scope_name
    local.device_name, local.device_spec = defaults.device
    _put_scopes(graph, defaults.building, defaults.variable_scope)
    tf_stack._source_filter_stacks[get_ident()] = defaults.frame_filters
    keras_session.put(defaults.keras)
    summary_defaults.put(defaults.summary)


def _put_scopes(graph: tf.Graph, building: tuple[Any, ...], open_scope: Any) -> None:
    for name, value in zip(BUILD_STATE, building, strict=True):
        setattr(graph, name, value)
    store = _variable_scope_store(graph)
    if store is not None and open_scope is not None:
        store.current_scope = open_scope
    elif store is not None and store.current_scope.name:
        store.current_scope = _root_scope()


def _variable_scope_store(graph: tf.Graph) -> Any:
    stores = graph._collections.get(variable_scope._VARSCOPESTORE_KEY)
    return stores[0] if stores else None


def _root_scope() -> Any:
    """Return a variable scope with nothing open: one that is made in eager mode would reuse all variables."""
    scope = variable_scope.VariableScope(False)
    scope._reuse = False
    return scope


def _reusing_scope(graph: tf.Graph) -> Any:
    """Return a variable scope with nothing open that takes variables which are there; None if they are not known."""
    store = _variable_scope_store(graph)
    if store is None and graph.finalized:
        return None
    if store is None:
        store = variable_scope._VariableScopeStore()
        graph.add_to_collection(variable_scope._VARSCOPESTORE_KEY, store)
    open_now = _current_scope(store)
    root = _root_scope() if open_now.name else copy.copy(open_now)
    root._reuse = variable_scope.AUTO_REUSE
    return root


def _current_scope(store: Any) -> Any:
    """Return the variable scope that is open in this thread. TensorFlow makes the first at the first look."""
    scope = store.current_scope
    if context.executing_eagerly() and not scope.name and scope.reuse is variable_scope.AUTO_REUSE:
        scope._reuse = False
    return scope


def _enter_default_graph() -> Any:
    return ops._default_graph_stack._GetGlobalDefaultGraph().as_default()


def _inside_eager(graph: tf.Graph) -> _Defaults:
    return _inside(graph, None, None, ())._replace(
        sessions=NotingStack([]),
        switches=NotingStack([context.ContextSwitch(False, context.eager_mode, None)]),
        eager=True,
        keras=keras_session.take(),
    )


def _inside(graph: tf.Graph, session: Any, device: str | None, interactive: Sequence[Any]) -> _Defaults:
    frame_filter = _OurFrames()
    frame_filter.update()
    own = [s.graph for s in interactive if s._explicit_graph is not None]
    return _Defaults(
        graphs=NotingStack(own),
        global_graph=graph,
        sessions=NotingStack([session, *interactive]),
        switches=NotingStack(
            [
                # What is outermost; the close of an interactive session that was entered outside takes one away.
                context.ContextSwitch(False, _enter_default_graph, traceable_stack.TraceableStack()),
                *(context.ContextSwitch(False, g.as_default, g._device_function_stack) for g in own),
            ]
        ),
        eager=False,
        scope_name="",
        device=("", None),
        building=nothing_open(device),
        variable_scope=None,
        frame_filters=[frame_filter],
        keras=keras_session.NOTHING,
        summary=summary_defaults.take(),
    )


def _left(
    entered_by: Sequence[tuple[Any, Caller]], entered: Sequence[Any], kept: Sequence[Any], disordered: Sequence[Any]
) -> Iterator[Left]:
    for default, who in entered_by:
        is_kept = is_in(default, kept)
        is_graph = isinstance(default, tf.Graph)
        # A session that is entered enters its graph as well.
        with_session = is_graph and any(who == other and not isinstance(s, tf.Graph) for s, other in entered_by)
        if with_session or not (is_kept or is_in(default, entered)):
            continue
        what = "a graph" if is_graph else "an InteractiveSession" if is_interactive(default) else "a session"
        in_order = not (is_in(default, disordered) or (is_interactive(default) and default._closed))
        yield Left(what, who, is_kept, in_order)


def _scopes_left(inside: _Defaults) -> Iterator[Left]:
    """Yield what is open in the graph, eager mode, and eager code's scopes, of which TensorFlow keeps the name only."""
    yield from left_open(inside.building)
    for switch, who in callers_of(inside.switches):
        if switch.enter_context_fn is context.eager_mode:
            eager_mode.left_open(who)
            yield Left("eager mode", who, is_kept=False, in_order=True)
    if device := inside.device[0]:
        yield Left(device_scope(device), None, is_kept=False, in_order=True)
    if inside.scope_name:
        yield Left(name_scope(inside.scope_name), None, is_kept=False, in_order=True)


class DefaultsSwap:
    """The defaults of one activation in a session, swapped in and out.

    Used by one thread. `suspend` may be called again, and after a `resume` that was interrupted.

    Parameters
    ----------
    graph, session
        The defaults inside; without a session the inside is eager.
    device
        Default device of the operations that are built inside.
    interactive
        Interactive sessions that an earlier activation left open, outermost first; the last one is the default.
    summary
        The default summary writer and step of the session.
    """

    def __init__(
        self,
        graph: tf.Graph,
        session: Any,
        device: str | None,
        interactive: Sequence[Any],
        summary: summary_defaults.SummaryDefaults,
    ) -> None:
        self._graph = graph
        self._session = session
        self._device = device
        self._reuses = False
        self._scopes_outside: list[tuple[weakref.ref[tf.Graph], tuple[Any, ...], Any]] = []
        """The graphs that `move_to` has moved from, each with what was open in it outside."""
        inside = _inside_eager(graph) if session is None else _inside(graph, session, device, interactive)
        self._inside = inside._replace(summary=summary.begin())
        self._summary = summary
        self._summary_before = self._inside.summary
        self._keras_before = self._inside.keras
        self._own_sessions = len(self._inside.sessions) - len(interactive)
        self._outside: _Defaults | None = None
        self._is_in = False
        self._open_outside = open_interactive(stack._default_session_stack.stack)

    def reuse_variables(self) -> None:
        """Have ``get_variable`` take a variable that is there; called before the first `resume`."""
        self._reuses = True
        self._inside = self._inside._replace(variable_scope=_reusing_scope(self._graph))

    def move_to(self, graph: tf.Graph, session: Any) -> None:
        """Put another graph and session in the place of those inside; called inside, with no graph entered.

        What is open in the graph before remains open there until `settle`, as the body has yet to leave it.
        """
        outside = self._outside
        if outside is None:
            return
        sessions = stack._default_session_stack.stack
        building, of_graph = nothing_open(self._device), _take(graph)
        open_scope = _reusing_scope(graph) if self._reuses else None
        inside = self._inside._replace(global_graph=graph)  # it keeps the graph before alive
        outside_now = outside._replace(building=of_graph.building, variable_scope=of_graph.variable_scope)
        self._scopes_outside.append((weakref.ref(self._graph), outside.building, outside.variable_scope))
        _put_scopes(graph, building, open_scope)
        if sessions and sessions[0] is self._session:
            sessions[0] = session
        ops._default_graph_stack._global_default_graph = graph
        self._graph, self._session = graph, session
        self._inside, self._outside = inside, outside_now

    def resume(self) -> None:
        """Install the inner defaults."""
        self._outside = _take(self._graph)
        _put(self._graph, self._inside)
        self._is_in = True

    def suspend(self) -> None:
        """Put the outer defaults back."""
        if self._is_in:
            self._inside = _take(self._graph)
            self._is_in = False
        if self._outside is not None:
            _put(self._graph, self._outside)
            self._outside = None

    def hand_over(self, inner: Any) -> None:
        """Leave before `inner`, which was entered later: what was outside of this is now outside of that."""
        if self._outside is not None:
            inner._outside, self._outside, self._is_in = self._outside, None, False

    def settle(self) -> list[Left]:
        """End what was entered inside and never left, except interactive sessions, and return the code that left it.

        The last call of an activation.
        """
        kept = self.interactive_left()
        kept_graphs = [session.graph for session in kept]
        entered = [graph for graph in self._inside.graphs if not is_in(graph, kept_graphs)]
        entered += [session for session in self._inside.sessions[self._own_sessions :] if not is_in(session, kept)]
        outside = _take(self._graph)
        entered = [default for default in entered if not is_in(default, [*outside.graphs, *outside.sessions])]
        entered_by = [*callers_of(self._inside.graphs), *callers_of(self._inside.sessions)]
        scopes = [*_scopes_left(self._inside), *self._leave_scopes()]
        devices = [device.obj for device, _ in callers_of(self._inside.building[0]._stack)]
        disordered: list[Any] = []
        if entered or devices:
            try:
                self.resume()
                end_device_scopes(devices)
                disordered = end_controllers(entered)
            finally:
                self.suspend()
        # Closed inside, it has left the stacks inside.
        for session in self._open_outside:
            if session._closed:
                take_out(session)
        self._open_outside = []
        return [*_left(entered_by, entered, kept, disordered), *scopes]

    def _leave_scopes(self) -> Iterator[Left]:
        """End what is open in the graphs before, and yield it."""
        while self._scopes_outside:
            reference, building, open_scope = self._scopes_outside[-1]
            if (graph := reference()) is not None:
                inside = tuple(getattr(graph, name) for name in BUILD_STATE)
                yield from left_open(inside)
                end_device_scopes([device.obj for device, _ in callers_of(inside[0]._stack)])
                _put_scopes(graph, building, open_scope)
            self._scopes_outside.pop()

    @property
    def has_new_keras_session(self) -> bool:
        """True if code inside has given Keras a session, and Keras has it still."""
        return keras_session.has_new_session(self._inside.keras, self._keras_before)

    def keep_summary(self) -> list[str]:
        """Keep the default summary writer and step that code inside has set, and return which of them are new."""
        return self._summary.keep(self._summary_before, self._inside.summary)

    def graph_left(self) -> tf.Graph:
        """Return the graph that is the default inside; where code has reset that and built nothing, the one before.

        The learning phase that Keras 2 puts into a new graph by itself is nothing built.
        """
        graph: tf.Graph | None = self._inside.global_graph
        is_before = graph is None or graph is self._graph or is_empty(graph)
        return self._graph if is_before else graph

    def interactive_left(self) -> tuple[Any, ...]:
        """Return the interactive sessions that are open inside, outermost first, without the activation's own."""
        return tuple(
            s
            for s in self._inside.sessions
            if s is not self._session
            and is_interactive(s)
            and not s._closed
            and (s._explicit_graph is not None or s.graph is self.graph_left())
        )
