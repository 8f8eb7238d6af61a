"""How sessions are made and ended."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import tensorflow as tf

from tests.harm.table import behaviour, error_of, look, nobody_looks

v1 = tf.compat.v1


@behaviour
def closed_twice() -> Any:
    session = v1.Session(graph=tf.Graph())
    return session.close(), session.close(), session._closed


@behaviour
def collected() -> Any:
    session = v1.Session(graph=tf.Graph())
    references = weakref.ref(session), weakref.ref(session.graph)
    look()
    with nobody_looks():
        del session
        alive = references[0]() is not None
        gc.collect()
        return alive, [reference() for reference in references]


@behaviour
def collected_in_a_cycle_with_a_failed_run() -> Any:
    def use() -> Any:
        session = v1.Session(graph=tf.Graph())
        session.me = session
        with session.graph.as_default():
            error_of(lambda: session.run(tf.linalg.inv(tf.zeros([2, 2]))))
        look()
        return weakref.ref(session)

    with nobody_looks():
        reference = use()
        gc.collect()
        return reference()


@behaviour
def deleted_by_hand() -> Any:
    session = v1.Session(graph=tf.Graph())
    session.__del__()
    session.__del__()
    look()
    return session._closed, session._session is None, session.close()


@behaviour
def constructed_again() -> Any:
    session = v1.Session(graph=tf.Graph())
    session.close()
    session.__init__(graph=tf.Graph())
    look()
    with session.graph.as_default(), session:
        return session.run(tf.constant(1))
