"""Notes under TensorFlow's errors."""
