"""Fetches of every kind."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import attrs
import tensorflow as tf

from tests.harm.table import behaviour, error_of, look

v1 = tf.compat.v1


@contextmanager
def opened(**options: Any) -> Iterator[Any]:
    """Give a session on a graph of its own, both TensorFlow's defaults."""
    with tf.Graph().as_default(), v1.Session(**options) as session:
        look()
        yield session
        look()


@behaviour
def fetch_tensor() -> Any:
    with opened() as session:
        return session.run(tf.constant([[1.0, 2.0], [3.0, 4.0]]))


@behaviour
def fetch_scalar() -> Any:
    with opened() as session:
        return session.run(tf.constant(3))


@behaviour
def fetch_strings() -> Any:
    with opened() as session:
        return session.run([tf.constant("é"), tf.constant(["a", "b"])])


@behaviour
def fetch_every_dtype() -> Any:
    kinds = [tf.bool, tf.int8, tf.uint16, tf.int64, tf.float16, tf.bfloat16, tf.float64, tf.complex64]
    with opened() as session:
        return session.run([tf.cast(tf.constant([0, 1]), kind) for kind in kinds])


@behaviour
def fetch_operation() -> Any:
    with opened() as session:
        return session.run(tf.no_op())


@behaviour
def fetch_reference_variable() -> Any:
    with opened() as session:
        variable = v1.Variable([1, 2], use_resource=False)
        look()
        return session.run(variable.initializer), session.run(variable), session.run(variable.assign_add([1, 1]))


@behaviour
def fetch_resource_variable() -> Any:
    with opened() as session:
        variable = v1.Variable([1, 2], use_resource=True)
        look()
        return session.run(variable.initializer), session.run(variable), session.run(variable.assign_add([1, 1]))


@behaviour
def fetch_resource_handle() -> Any:
    with opened() as session:
        return type(session.run(v1.Variable(1, use_resource=True).handle))


@behaviour
def fetch_sparse_tensor() -> Any:
    with opened() as session:
        return session.run(tf.sparse.from_dense([[0, 1], [2, 0]]))


@behaviour
def fetch_ragged_tensor() -> Any:
    with opened() as session:
        value = session.run(tf.ragged.constant([[1], [2, 3]]))
        return type(value), value.to_list()


@behaviour
def fetch_indexed_slices() -> Any:
    with opened() as session:
        return session.run(tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([0]), tf.constant([4, 1])))


@behaviour
def fetch_list() -> Any:
    with opened() as session:
        return session.run([tf.constant(1), tf.constant(2)])


@behaviour
def fetch_nested() -> Any:
    with opened() as session:
        a, b = tf.constant(1), tf.constant(2)
        return session.run(((a, [b, (a,)]), {"x": {"y": [a]}, "z": b}))


@behaviour
def fetch_dict() -> Any:
    with opened() as session:
        return session.run({"b": tf.constant(1), "a": tf.no_op()})


@behaviour
def fetch_ordered_dict() -> Any:
    with opened() as session:
        return session.run(OrderedDict([("b", tf.constant(1)), ("a", tf.constant(2))]))


_Pair = namedtuple("_Pair", "left right")  # noqa: PYI024 - the plain one is what is fetched


@behaviour
def fetch_namedtuple() -> Any:
    with opened() as session:
        return session.run(_Pair(tf.constant(1), [tf.constant(2)]))


@attrs.define
class _Attrs:
    left: Any
    right: Any


@behaviour
def fetch_attrs() -> Any:
    with opened() as session:
        return session.run(_Attrs(tf.constant(1), [tf.constant(2)]))


@behaviour
def fetch_by_names() -> Any:
    with opened() as session:
        tf.constant(5, name="five")
        return session.run(["five:0", "five"])


@behaviour
def fetch_nothing() -> Any:
    with opened() as session:
        tf.constant(1)
        return session.run([]), session.run({}), session.run(())


@behaviour
def fetch_twice() -> Any:
    with opened() as session:
        x = tf.random.stateless_uniform([1], [1, 2])
        return session.run([x, x, {"again": x}])


@behaviour
def fetch_by_eval() -> Any:
    with opened():
        x = tf.constant([1, 2])
        return x.eval(), x.op.run(), (x + 1).eval({x: [5, 6]})


@behaviour
def fetch_what_is_fed() -> Any:
    with opened() as session:
        x = tf.constant(1)
        return session.run([x, x + 1], {x: 7})


@behaviour
def fetch_by_keywords() -> Any:
    with opened() as session:
        return session.run(fetches=tf.constant(1), feed_dict=None, options=None, run_metadata=None)


@behaviour
def fetch_tensor_array() -> Any:
    with opened() as session:
        return session.run(tf.TensorArray(tf.int32, 2).unstack([4, 5]).stack())


@behaviour
def fetch_none() -> Any:
    with opened() as session:
        tf.constant(1)
        return error_of(lambda: session.run(None))


@behaviour
def fetch_number() -> Any:
    with opened() as session:
        return error_of(lambda: session.run(7)), error_of(lambda: session.run([tf.constant(1), 7.5]))


@behaviour
def fetch_unknown_name() -> Any:
    with opened() as session:
        return [error_of(partial(session.run, name)) for name in ("nobody", "nobody:0", "nobody:x", "")]


@behaviour
def fetch_of_another_graph() -> Any:
    with tf.Graph().as_default():
        stranger = tf.constant(1)
    with opened() as session:
        return error_of(lambda: session.run(stranger)), error_of(stranger.eval)


@behaviour
def fetch_without_session() -> Any:
    with tf.Graph().as_default():
        x = tf.constant(1)
        return error_of(x.eval), error_of(x.op.run)


@behaviour
def fetch_with_too_many_arguments() -> Any:
    with opened() as session:
        x = tf.constant(1)
        return error_of(session.run), error_of(lambda: session.run(x, nonsense=1))
