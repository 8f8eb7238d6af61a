"""The only place that imports TensorFlow."""
