"""The code that calls TensorFlow, the lines that made operations, and objects that the collector knows."""
