"""What TensorFlow tells of the memory of devices, while sessions run."""

from __future__ import annotations

import inspect
from typing import Any

import tensorflow as tf
from tensorflow.python.eager import context

from tests.harm.fetching import opened
from tests.harm.table import behaviour, error_of, look

v1 = tf.compat.v1
MIB = 1 << 20


def _mebibytes_above(level: int) -> int:
    memory = tf.config.experimental.get_memory_info("CPU:0")
    return round((int(memory["peak"]) - level) / MIB)


@behaviour
def peak_over_several_runs() -> Any:
    """It is that of the largest run, not of the latest."""
    with opened() as session:
        large, small = (tf.reduce_sum(tf.random.uniform([size * MIB // 4])) for size in (64, 8))
        tf.config.experimental.reset_memory_stats("CPU:0")
        level = tf.config.experimental.get_memory_info("CPU:0")["current"]
        found = []
        for fetched in (small, large, small):
            session.run(fetched)
            look()
            found.append(_mebibytes_above(level))
        return found


@behaviour
def peak_that_the_user_sets_back() -> Any:
    with opened() as session:
        large, small = (tf.reduce_sum(tf.random.uniform([size * MIB // 4])) for size in (64, 8))
        session.run(large)
        tf.config.experimental.reset_memory_stats("/device:CPU:0")
        level = tf.config.experimental.get_memory_info("CPU:0")["current"]
        found = [_mebibytes_above(level)]
        session.run(small)
        return [*found, _mebibytes_above(level)]


@behaviour
def memory_of_a_device_that_is_not_there() -> Any:
    return error_of(lambda: tf.config.experimental.get_memory_info("GPU:7"))


@behaviour
def memory_of_something_else() -> Any:
    return error_of(lambda: tf.config.experimental.reset_memory_stats(7))


@behaviour
def signatures_of_what_tells_memory() -> Any:
    methods = context.Context.get_memory_info, context.Context.reset_memory_stats
    return [
        (str(inspect.signature(method)), method.__name__, method.__qualname__, method.__doc__) for method in methods
    ]
