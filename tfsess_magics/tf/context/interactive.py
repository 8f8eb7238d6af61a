"""The close of an ``InteractiveSession``, which is a default of its thread until then, in any order and by any thread.

The problem: ``InteractiveSession.close`` takes the session and its graph from TensorFlow's stacks of defaults only if
they lie on top, in the thread that calls it. Otherwise it raises an AssertionError with the work half done, and eager
mode does not come back. An interactive session that was made inside of another one with a graph of its own remembers
that the thread was not eager then, and puts that back at its own close (eager/context.py, ``Context._mode``).

What is done: `close_session` leaves those that were entered later, closes the session, and enters them again. Each
then remembers the mode without the one that has gone. Where the session is not among the defaults of the thread that
closes it, that thread's defaults are laid aside meanwhile. `end_closed` takes it from its own thread after a cell.

What can still fail: code may have entered a graph or another kind of session after the interactive one. The order is
then that code's, and only its own ``__exit__`` can leave. The session is taken from between, and eager mode comes back
with the cell in which the last graph is left.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.framework import ops, stack

from tfsess_magics.tf.context.eager_mode import eager_mode
from tfsess_magics.tf.internals import SWAP

_closing: WeakSet[Any] = WeakSet()
"""The interactive sessions that `close_session` was to close, as far as their threads may have them as defaults."""


def is_interactive(session: object) -> bool:
    """Say whether it is an interactive session."""
    return isinstance(session, tf.compat.v1.InteractiveSession)


def open_interactive(sessions: Sequence[Any]) -> list[Any]:
    """Return the interactive ones that are not closed."""
    return [s for s in sessions if is_interactive(s) and not s._closed]


def close_session(session: Any) -> None:
    """Close a TensorFlow session; an interactive one leaves the defaults of its thread, in whatever order."""
    if SWAP.missing or not is_interactive(session) or session._explicitly_closed:
        session.close()
        return
    _closing.add(session)
    above = _above(session)
    with _defaults_aside() if above is None else _left_meanwhile(above):
        session.close()
    end_closed()


def end_closed() -> None:
    """Take the interactive sessions from this thread's defaults that `close_session` has closed, and are there still.

    Another thread has closed them, or an interrupt came in the middle.
    """
    for session in [s for s in stack._default_session_stack.stack if s in _closing and s._closed]:
        take_out(session)
        _closing.discard(session)


def take_out(session: Any) -> None:
    """Take a closed interactive session and its graph from this thread's defaults, as its close would have done."""
    above = _above(session)
    if above is None:
        _drop(session)
    else:
        with _left_meanwhile(above):
            _drop(session)


def is_in(item: Any, items: Sequence[Any]) -> bool:
    """Say whether the very `item` is among `items`, which may say of others that they are equal."""
    return any(item is other for other in items)


def _above(session: Any) -> list[Any] | None:
    """Return what was entered after `session`, outermost first, None if not all of that is interactive sessions."""
    sessions, graphs = stack._default_session_stack.stack, ops._default_graph_stack.stack
    if not is_in(session, sessions):
        return None
    above: list[Any] = sessions[_index(session, sessions) + 1 :]
    if not all(is_interactive(s) and s._default_session is not None for s in above):
        return None
    own = [s._explicit_graph for s in (session, *above) if s._explicit_graph is not None]
    on_top = graphs[len(graphs) - len(own) :]
    if len(on_top) != len(own) or not all(map(operator.is_, own, on_top)):
        return None
    return above


@contextmanager
def _left_meanwhile(above: Sequence[Any]) -> Iterator[None]:
    """Leave the interactive sessions that were entered last, and enter them again."""
    try:
        for session in reversed(above):
            if session._explicit_graph is not None:
                session._default_graph.__exit__(None, None, None)
            session._default_session.__exit__(None, None, None)
        yield
    finally:
        for session in above:
            if is_in(session, stack._default_session_stack.stack):  # an interrupt came before it was left
                continue
            session._default_session = session.as_default()
            session._default_session.__enter__()
            if session._explicit_graph is not None:
                session._default_graph = session._explicit_graph.as_default()
                session._default_graph.__enter__()


@contextmanager
def _defaults_aside() -> Iterator[None]:
    """Give this thread no defaults meanwhile."""
    sessions, graphs, ctx = stack._default_session_stack, ops._default_graph_stack, context.context()
    before = sessions.stack, graphs.stack, ctx.context_switches.stack, ctx._thread_local_data.is_eager
    # With no default there is TensorFlow has nothing to refuse.
    sessions.stack, graphs.stack, ctx.context_switches.stack = [], [], list(before[2])
    try:
        yield
    finally:
        sessions.stack, graphs.stack, ctx.context_switches.stack, ctx._thread_local_data.is_eager = before


def _drop(session: Any) -> None:
    sessions, graphs, ctx = stack._default_session_stack.stack, ops._default_graph_stack.stack, context.context()
    if is_in(session, sessions):
        sessions.pop(_index(session, sessions))
    graph = session._explicit_graph
    if graph is None or not is_in(graph, graphs):
        return
    graphs.pop(_index(graph, graphs))
    switches = ctx.context_switches.stack
    for switch in reversed(switches):
        if switch.enter_context_fn == graph.as_default:
            switches.remove(switch)
            break
    if not graphs:
        ctx._thread_local_data.is_eager = context.default_execution_mode == context.EAGER_MODE
    else:
        eager_mode.owed()


def _index(item: Any, items: Sequence[Any]) -> int:
    return next(index for index in reversed(range(len(items))) if items[index] is item)
