"""Scopes for TensorFlow 2 code."""
