"""Arrays that TensorFlow uses where they lie, as values of variables: its allocator does not count them."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session

from tfsess_magics.tf.allocators import COUNTED

_lent: tuple[weakref.ref[Any], ...] = ()
_lending = threading.Lock()


def lend(arrays: Iterable[Any]) -> None:
    """Note arrays that TensorFlow was fed, and that nobody else keeps: those that stay alive are in use."""
    global _lent
    new = [weakref.ref(array) for array in arrays if array.nbytes >= COUNTED]
    with _lending:
        _lent = *(array for array in _lent if array() is not None), *new


def lent_nbytes() -> int:
    """Return the bytes of those that are in use."""
    return sum(array.nbytes for alive in _lent if (array := alive()) is not None)


def take_back() -> None:
    """Have TensorFlow let go of those that no variable has any more, as it does whenever a step begins."""
    if not lent_nbytes():
        return
    graph = tf.Graph()
    config = tf.compat.v1.ConfigProto(device_count={"GPU": 0})
    options = pywrap_tf_session.TF_NewSessionOptions(target="", config=config)
    with graph._c_graph.get() as c_graph:
        session = pywrap_tf_session.TF_NewSessionRef(c_graph, options)
    pywrap_tf_session.TF_DeleteSessionOptions(options)
    try:
        with suppress(tf.errors.OpError):  # there is nothing to run
            pywrap_tf_session.TF_SessionRun_wrapper(session, None, {}, [], [], None)
    finally:
        pywrap_tf_session.TF_CloseSession(session)
        pywrap_tf_session.TF_DeleteSession(session)
