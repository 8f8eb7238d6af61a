"""Keeps what a worker has imported out of the garbage collector, which would look through all of TensorFlow each time.

A collection takes a few milliseconds then, in place of half a second. IPython collects after each test's `reset`, and
the extension looks among all objects whenever it is loaded.
"""

import gc
import sys


def freeze() -> None:
    """Freeze what there is, unseen by the extension: it would tell of hidden sessions, and there are none."""
    gc.collect()
    gc.freeze()
    if tensorflow := sys.modules.get("tensorflow.python.framework.stack"):
        tensorflow._default_session_stack.stack = []  # it is found by what refers to a session
    gc.get_freeze_count = int
