"""TensorFlow's defaults: a thread enters a session, leaves it, and finds what was there before."""
