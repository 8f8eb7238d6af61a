"""Callables, partial runs, options of a run, and what a graph can do when it runs."""

from __future__ import annotations

import gc
import inspect
import threading
import weakref
from typing import Any
from unittest import mock

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2
from tensorflow.python.util import deprecation

from tests.harm.fetching import opened
from tests.harm.table import behaviour, error_of, look

v1 = tf.compat.v1


@behaviour
def callable_of_tensor() -> Any:
    with opened() as session:
        call = session.make_callable(tf.constant([1, 2]))
        look()
        return call(), call.__name__, str(inspect.signature(call)), type(call), call.__qualname__, call.__module__


@behaviour
def callable_of_operation() -> Any:
    with opened() as session:
        call = session.make_callable(tf.no_op())
        look()
        return call(), call.__name__, str(inspect.signature(call)), type(call), call.__doc__


@behaviour
def callable_of_list() -> Any:
    with opened() as session:
        call = session.make_callable([tf.constant(1), {"x": tf.constant(2)}])
        return call(), call.__name__, str(inspect.signature(call))


@behaviour
def callable_with_feeds() -> Any:
    with opened() as session:
        a, b = v1.placeholder(tf.float32), v1.placeholder(tf.float32)
        call = session.make_callable(a - b, [a, b])
        return call(3, 1), error_of(lambda: call(3)), error_of(lambda: call(3, "x"))


@behaviour
def callable_with_options() -> Any:
    with opened() as session:
        call = session.make_callable(tf.constant(1), accept_options=True)
        metadata = v1.RunMetadata()
        value = call(options=v1.RunOptions(trace_level=v1.RunOptions.FULL_TRACE), run_metadata=metadata)
        return value, [field.name for field, _ in metadata.ListFields()], str(inspect.signature(call))


@behaviour
def callable_that_fails() -> Any:
    with opened() as session:
        inverse = tf.linalg.inv(tf.zeros([2, 2]))
        return [error_of(session.make_callable(fetch)) for fetch in (inverse, inverse.op, [inverse])]


@behaviour
def callable_of_wrong_arguments() -> Any:
    with opened() as session:
        x = tf.constant(1)
        return error_of(lambda: session.make_callable(x, 5)), error_of(lambda: session.make_callable(7))


@behaviour
def callable_from_options() -> Any:
    with opened() as session:
        fed = v1.placeholder(tf.float32, [], name="fed")
        doubled = fed * 2
        call = session._make_callable_from_options(config_pb2.CallableOptions(feed=[fed.name], fetch=[doubled.name]))
        look()
        return call(2.0), type(call), repr(call), str(inspect.signature(call)), error_of(call)


@behaviour
def callable_outlives_its_name() -> Any:
    with opened() as session:
        call = session._make_callable_from_options(config_pb2.CallableOptions(fetch=[tf.constant(1, name="x").name]))
        reference = weakref.ref(call)
        del call
        look()
        gc.collect()
        return reference(), session.run("x:0")


@behaviour
def partial_run() -> Any:
    with opened() as session:
        a, b = v1.placeholder(tf.float32, []), v1.placeholder(tf.float32, [])
        first, second = a + 1, a + b
        handle = session.partial_run_setup([first, second], [a, b])
        look()
        return session.partial_run(handle, first, {a: 1}), session.partial_run(handle, second, {b: 5})


@behaviour
def partial_run_errors() -> Any:
    with opened() as session:
        a = v1.placeholder(tf.float32, [], name="a")
        b = tf.add(a, 1, name="b")
        handle = session.partial_run_setup([b], [a])
        return (
            error_of(lambda: session.partial_run(handle, "a:0", {})),
            session.partial_run(handle, b, {a: 1}),
            error_of(lambda: session.partial_run(handle, b, {a: 1})),
            error_of(lambda: session.partial_run("nonsense", b)),
            error_of(lambda: session.partial_run_setup([])),
        )


@behaviour
def partial_run_is_deprecated() -> Any:
    with (
        opened() as session,
        mock.patch.dict(deprecation._PRINTED_WARNING, clear=True),
        mock.patch.object(deprecation, "_log_deprecation") as warning,
    ):
        a = v1.placeholder(tf.float32, [])
        b = a + 1
        values = [session.partial_run(session.partial_run_setup([b], [a]), b, {a: 1}) for _ in range(2)]
        return values, [call.args for call in warning.mock_calls]


@behaviour
def run_metadata() -> Any:
    with opened(config=v1.ConfigProto(graph_options=v1.GraphOptions(build_cost_model=1))) as session:
        metadata = v1.RunMetadata()
        options = v1.RunOptions(trace_level=v1.RunOptions.FULL_TRACE, output_partition_graphs=True)
        value = session.run(tf.constant(2) * 3, options=options, run_metadata=metadata)
        nodes = sorted(node.node_name for device in metadata.step_stats.dev_stats for node in device.node_stats)
        return value, [field.name for field, _ in metadata.ListFields()], nodes


@behaviour
def run_with_wrong_options() -> Any:
    with opened() as session:
        x = tf.constant(1)
        return (
            error_of(lambda: session.run(x, options=5)),
            error_of(lambda: session.run(x, run_metadata=5)),
            session.run(x, run_metadata=v1.RunMetadata()),
        )


@behaviour
def run_in_python() -> Any:
    threads: list[bool] = []

    def inside(x: Any) -> Any:
        threads.append(threading.current_thread() is threading.main_thread())
        look()
        return x + 1

    with opened() as session:
        one = tf.constant(1)
        return (
            session.run(tf.py_function(inside, [one], tf.int32)),
            session.run(tf.numpy_function(inside, [one], tf.int32)),
            threads,
        )


@behaviour
def run_inside_a_run() -> Any:
    with opened() as session:
        inner = tf.constant(20)

        def inside(x: Any) -> Any:
            return x + session.run(inner)

        return session.run(tf.numpy_function(inside, [tf.constant(1)], tf.int32))


@behaviour
def gradient_of_a_loop() -> Any:
    with opened() as session:
        x = v1.get_variable("x", initializer=2.0)
        session.run(x.initializer)
        look()
        _, y = tf.while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, y * x), [tf.constant(0), x])
        look()
        gradient = tf.gradients(y, x)
        look()
        return session.run([y, gradient])


@behaviour
def gradient_of_a_loop_that_has_run() -> Any:
    with opened() as session:
        x = tf.constant(2.0)
        _, y = tf.while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, y * x), [tf.constant(0), x])
        session.run(x)
        gradient = tf.gradients(y, x)
        return error_of(lambda: session.run(gradient))


@behaviour
def condition() -> Any:
    with opened() as session:
        fed = v1.placeholder(tf.bool, [])
        chosen = v1.cond(fed, lambda: tf.constant("yes"), lambda: tf.constant("no"))
        return session.run(chosen, {fed: True}), session.run(chosen, {fed: False})


@behaviour
def function_in_a_graph() -> Any:
    @tf.function  # type: ignore[untyped-decorator]
    def doubled(x: Any) -> Any:
        return x * 2

    with opened() as session:
        return session.run(doubled(tf.constant([1, 2])))


@behaviour
def training() -> Any:
    with opened() as session:
        w = v1.get_variable("w", initializer=[1.0, -1.0])
        loss = tf.reduce_sum((w - 3.0) ** 2)
        step = v1.train.AdamOptimizer(0.1).minimize(loss)
        look()
        session.run(v1.global_variables_initializer())
        look()
        return [session.run([step, loss])[1] for _ in range(5)], session.run(w)


@behaviour
def initializers_and_reports() -> Any:
    with opened() as session:
        v1.get_variable("a", initializer=1)
        v1.get_variable("b", initializer=2, use_resource=False)
        report = v1.report_uninitialized_variables()
        before = session.run(report)
        look()
        session.run(v1.variables_initializer(v1.global_variables()[:1]))
        look()
        return before, session.run(report), session.run(v1.is_variable_initialized(v1.global_variables()[1]))


@behaviour
def dataset_iterators() -> Any:
    with opened() as session:
        iterator = v1.data.make_initializable_iterator(tf.data.Dataset.range(2))
        following = iterator.get_next()
        session.run(iterator.initializer)
        values = [session.run(following), session.run(following)]
        return values, type(error_of(lambda: session.run(following)))


@behaviour
def random_numbers() -> Any:
    with opened() as session:
        v1.set_random_seed(7)
        x, y = tf.random.uniform([2]), tf.random.normal([2], seed=3)
        look()
        return [session.run([x, y]) for _ in range(3)]


@behaviour
def lookup_table() -> Any:
    with opened() as session:
        table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2]), -1)
        look()
        session.run(v1.tables_initializer())
        return session.run(table.lookup(tf.constant(["b", "c"])))


@behaviour
def device_placement() -> Any:
    with opened(config=v1.ConfigProto(allow_soft_placement=True)) as session, tf.device("/CPU:0"):
        x = tf.constant([1.0]) + 1.0
        with tf.device("/GPU:7"):
            y = x * 2.0
        return session.run(y), x.device, y.device


@behaviour
def summaries() -> Any:
    with opened() as session:
        summary = v1.summary.scalar("loss", tf.constant(2.0))
        return session.run(v1.summary.merge_all()) == session.run(summary), session.run(summary)
