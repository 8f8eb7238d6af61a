"""Believes that it is alone: it resets the default graph, and leaves a default session open."""

import tensorflow as tf

tf1 = tf.compat.v1


def load():
    """Start from a clean slate, whosever it was."""
    tf1.reset_default_graph()
    weights = tf1.get_variable("weights", initializer=[[2.0], [1.0]])
    tf1.InteractiveSession()
    weights.initializer.run()
    return weights


def predict(weights, rows):
    """Run in whatever session is the default one."""
    return tf.matmul(rows, weights).eval()
