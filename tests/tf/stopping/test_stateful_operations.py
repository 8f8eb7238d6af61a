"""A stop names what it does not keep: all that operations keep between two runs, but variables."""

import re
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.ops import data_flow_ops

from tfsess_magics.tf.stopping.report import would_lose

v1 = tf.compat.v1


def iterator() -> None:
    v1.data.make_initializable_iterator(tf.data.Dataset.range(3))


def table() -> None:
    tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], [1]), 0)


def table_with_two_handles() -> None:
    """Two handles for one table."""
    for name in ("a", "b"):
        tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64, shared_name="shared", name=name)


def staging_area() -> None:
    area = data_flow_ops.StagingArea([tf.float32], [[]], shared_name="area")
    area.put([tf.constant(1.0)])
    area.get()
    area.size()


def map_staging_area() -> None:
    area = data_flow_ops.MapStagingArea([tf.float32], shapes=[[]], ordered=True, shared_name="area")
    area.put(tf.constant(1, tf.int64), [tf.constant(1.0)], [0])
    area.clear()


def accumulator() -> None:
    v1.ConditionalAccumulator(tf.float32, shape=[], name="sum")


def barrier() -> None:
    data_flow_ops.Barrier(tf.float32, name="barrier")


def reader() -> None:
    v1.TFRecordReader(name="records")


def lock() -> None:
    tf.raw_ops.MutexV2(name="lock")


def random() -> None:
    tf.random.normal([2], seed=1, name="noise")


def random_in_a_function() -> None:
    def draws() -> tf.Tensor:
        return tf.random.uniform([], name="drawn")

    tf.function(draws)()


def random_in_a_dataset() -> None:
    def draws(_: tf.Tensor) -> tf.Tensor:
        return tf.random.uniform([], name="drawn")

    tf.data.Dataset.range(3).map(draws)


def another_operation() -> None:
    """As those of other packages are: no kind that has a word of its own."""
    tf.raw_ops.AddSparseToTensorsMap(
        sparse_indices=np.zeros([0, 1], np.int64),
        sparse_values=np.zeros([0], np.float32),
        sparse_shape=np.ones([1], np.int64),
        name="sparse",
    )


def queues() -> None:
    for name in "abcde":
        v1.RandomShuffleQueue(3, 1, tf.float32, name=name)


def what_is_kept_or_is_gone_with_its_run() -> None:
    for use_resource in (True, False):
        v1.get_variable(f"v{use_resource}", initializer=[1.0, 2.0], use_resource=use_resource)
    tf.map_fn(lambda x: x * 2, tf.zeros([3]))
    tf.raw_ops.StackV2(max_size=3, elem_type=tf.float32)


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (queues, ["queues ('a', 'b', 'c' and 2 more)"]),
        (iterator, ["iterators ('IteratorV2')"]),
        (table, ["tables ('hash_table')"]),
        (table_with_two_handles, ["tables ('a')"]),
        (staging_area, ["staging areas ('area_put')"]),
        (map_staging_area, ["staging areas ('area_put')"]),
        (accumulator, ["accumulators ('sum')"]),
        (barrier, ["barriers ('barrier')"]),
        (reader, ["readers ('records')"]),
        (lock, ["locks ('lock')"]),
        (random, ["positions of random operations ('noise/RandomStandardNormal')"]),
        (another_operation, ["the state of other operations ('sparse')"]),
        (what_is_kept_or_is_gone_with_its_run, []),
    ],
)
def test_what_a_stop_does_not_keep_is_named(build: Callable[[], None], said: list[str]) -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        build()
        assert would_lose(session) == said


@pytest.mark.parametrize("build", [random_in_a_function, random_in_a_dataset])
def test_what_a_function_of_the_graph_keeps_is_named_with_the_function(build: Callable[[], None]) -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        build()
        (said,) = would_lose(session)
    assert re.fullmatch(r"positions of random operations \('drawn/RandomUniform in __inference_\w*draws\w*'\)", said)
