"""A TensorFlow server in a process of its own, which can be halted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SERVE = """
import sys, tensorflow as tf
print(tf.compat.v1.train.Server.create_local_server().target, flush=True)
sys.stdin.read()
"""


@contextmanager
def serving() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start one, give its process and its address, and end it."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()
