"""The files of a checkpoint in the format of a ``Saver`` (V2): ``PATH.index`` and ``PATH.data-00000-of-00001``.

TensorFlow has no function that writes one, only an operation. So it runs in a graph and a C session of its own.

A checkpoint takes the place of an older one when it is whole: it is written to a folder next to it, flushed to the
disk, and moved. There are two files, and no file system moves two at once. Where the second move fails, the first is
taken back. What can still fail: the end of the process or of the machine between the moves, which take microseconds.
The index then tells of other data than there is, and reading says so, by the checksum of each tensor. The older data
lies next to it, as ``.tfsession-save-*.old``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session

from tfsess_magics.tf.session.saving.places import Place
from tfsess_magics.tf.variables.internal_run import run_unseen

FOLDER = ".tfsession-save-"
"""The beginning of the name of the folder that a checkpoint is written to."""
INDEX, DATA = ".index", ".data-00000-of-00001"


class Entry(NamedTuple):
    """A tensor, or a slice of one, in a checkpoint."""

    place: Place
    dtype: str
    array: Any


class _OwnSession:
    """A C session on a graph of our own: no list shows it."""

    def __init__(self, graph: tf.Graph) -> None:
        self.graph = graph
        config = tf.compat.v1.ConfigProto(device_count={"GPU": 0})
        options = pywrap_tf_session.TF_NewSessionOptions(target=None, config=config)
        try:
            with graph._c_graph.get() as c_graph:
                self._session = pywrap_tf_session.TF_NewSessionRef(c_graph, options)
        finally:
            pywrap_tf_session.TF_DeleteSessionOptions(options)

    def extend(self) -> None:
        """Show the graph to the runtime."""
        pywrap_tf_session.ExtendSession(self._session)

    def drop(self) -> None:
        """Close it."""
        with suppress(tf.errors.OpError):
            pywrap_tf_session.TF_CloseSession(self._session)
        pywrap_tf_session.TF_DeleteSession(self._session)


def write(path: Path, entries: Sequence[Entry], commit: Callable[[], None]) -> None:
    """Write a checkpoint, and put it in the place of the one that is there.

    Parameters
    ----------
    commit
        Called when it is whole, before it is moved; raises if it is not wanted any more.

    Raises
    ------
    OSError, tf.errors.OpError
        If that cannot be done; what was there before is as it was.
    """
    with TemporaryDirectory(prefix=FOLDER, dir=path.parent, ignore_cleanup_errors=True) as folder:
        new = Path(folder) / "new"
        _write(str(new), entries)
        for end in (DATA, INDEX):
            with Path(f"{new}{end}").open("r+b") as file:
                os.fsync(file.fileno())
        commit()
        _move(str(new), str(path), f"{folder}.old")


def _write(prefix: str, entries: Sequence[Entry]) -> None:
    graph = tf.Graph()
    with graph.as_default():
        fed = [tf.compat.v1.placeholder(entry.dtype) for entry in entries]
        operation = tf.raw_ops.SaveV2(
            prefix=prefix,
            tensor_names=[entry.place.name for entry in entries],
            shape_and_slices=[entry.place.spec for entry in entries],
            tensors=fed,
        )
    feeds = {
        tensor._as_tf_output(): np.asarray(entry.array, tensor.dtype.as_numpy_dtype)
        for tensor, entry in zip(fed, entries, strict=True)
    }
    session = _OwnSession(graph)
    try:
        session.extend()
        run_unseen(session, targets=[operation.name], feeds=feeds)
    finally:
        session.drop()


def _move(new: str, path: str, old: str) -> None:
    """Move both files, or none; `old`: where the older data is meanwhile."""
    had_data = True
    try:
        Path(f"{path}{DATA}").replace(old)
    except FileNotFoundError:
        had_data = False
    try:
        Path(f"{new}{DATA}").replace(f"{path}{DATA}")
        Path(f"{new}{INDEX}").replace(f"{path}{INDEX}")
    except OSError:
        with suppress(FileNotFoundError):
            Path(old).replace(f"{path}{DATA}") if had_data else Path(f"{path}{DATA}").unlink()
        raise
    if had_data:
        with suppress(OSError):
            Path(old).unlink()
