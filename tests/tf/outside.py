"""What TensorFlow's defaults are outside of every session."""

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.framework import ops

v1 = tf.compat.v1


def outside() -> tuple[object, ...]:
    """Return the defaults of this thread as its code sees them, the graph below the stack included."""
    local = context.context()._thread_local_data
    return (
        tf.executing_eagerly(),
        v1.get_default_session(),
        id(ops._default_graph_stack._GetGlobalDefaultGraph()),
        len(ops._default_graph_stack.stack),
        len(context.context().context_switches.stack),
        local.device_name,
        local.scope_name,
    )


@contextmanager
def as_before() -> Iterator[None]:
    before = outside()
    yield
    assert outside() == before
    assert tf.constant(2).numpy() == 2
