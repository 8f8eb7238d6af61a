"""How sessions are made, shared, left and ended."""

from __future__ import annotations

import gc
import threading
import warnings
import weakref
from typing import Any

import tensorflow as tf

from tests.harm.fetching import opened
from tests.harm.table import behaviour, error_of, look

v1 = tf.compat.v1


def _defaults() -> Any:
    """Say what TensorFlow's defaults are in this thread."""
    return v1.get_default_session() is not None, tf.executing_eagerly(), v1.get_default_graph().num_operations()


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
def with_block() -> Any:
    with tf.Graph().as_default() as graph:
        session = v1.Session()
        with session as entered:
            inside = entered is session, v1.get_default_session() is session, session.graph is graph
        look()
        return inside, _defaults(), error_of(lambda: session.run(tf.constant(1)))


@behaviour
def with_block_left_by_an_exception() -> Any:
    def fails() -> None:
        with opened():
            raise KeyError("of the user")

    return error_of(fails), _defaults()


@behaviour
def with_block_left_by_an_operation_error() -> Any:
    def fails() -> None:
        with opened() as session:
            session.run(tf.linalg.inv(tf.zeros([2, 2])))

    return error_of(fails), _defaults()


@behaviour
def with_block_in_a_generator() -> Any:
    def steps() -> Any:
        with opened() as session:
            yield session.run(tf.constant(1))
            yield session.run(tf.constant(2))

    return list(steps()), _defaults()


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
        return error, _defaults()


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
        return value, _defaults()


@behaviour
def closed_twice() -> Any:
    session = v1.Session(graph=tf.Graph())
    return session.close(), session.close(), session._closed


@behaviour
def collected() -> Any:
    session = v1.Session(graph=tf.Graph())
    references = weakref.ref(session), weakref.ref(session.graph)
    look()
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
    return inside, _defaults()


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
        return _in_thread(_defaults), _in_thread(x.eval), _in_thread(lambda: x.eval(session=session))


@behaviour
def thread_makes_a_session() -> Any:
    def inside() -> Any:
        with opened() as session:
            return session.run(tf.constant(1)), error_of(lambda: session.run(tf.linalg.inv(tf.zeros([2, 2]))))

    return _in_thread(inside), _defaults()


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


class _Subclass(v1.Session):  # type: ignore[misc,name-defined]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.calls: list[str] = ["init"]
        super().__init__(*args, **kwargs)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        self.calls.append("run")
        return super().run(*args, **kwargs)

    def close(self) -> None:
        self.calls.append("close")
        super().close()


@behaviour
def subclass_with_methods_of_its_own() -> Any:
    with tf.Graph().as_default():
        x = tf.constant(1)
        with _Subclass() as session:
            values = session.run(x), x.eval()
            error = error_of(lambda: session.run(tf.linalg.inv(tf.zeros([2, 2]))))
        return values, session.calls, error


@behaviour
def subclass_that_is_unhashable() -> Any:
    class Unhashable(v1.Session):  # type: ignore[misc,name-defined]
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            raise TypeError("of the user")

    with tf.Graph().as_default(), Unhashable() as session:
        look()
        return session.run(tf.constant(1)), error_of(lambda: hash(session))


@behaviour
def subclass_that_looks_up_attributes_itself() -> Any:
    asked: list[str] = []

    class Asking(v1.Session):  # type: ignore[misc,name-defined]
        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            raise AttributeError(name)

        def __setattr__(self, name: str, value: Any) -> None:
            asked.append(f"set {name}")
            super().__setattr__(name, value)

    with tf.Graph().as_default(), Asking() as session:
        look()
        return session.run(tf.constant(1)), asked


@behaviour
def subclass_whose_constructor_fails() -> Any:
    class Early(v1.Session):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            raise KeyError("before")

    class Late(v1.Session):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__(graph=tf.Graph())
            raise KeyError("after")

    return error_of(Early), error_of(Late)


@behaviour
def subclass_with_a_new_of_its_own() -> Any:
    class Counted(v1.InteractiveSession):  # type: ignore[misc,name-defined]
        made = 0

        def __new__(cls, **options: Any) -> Any:
            cls.made += len(options)
            return super().__new__(cls)

    with tf.Graph().as_default():
        session = Counted(config=None)
        value = tf.constant(1).eval()
        session.close()
        return value, Counted.made, type(session).__mro__
