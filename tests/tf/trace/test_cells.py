"""The order of a cell, for one of its runs."""

import itertools
from typing import Any

import pytest
import tensorflow as tf

from tfsess_magics.tf.session import NamedSession
from tfsess_magics.tf.trace import new_traces

v1 = tf.compat.v1


def test_a_limit_of_time_holds_for_a_traced_run(work: NamedSession) -> None:
    with work:
        v1.FIFOQueue(1, tf.float32, name="queue").dequeue(name="waits")
    stay = work.enter("cell 7", 1.0, trace=True)
    stay.resume()
    try:
        with pytest.raises(tf.errors.DeadlineExceededError, match="of cell 7 allows no more"):
            work.run("waits:0")
        work.run("total:0", options=v1.RunOptions(timeout_in_ms=180_000))  # it may take longer
    finally:
        stay.end()
    (trace,), _ = new_traces()
    assert (trace.run_of_cell, trace.runs_of_cell) == (2, 2)
    assert not stay.notices


@pytest.mark.parametrize(
    ("runs", "shown"),
    [
        ([["square0"], ["total"], ["total"], ["total"]], 3),
        ([["square0"], ["total"], ["square0"], ["total"]], 3),
        ([["square0"], ["total"]], 1),
        ([["total"]], 1),
        ([*itertools.combinations(["square0", "square1", "square2", "square3", "total"], 2), ["total"], ["total"]], 1),
    ],
)
def test_of_a_cells_runs_the_first_that_is_repeated_is_shown(work: NamedSession, runs: list[Any], shown: int) -> None:
    """In its first run a step is prepared; where none is repeated, or not soon, it is the first run."""
    stay = work.enter("cell 7", trace=True)
    stay.resume()
    try:
        for fetches in runs:
            work.run([f"{name}:0" for name in fetches])
    finally:
        stay.end()
    (trace,), _ = new_traces()
    assert (trace.run_of_cell, trace.runs_of_cell) == (shown, len(runs))
    assert work.info().last_trace == trace
    assert not work.info().is_trace_ordered
