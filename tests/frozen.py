"""Keeps what a worker has imported out of the garbage collector, which would look through all of TensorFlow each time.

A collection takes a few milliseconds then, in place of half a second. IPython collects after each test's `reset`, and
the extension looks among all objects whenever it is loaded.
"""

import gc


def freeze() -> None:
    """Freeze what there is, unseen by the extension: it would tell of hidden sessions, and there are none."""
    gc.collect()
    gc.freeze()
    gc.get_freeze_count = int
