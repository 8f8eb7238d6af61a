"""Modules that someone else wrote, each with its own idea of who is in control of TensorFlow."""
