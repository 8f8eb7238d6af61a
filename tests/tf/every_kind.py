"""A session with variables of every kind, and what waits for ever."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1

READS = [
    "resource/Read/ReadVariableOp:0",
    "reference/read:0",
    "local/Read/ReadVariableOp:0",
    "nowhere/Read/ReadVariableOp:0",
    "partitioned/part_0/Read/ReadVariableOp:0",
    "partitioned/part_1/Read/ReadVariableOp:0",
]
"""What reads those that have a value."""


def build(train: NamedSession) -> None:
    """Make them in a session."""
    with train:
        v1.get_variable("resource", initializer=np.arange(6, dtype=np.float32).reshape(2, 3))
        v1.get_variable("reference", [4], initializer=v1.random_normal_initializer(seed=1), use_resource=False)
        v1.get_variable("local", initializer=7, collections=[v1.GraphKeys.LOCAL_VARIABLES], use_resource=True)
        v1.get_variable("nowhere", initializer="text", collections=[])
        v1.get_variable("partitioned", [8, 2], partitioner=tf.compat.v1.fixed_size_partitioner(2))
        v1.get_variable("unset", [3])
        inits = [op for op in train.graph.get_operations() if op.type in ("Assign", "AssignVariableOp")]
        train.run([op for op in inits if not op.name.startswith("unset")])
        v1.placeholder(tf.float32, name="fed")
        resource = train.graph.get_tensor_by_name("resource/Read/ReadVariableOp:0")
        handle = train.graph.get_tensor_by_name("resource:0")
        tf.raw_ops.AssignVariableOp(resource=handle, value=resource * 2.0, name="double")
        queue = v1.FIFOQueue(1, tf.float32, shapes=[[]], name="queue")
        tf.identity(queue.dequeue(), name="waits")
        queue.enqueue([1.0], name="fill")
        tf.identity(tf.while_loop(lambda i: i >= 0, lambda i: i * 1, [tf.constant(1)])[0], name="loops")
        train.run("double")


def same(before: list[Any], after: list[Any]) -> bool:
    """Compare what `READS` have returned."""
    return all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
