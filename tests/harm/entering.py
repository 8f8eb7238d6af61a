"""How sessions are entered and left."""

from __future__ import annotations

import warnings
from typing import Any

import tensorflow as tf

from tests.harm.fetching import opened
from tests.harm.table import behaviour, error_of, look

v1 = tf.compat.v1


def defaults() -> Any:
    """Say what TensorFlow's defaults are in this thread."""
    return v1.get_default_session() is not None, tf.executing_eagerly(), v1.get_default_graph().num_operations()


@behaviour
def with_block() -> Any:
    with tf.Graph().as_default() as graph:
        session = v1.Session()
        with session as entered:
            inside = entered is session, v1.get_default_session() is session, session.graph is graph
        look()
        return inside, defaults(), error_of(lambda: session.run(tf.constant(1)))


@behaviour
def with_block_left_by_an_exception() -> Any:
    def fails() -> None:
        with opened():
            raise KeyError("of the user")

    return error_of(fails), defaults()


@behaviour
def with_block_left_by_an_operation_error() -> Any:
    def fails() -> None:
        with opened() as session:
            session.run(tf.linalg.inv(tf.zeros([2, 2])))

    return error_of(fails), defaults()


@behaviour
def with_block_in_a_generator() -> Any:
    def steps() -> Any:
        with opened() as session:
            yield session.run(tf.constant(1))
            yield session.run(tf.constant(2))

    return list(steps()), defaults()


@behaviour
def with_blocks_left_in_the_wrong_order() -> Any:
    with tf.Graph().as_default():
        outer, inner = v1.Session(), v1.Session()
        first, second = outer.as_default(), inner.as_default()
        first.__enter__()
        second.__enter__()
        error = error_of(lambda: first.__exit__(None, None, None))
        second.__exit__(None, None, None)
        outer.close()
        inner.close()
        return error, defaults()


@behaviour
def entered_again() -> Any:
    with opened() as session:
        error = error_of(session.__enter__)
        with session.as_default():
            return error, v1.get_default_session() is session


@behaviour
def as_default_closes_nothing() -> Any:
    with tf.Graph().as_default():
        session = v1.Session()
        with session.as_default() as entered:
            x = tf.constant(1)
        value = session.run(x), entered is session
        session.close()
        return value, defaults()


@behaviour
def interactive_session() -> Any:
    with tf.Graph().as_default():
        session = v1.InteractiveSession()
        look()
        inside = tf.constant(3).eval(), v1.get_default_session() is session
        closed = session.close()
        return inside, closed, v1.get_default_session(), session.close()


@behaviour
def interactive_session_as_context_manager() -> Any:
    with tf.Graph().as_default():
        session = v1.InteractiveSession()
        error = error_of(lambda: session.__enter__)
        session.close()
        return error


@behaviour
def interactive_sessions_nested() -> Any:
    with tf.Graph().as_default(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outer = v1.InteractiveSession()
        inner = v1.InteractiveSession()
        inside = v1.get_default_session() is inner
        inner.close()
        between = v1.get_default_session() is outer
        outer.close()
        told = [str(warning.message) for warning in caught if "interactive" in str(warning.message)]
        return inside, between, v1.get_default_session(), told


@behaviour
def interactive_session_on_a_graph() -> Any:
    graph = tf.Graph()
    session = v1.InteractiveSession(graph=graph)
    inside = v1.get_default_graph() is graph, tf.executing_eagerly()
    session.close()
    return inside, defaults()
