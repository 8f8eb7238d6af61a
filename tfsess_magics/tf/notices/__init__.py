"""Sentences after a cell: about TensorFlow's defaults and switches for the whole process."""
