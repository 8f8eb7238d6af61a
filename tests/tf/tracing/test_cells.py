"""The order of a cell, for one of its runs."""

from contextlib import suppress

import pytest
import tensorflow as tf

from tfsess_magics.core.session import CellOptions
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.tracing.trace import new_traces

v1 = tf.compat.v1


def test_a_limit_of_time_holds_for_a_traced_run(work: NamedSession) -> None:
    with work:
        v1.FIFOQueue(1, tf.float32, name="queue").dequeue(name="waits")
    activation = work.enter("cell 7", CellOptions(1.0, trace=True))
    activation.resume()
    try:
        with pytest.raises(tf.errors.DeadlineExceededError, match="of cell 7 allows no more"):
            work.run("waits:0")
        work.run("total:0", options=v1.RunOptions(timeout_in_ms=180_000))  # it may take longer
    finally:
        activation.end()
    (trace,), _ = new_traces()
    assert (trace.run_of_cell, trace.runs_of_cell) == (2, 2)
    assert not activation.notices


@pytest.mark.parametrize(
    ("runs", "shown"),
    [
        (["square0", "total", "total", "total"], 2),
        (["square0", "total"], 2),
        (["total"], 1),
        (["fails", "total", "total"], 2),
        (["total", "fails"], 1),
        (["total", "fails", "total"], 3),
        (["fails", "fails", "total", "total"], 3),
    ],
)
def test_the_second_run_of_a_cell_is_shown_or_its_only_one(work: NamedSession, runs: list[str], shown: int) -> None:
    """The first run of a step prepares it; a run that fails has no trace, and the next one is shown instead."""
    activation = work.enter("cell 7", CellOptions(trace=True))
    activation.resume()
    try:
        for name in runs:
            with suppress(tf.errors.InvalidArgumentError):
                work.run(work.graph.get_operation_by_name(name))
    finally:
        activation.end()
    (trace,), _ = new_traces()
    assert (trace.run_of_cell, trace.runs_of_cell) == (shown, len(runs))
    assert work.info().last_trace == trace
    assert not work.info().is_trace_ordered
