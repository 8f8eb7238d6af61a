"""Pre-processing with a graph and session of its own: it touches nobody's defaults."""

import tensorflow as tf

tf1 = tf.compat.v1


class Scaler:
    """Scales columns to mean 0 and deviation 1, as those of the rows it was fitted to."""

    def __init__(self, rows):
        graph = tf.Graph()
        with graph.as_default():
            self._rows = tf1.placeholder(tf.float32, [None, rows.shape[1]])
            mean = tf1.get_variable("mean", initializer=rows.mean(axis=0))
            deviation = tf1.get_variable("deviation", initializer=rows.std(axis=0) + 1e-3)
            self._scaled = (self._rows - mean) / deviation
            initialize = tf1.global_variables_initializer()
        self.session = tf1.Session(graph=graph)
        self.session.run(initialize)

    def __call__(self, rows):
        return self.session.run(self._scaled, {self._rows: rows})
