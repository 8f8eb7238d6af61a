"""Errors of every kind, with their messages, attributes and tracebacks."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tests.harm.fetching import opened
from tests.harm.table import behaviour, error_of, look

v1 = tf.compat.v1


def _failure(build: Any, **how: Any) -> BaseException:
    with opened() as session:
        fetches = build()
        look()
        return error_of(lambda: session.run(fetches, **how))


@behaviour
def error_invalid_argument() -> Any:
    return _failure(lambda: tf.linalg.inv(tf.zeros([2, 2]), name="inverse"))


@behaviour
def error_uninitialized_reference_variable() -> Any:
    return _failure(lambda: v1.Variable(1, use_resource=False, name="v") + 1)


@behaviour
def error_uninitialized_resource_variable() -> Any:
    return _failure(lambda: v1.Variable(1, use_resource=True, name="v") + 1)


@behaviour
def error_out_of_range() -> Any:
    return _failure(lambda: v1.data.make_one_shot_iterator(tf.data.Dataset.range(0)).get_next())


@behaviour
def error_uninitialized_iterator() -> Any:
    return _failure(lambda: v1.data.make_initializable_iterator(tf.data.Dataset.range(3)).get_next())


@behaviour
def error_not_found() -> Any:
    return _failure(lambda: tf.io.read_file("/there/is/no/such/file"))


@behaviour
def error_deadline_exceeded() -> Any:
    return _failure(
        lambda: tf.queue.FIFOQueue(1, tf.int32, shapes=[[]], name="queue").dequeue(),
        options=v1.RunOptions(timeout_in_ms=50),
    )


@behaviour
def error_closed_queue() -> Any:
    with opened() as session:
        queue = tf.queue.FIFOQueue(1, tf.int32, shapes=[[]])
        session.run(queue.close())
        return error_of(lambda: session.run(queue.dequeue())), error_of(lambda: session.run(queue.enqueue(1)))


@behaviour
def error_assertion() -> Any:
    return _failure(lambda: v1.Assert(tf.constant(False), [tf.constant("said"), tf.constant(5)]))


@behaviour
def error_check_numerics() -> Any:
    return _failure(lambda: tf.debugging.check_numerics(tf.constant([1.0, np.nan]), "not a number"))


@behaviour
def error_of_python() -> Any:
    def fails(_: Any) -> Any:
        raise ZeroDivisionError("of the user")

    return _failure(lambda: tf.py_function(fails, [1], tf.int32)), _failure(
        lambda: tf.numpy_function(fails, [1], tf.int64)
    )


@behaviour
def error_stop_iteration_of_python() -> Any:
    def stops() -> Any:
        raise StopIteration

    return _failure(lambda: tf.numpy_function(stops, [], tf.int64))


@behaviour
def error_in_loop() -> Any:
    return _failure(
        lambda: tf.while_loop(
            lambda i: i < 3, lambda i: tf.cast(tf.linalg.inv(tf.zeros([1, 1]))[0, 0], tf.int32) + i, [tf.constant(0)]
        )
    )


@behaviour
def error_in_function() -> Any:
    @tf.function  # type: ignore[untyped-decorator]
    def inner(x: Any) -> Any:
        return tf.linalg.inv(x)

    return _failure(lambda: inner(tf.zeros([2, 2])))


@behaviour
def error_shape_at_run_time() -> Any:
    with opened() as session:
        a, b = v1.placeholder(tf.float32), v1.placeholder(tf.float32)
        return error_of(lambda: session.run(tf.matmul(a, b), {a: [[1.0]], b: [[1.0], [2.0]]}))


@behaviour
def error_no_device() -> Any:
    with opened(config=v1.ConfigProto(allow_soft_placement=False)) as session, tf.device("/GPU:7"):
        return error_of(lambda: session.run(tf.constant(1.0) + 1.0))


@behaviour
def error_empty_graph() -> Any:
    with opened() as session:
        return error_of(lambda: session.run([])), error_of(lambda: session.run("x:0"))


@behaviour
def error_closed_session() -> Any:
    with opened() as session:
        x = tf.constant(1)
        call = session.make_callable(x)
        session.close()
        look()
        return [error_of(failing) for failing in (lambda: session.run(x), x.eval, session.list_devices, call)]


@behaviour
def error_unknown_target() -> Any:
    return error_of(lambda: v1.Session("nowhere://", graph=tf.Graph()))


@behaviour
def error_wrong_arguments_of_the_constructor() -> Any:
    makers = (
        lambda: v1.Session(target=5),
        lambda: v1.Session(graph=5),
        lambda: v1.Session(config=5),
        lambda: v1.Session(config={"allow_soft_placement": True}),
        lambda: v1.Session(nonsense=5),
        lambda: v1.InteractiveSession(graph="graph"),
    )
    return [error_of(make) for make in makers]


@behaviour
def error_in_an_error_handler() -> Any:
    with opened() as session:
        inverse = tf.linalg.inv(tf.zeros([2, 2]))

        def twice() -> None:
            try:
                session.run(inverse)
            except tf.errors.InvalidArgumentError as error:
                raise LookupError("of the user") from error

        return error_of(twice)


@behaviour
def error_goes_with_its_last_reference() -> Any:
    import gc
    import weakref

    with opened() as session:
        error = error_of(lambda: session.run(tf.linalg.inv(tf.zeros([2, 2]))))
        reference = weakref.ref(error)
        del error
        gc.collect()
        return reference()


@behaviour
def error_leaves_the_session_usable() -> Any:
    with opened() as session:
        error = error_of(lambda: session.run(tf.linalg.inv(tf.zeros([2, 2]))))
        return type(error), session.run(tf.constant(1))
