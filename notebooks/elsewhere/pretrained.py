"""A classifier that comes trained, with a graph and session of its own."""

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1


class Classifier:
    """A linear classifier whose weights were found by ridge regression."""

    def __init__(self, rows, labels):
        ones = np.ones((len(rows), 1), "float32")
        inputs = np.hstack([rows, ones])
        targets = np.eye(labels.max() + 1, dtype="float32")[labels]
        weights = np.linalg.solve(inputs.T @ inputs + 10 * np.eye(inputs.shape[1]), inputs.T @ targets)
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.rows = tf1.placeholder(tf.float32, [None, rows.shape[1]], name="rows")
            self.weights = tf1.get_variable("weights", initializer=weights[:-1].astype("float32"))
            self.bias = tf1.get_variable("bias", initializer=weights[-1].astype("float32"))
            self.classes = tf.argmax(self.rows @ self.weights + self.bias, axis=1, name="classes")
            initialize = tf1.global_variables_initializer()
        self.session = tf1.Session(graph=self.graph)
        self.session.run(initialize)

    def predict(self, rows):
        return self.session.run(self.classes, {self.rows: rows})
