"""What is said of memory, and how near to the truth that is to be."""

from typing import Any

import pytest
import tensorflow as tf

import tfsess_magics
from tests.forks import run
from tfsess_magics.core.memory import DeviceMemory, KernelMemory

v1 = tf.compat.v1
MIB = 1 << 20
ALONE = """
import tensorflow as tf
import tfsess_magics
from tensorflow.python.eager import context
from tfsess_magics import process
v1 = tf.compat.v1
def memory():
    found = tfsess_magics.memory()
    assert found is not None
    return found
"""


def about(nbytes: int) -> Any:
    """Equal to so many bytes within 1 % or 256 KiB."""
    return pytest.approx(nbytes, rel=0.01, abs=256 * 1024)


def memory() -> KernelMemory:
    found = tfsess_magics.memory()
    assert found is not None
    return found


def cpu() -> DeviceMemory:
    return memory().devices[0]


def in_use() -> int:
    found = cpu().in_use
    assert found is not None
    return found


def variable(name: str, nbytes: int) -> Any:
    return v1.get_variable(name, shape=[nbytes // 4], dtype=tf.float32, initializer=v1.zeros_initializer())


def alone(code: str, **environment: str) -> str:
    """Run code in a process of its own."""
    done = run(ALONE + code, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout
