"""Steps of our own, past what sees the runs of sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.client.session import BaseSession

from tfsess_magics.tf.limit import UNBOUNDED


def run_unseen(
    session: BaseSession,
    fetches: Sequence[Any] = (),
    targets: Sequence[Any] = (),
    feeds: Mapping[Any, Any] | None = None,
    timeout: int = UNBOUNDED,
) -> Sequence[Any]:
    """Run what the user does not see run; operations are given by their names, of `fetches` the first output.

    No step of ours waits for a thread of the session's pool, which may be the one that asks (``tf.py_function``).

    Parameters
    ----------
    feeds
        Arrays by ``TF_Output``.
    timeout
        Milliseconds that the step may take.

    Raises
    ------
    tf.errors.OpError
        If it fails.
    """
    graph = session.graph
    outputs = [graph.get_operation_by_name(name).outputs[0]._as_tf_output() for name in fetches]
    operations = [graph.get_operation_by_name(name)._c_op for name in targets]
    in_this_thread = tf.compat.v1.RunOptions(inter_op_thread_pool=-1, timeout_in_ms=timeout)
    options = pywrap_tf_session.TF_NewBufferFromString(in_this_thread.SerializeToString())
    try:
        values: Sequence[Any] = pywrap_tf_session.TF_SessionRun_wrapper(
            session._session, options, feeds or {}, outputs, operations, None
        )
    finally:
        pywrap_tf_session.TF_DeleteBuffer(options)
    return values
