"""Feeds of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.indexed_slices import IndexedSlicesValue
from tensorflow.python.ops import session_ops

from tests.harm.fetching import opened
from tests.harm.table import behaviour, error_of, look

v1 = tf.compat.v1


def _doubled(value: Any, dtype: Any = tf.float32, shape: Any = None) -> Any:
    with opened() as session:
        fed = v1.placeholder(dtype, shape, name="fed")
        try:
            return session.run(fed + fed, {fed: value})
        except Exception as error:  # noqa: BLE001 - what it is, is to be seen
            return error


@behaviour
def feed_array() -> Any:
    return _doubled(np.array([1.0, 2.0], np.float32)), _doubled(np.arange(3)), _doubled(np.float64(2.5))


@behaviour
def feed_list() -> Any:
    return _doubled([[1.0], [2.0]]), _doubled((1, 2))


@behaviour
def feed_scalar() -> Any:
    return _doubled(2), _doubled(2.5), _doubled(np.int8(3)), _doubled(2, tf.int64)


@behaviour
def feed_strings() -> Any:
    return _doubled("é", tf.string), _doubled([b"a", b"\xff"], tf.string), _doubled(np.array(["a", "bc"]), tf.string)


@behaviour
def feed_empty_array() -> Any:
    return _doubled(np.zeros([0, 3])), _doubled([])


@behaviour
def feed_wrong_shape() -> Any:
    return _doubled([1.0, 2.0], shape=[3]), _doubled(1.0, shape=[None, 2])


@behaviour
def feed_wrong_dtype() -> Any:
    return _doubled("text"), _doubled(2.5, tf.int32), _doubled(1 << 40, tf.int32)


@behaviour
def feed_ragged_list() -> Any:
    return _doubled([[1.0], [2.0, 3.0]])


@behaviour
def feed_none() -> Any:
    return _doubled(None)


@behaviour
def feed_tensor() -> Any:
    with opened() as session:
        fed = v1.placeholder(tf.float32)
        return error_of(lambda: session.run(fed, {fed: tf.constant(1.0)}))


@behaviour
def feed_by_name() -> Any:
    with opened() as session:
        v1.placeholder(tf.float32, name="fed")
        return session.run("fed:0", {"fed:0": 2}), error_of(lambda: session.run("fed:0", {"nobody:0": 2}))


@behaviour
def feed_sparse() -> Any:
    with opened() as session:
        fed = v1.sparse_placeholder(tf.float32)
        value = v1.SparseTensorValue([[0, 1]], [2.0], [2, 2])
        dense = tf.sparse.to_dense(fed)
        return session.run(dense, {fed: value}), session.run(dense, {fed: ([[1, 0]], [3.0], [2, 2])})


@behaviour
def feed_ragged() -> Any:
    with opened() as session:
        fed = v1.ragged.placeholder(tf.int32, 1)
        value = v1.ragged.constant_value([[1], [2, 3]], dtype=np.int32)
        return session.run(fed.flat_values, {fed: value})


@behaviour
def feed_indexed_slices() -> Any:
    with opened() as session:
        fed = tf.IndexedSlices(v1.placeholder(tf.float32), v1.placeholder(tf.int32))
        return session.run(fed.values, {fed: IndexedSlicesValue([[1.0]], [0], None)})


@behaviour
def feed_several_under_one_key() -> Any:
    with opened() as session:
        a, b = v1.placeholder(tf.int32), v1.placeholder(tf.int32)
        return session.run(a - b, {(a, b): (7, 5)})


@behaviour
def feed_missing() -> Any:
    with opened() as session:
        fed = v1.placeholder(tf.float32, [2], name="fed")
        look()
        return error_of(lambda: session.run(fed + 1))


@behaviour
def feed_default() -> Any:
    with opened() as session:
        fed = v1.placeholder_with_default([1, 2], [2])
        return session.run(fed), session.run(fed, {fed: [3, 4]})


@behaviour
def feed_wrong_key() -> Any:
    with opened() as session:
        x = tf.constant(1)
        return error_of(lambda: session.run(x, {7: 1})), error_of(lambda: session.run(x, {x.op: 1}))


@behaviour
def feed_what_is_no_dict() -> Any:
    with opened() as session:
        x = tf.constant(1)
        return error_of(lambda: session.run(x, [(x, 1)])), error_of(lambda: session.run(x, 5))


@behaviour
def feed_what_may_not_be_fed() -> Any:
    with opened() as session:
        x = tf.constant(1)
        session.graph.prevent_feeding(x)
        return error_of(lambda: session.run(x, {x: 1}))


@behaviour
def feed_variable() -> Any:
    with opened() as session:
        variable = v1.Variable(1, use_resource=False)
        return session.run(variable + 1, {variable: 41})


@behaviour
def feed_session_handle() -> Any:
    with opened() as session:
        handle = session.run(session_ops.get_session_handle(tf.constant([1.0, 2.0])))
        fed, value = session_ops.get_session_tensor(handle.handle, tf.float32)
        look()
        return session.run(value * 2, {fed: handle.handle}), handle.eval()


@behaviour
def feed_does_not_change_what_was_given() -> Any:
    given = {}
    with opened() as session:
        fed = v1.placeholder(tf.float32)
        given[fed] = array = np.ones(2, np.float32)
        result = session.run(fed, given)
        return given[fed] is array, result is array, result
