"""Work that is traced."""

from typing import Any

import tensorflow as tf

import tfsess_magics
from tfsess_magics.core.trace import RunTrace
from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1
SIDE = 400


def build(work: NamedSession) -> None:
    with work:
        results = []
        for index in range(4):
            with tf.device(f"/CPU:{index}"):
                v = v1.get_variable(f"v{index}", [SIDE, SIDE], use_resource=index % 2 == 0)
                results.append(tf.matmul(v, v, name=f"square{index}"))
        with tf.device("/GPU:0"):
            moved = v1.get_variable("moved", [10])
        total = tf.add_n([tf.reduce_sum(result) for result in results], name="total")
        tf.add(total, tf.reduce_sum(moved), name="all")
        tf.raw_ops.Assert(condition=False, data=["never"], name="fails")
        work.run(v1.global_variables_initializer())


def traced(work: NamedSession, fetches: Any = "all:0", **given: Any) -> RunTrace:
    tfsess_magics.process.registry.trace(work.name)
    work.run(fetches, **given)
    trace = work.info().last_trace
    assert trace is not None
    return trace
