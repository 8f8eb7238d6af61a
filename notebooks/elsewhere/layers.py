"""Builds into the graph of a session that it is given, and runs in that session."""

import tensorflow as tf

tf1 = tf.compat.v1


def project(session, rows, size):
    """Project rows onto `size` random directions, which are kept in the session."""
    with session.graph.as_default(), tf1.variable_scope("project", reuse=tf1.AUTO_REUSE):
        directions = tf1.get_variable(
            "directions", [rows.shape[1], size], initializer=tf1.random_normal_initializer(seed=1), trainable=False
        )
        projected = tf.matmul(rows, directions)
    session.run(directions.initializer)
    return session.run(projected)


def norms(session, rows):
    """Return the length of each row."""
    with session.graph.as_default():
        return session.run(tf.norm(rows, axis=1))
