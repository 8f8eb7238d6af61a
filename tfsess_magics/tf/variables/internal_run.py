"""Steps of the extension's own, past the wrappers that see the runs of sessions.

They go into the runtime below ``Session.run`` for two reasons. They are no runs of the user's, and they must not
extend the runtime's copy of the graph (`tfsess_magics.tf.variables.initialized`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session

from tfsess_magics.tf.runs.limit import UNBOUNDED


class Runs(Protocol):
    """A session, or a C session that is to take the place of its own."""

    graph: tf.Graph
    _session: Any


def run_unseen(
    session: Runs,
    fetches: Sequence[Any] = (),
    targets: Sequence[Any] = (),
    feeds: Mapping[Any, Any] | None = None,
    *,
    timeout: int = UNBOUNDED,
    trace: Any = None,
) -> Sequence[Any]:
    """Run what the user does not see run; operations are given by their names, of `fetches` the first output.

    No step of ours waits for a thread of the session's pool, which may be the one that asks (``tf.py_function``).

    Parameters
    ----------
    feeds
        Arrays by ``TF_Output``.
    timeout
        Milliseconds that the step may take.
    trace
        A buffer for a ``RunMetadata``, of a step that is to be traced.

    Raises
    ------
    tf.errors.OpError
        If it fails.
    """
    graph = session.graph
    outputs = [graph.get_operation_by_name(name).outputs[0]._as_tf_output() for name in fetches]
    operations = [graph.get_operation_by_name(name)._c_op for name in targets]
    in_this_thread = tf.compat.v1.RunOptions(inter_op_thread_pool=-1, timeout_in_ms=timeout)
    if trace is not None:
        in_this_thread.trace_level = tf.compat.v1.RunOptions.SOFTWARE_TRACE  # more would start a profiler of devices
    options = pywrap_tf_session.TF_NewBufferFromString(in_this_thread.SerializeToString())
    try:
        values: Sequence[Any] = pywrap_tf_session.TF_SessionRun_wrapper(
            session._session, options, feeds or {}, outputs, operations, trace
        )
    finally:
        pywrap_tf_session.TF_DeleteBuffer(options)
    return values


def traced_unseen(session: Runs, targets: Sequence[str], timeout: int) -> Iterator[Any]:
    """Run operations as `run_unseen` does, and yield the ``NodeExecStats`` of each that was executed."""
    trace = pywrap_tf_session.TF_NewBuffer()
    try:
        run_unseen(session, targets=targets, timeout=timeout, trace=trace)
        metadata = tf.compat.v1.RunMetadata.FromString(pywrap_tf_session.TF_GetBuffer(trace))
    finally:
        pywrap_tf_session.TF_DeleteBuffer(trace)
    for device in metadata.step_stats.dev_stats:
        yield from device.node_stats
