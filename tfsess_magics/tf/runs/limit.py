"""The limit of time of a run.

TensorFlow has limits of its own: ``operation_timeout_in_ms`` of a session, and ``RunOptions.timeout_in_ms`` of a run.
`run_within` puts the cell's limit into the options that the user gave, unless these have one. The wrapper of the step
catches TensorFlow's error first, and adds which run it was and on what it waited (`explained`). Where a run takes no
options, a stop ends it (`tfsess_magics.tf.stopping.overdue`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session

from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.text import format_seconds
from tfsess_magics.tf.runs.blocked_on import awaited, fetched
from tfsess_magics.tf.runs.concurrent import concurrent_runs

UNBOUNDED = 2**31 - 1
"""Milliseconds for a run that may take as long as it wants: where a run says 0, its session's limit holds."""


class Limit(NamedTuple):
    """The limit that a cell sets to each run in it."""

    seconds: float
    """0 for as long as it wants."""
    given_by: str
    """The cell, as messages call it: ``cell 5``."""

    def __str__(self) -> str:
        return f"--timeout {self.seconds:g} of {self.given_by}"


def run_within(limit: Limit, run: Callable[..., Any], session: Any, options: Any, *rest: Any) -> Any:
    """Call ``BaseSession._call_tf_sessionrun`` so that the step ends with an error when it takes too long.

    The user's ``RunOptions`` remain in force, their own limit included.
    """
    allowed = run_options(options)
    if allowed.timeout_in_ms > 0:
        return run(session, options, *rest)
    allowed.timeout_in_ms = round(limit.seconds * 1000) or UNBOUNDED
    bounded = pywrap_tf_session.TF_NewBufferFromString(allowed.SerializeToString())
    try:
        return run(session, bounded, *rest)
    finally:
        pywrap_tf_session.TF_DeleteBuffer(bounded)


def explained(error: tf.errors.OpError, meter: RunMeter, limit: Limit | None, step: Sequence[Any]) -> tf.errors.OpError:
    """Return the error of a step that took too long, saying which and for how long if it was we who allowed no more.

    Parameters
    ----------
    limit
        The limit that the cell sets.
    step
        The arguments of ``BaseSession._call_tf_sessionrun``, or others.
    """
    is_run = len(step) == _ARGUMENTS
    if is_run and run_options(step[0]).timeout_in_ms > 0:
        return error
    if not is_run or limit is None:
        limit = Limit(meter.timeout, "the session") if meter.timeout else None
    if limit is None or not limit.seconds:
        return error
    session = meter.session
    now, runs = time.perf_counter(), list(meter.table.in_flight.values())
    waited = awaited(session, step, error, concurrent_runs(meter, step))
    on = f", waiting on {waited}" if waited else ""
    took = next((now - run.began for run in runs if run.step is step), limit.seconds)
    return type(error)(
        error.node_def,
        error.op,
        f"{error.message}\n\n{fetched(step)} was ended after {format_seconds(took)}{on}: {limit} "
        "allows no more. The session stays open, with its values.",
    )


_ARGUMENTS = 5
"""Of ``BaseSession._call_tf_sessionrun``."""


def run_options(buffer: Any) -> Any:
    """Return the ``RunOptions`` in a buffer, empty ones for None."""
    return tf.compat.v1.RunOptions.FromString(pywrap_tf_session.TF_GetBuffer(buffer) if buffer else b"")
