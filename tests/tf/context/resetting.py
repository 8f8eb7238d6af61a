"""Code of a library that resets the default graph."""

import tensorflow as tf

v1 = tf.compat.v1


def reset() -> None:
    v1.reset_default_graph()


def reset_and_build() -> tf.Tensor:
    v1.reset_default_graph()
    return tf.constant(7.0)
