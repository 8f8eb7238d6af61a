"""The files of code of TensorFlow and Keras."""

from __future__ import annotations

import contextlib
import functools
import os
from pathlib import Path

import tensorflow as tf

TENSORFLOW = f"{Path(tf.__file__).parent}{os.sep}"
"""Folder of TensorFlow's code."""
TEST_UTIL = f"{TENSORFLOW}{Path('python', 'framework', 'test_util.py')}"
"""The file of ``tf.test.TestCase``, which resets the default graph before each test."""
KERAS = tuple(
    f"{os.sep}{folder.replace('/', os.sep)}{os.sep}"
    for folder in ("keras/src", "tf_keras/src", "tensorflow/python/keras")
)
"""Parts of the paths of Keras' code, whichever it is."""
_FILES = 4096
"""Of so many files it is remembered whose they are: building asks for every frame, at each change of the defaults."""


@functools.lru_cache(_FILES)
def is_between(file: str) -> bool:
    """Say whether `file` is TensorFlow's or Keras', or runs their context managers: no code of their users."""
    return file.startswith(TENSORFLOW) or file == contextlib.__file__ or is_keras(file)


@functools.lru_cache(_FILES)
def is_keras(file: str) -> bool:
    """Say whether `file` is Keras'."""
    return any(folder in file for folder in KERAS)
