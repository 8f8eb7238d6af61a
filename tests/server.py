"""A TensorFlow server in a process of its own, which can be halted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.forks import Fork, started

_SERVE = """
import sys, tensorflow as tf
print(tf.compat.v1.train.Server.create_local_server().target, flush=True)
sys.stdin.read()
"""


@contextmanager
def serving(code: str = _SERVE) -> Iterator[tuple[Fork, str]]:
    """Start one, give its process and its address, and end it."""
    with started(code) as (process, output):
        yield process, output.readline().strip()
