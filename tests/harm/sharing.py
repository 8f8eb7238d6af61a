"""How sessions are shared by threads, and by clients of a server."""

from __future__ import annotations

import threading
from typing import Any

import tensorflow as tf

from tests.harm.entering import defaults
from tests.harm.fetching import opened
from tests.harm.table import behaviour, error_of, look

v1 = tf.compat.v1


def _in_thread(function: Any) -> Any:
    found: list[Any] = []

    def target() -> None:
        try:
            found.append(function())
        except Exception as error:  # noqa: BLE001 - what it is, is to be seen
            found.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    return found[0]


@behaviour
def two_sessions_on_one_graph() -> Any:
    with tf.Graph().as_default():
        variable = v1.get_variable("v", initializer=1)
        with v1.Session() as first, v1.Session() as second:
            first.run(variable.initializer)
            second.run(variable.initializer)
            first.run(variable.assign(5))
            look()
            return first.run(variable), second.run(variable)


@behaviour
def threads_share_a_session() -> Any:
    with opened() as session:
        variable = v1.get_variable("v", initializer=0)
        session.run(variable.initializer)
        add = variable.assign_add(1)
        threads = [threading.Thread(target=lambda: [session.run(add.op) for _ in range(20)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            look()
        for thread in threads:
            thread.join()
        return session.run(variable)


@behaviour
def thread_has_defaults_of_its_own() -> Any:
    with opened() as session:
        x = tf.constant(1)
        return _in_thread(defaults), _in_thread(x.eval), _in_thread(lambda: x.eval(session=session))


@behaviour
def thread_makes_a_session() -> Any:
    def inside() -> Any:
        with opened() as session:
            return session.run(tf.constant(1)), error_of(lambda: session.run(tf.linalg.inv(tf.zeros([2, 2]))))

    return _in_thread(inside), defaults()


@behaviour
def thread_closes_a_session() -> Any:
    with opened() as session:
        x = tf.constant(1)
        _in_thread(session.close)
        look()
        return error_of(lambda: session.run(x))


@behaviour
def closed_while_a_run_is_blocked() -> Any:
    with opened() as session:
        queue = tf.queue.FIFOQueue(1, tf.int32, shapes=[[]], name="queue")
        enqueue, dequeue = queue.enqueue(1), queue.dequeue_many(3)
        found: list[BaseException] = []
        thread = threading.Thread(target=lambda: found.append(error_of(lambda: session.run(dequeue))))
        thread.start()
        # There is room for the second one only once the dequeue has taken the first and waits for more.
        for _ in range(2):
            session.run(enqueue)
        look()
        session.close()
        thread.join()
        return found


@behaviour
def reset_of_a_target() -> Any:
    return v1.Session.reset(""), error_of(lambda: v1.Session.reset("nowhere://"))


@behaviour
def sessions_on_a_server() -> Any:
    server = v1.train.Server.create_local_server()
    with tf.Graph().as_default():
        variable = v1.get_variable("v", initializer=1)
        with v1.Session(server.target) as session:
            session.run(variable.initializer)
            session.run(variable.assign(7))
            look()
            target = session.sess_str
        session = v1.Session(server.target)
        kept = session.run(variable)
        v1.Session.reset(server.target)
        look()
        return type(target), kept, error_of(lambda: session.run(variable)), error_of(session.close)
