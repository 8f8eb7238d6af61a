"""An order to trace a run, from the order to the trace or to its end without one."""

import threading

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.running import in_thread
from tests.tf.tracing.traced import traced
from tfsess_magics import NoRunsError
from tfsess_magics.core.settings import settings
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.tracing.trace import new_traces

v1 = tf.compat.v1


def test_only_the_next_run_is_traced(work: NamedSession) -> None:
    first = traced(work)
    assert not work.info().is_trace_ordered
    work.run("total:0")
    assert work.info().last_trace == first
    assert (first.run, first.run_of_cell, first.cell, first.thread) == (2, None, None, "")


def test_a_run_that_asks_for_its_partition_graphs_gets_them_and_is_not_traced(work: NamedSession) -> None:
    tfsess_magics.process.registry.trace("work")
    options, metadata = v1.RunOptions(output_partition_graphs=True), v1.RunMetadata()
    work.run("total:0", options=options, run_metadata=metadata)
    assert [field.name for field, _ in metadata.ListFields()] == ["partition_graphs"]
    assert new_traces()[1] == [
        "A run of 'total' was not traced: it asks for its partition graphs instead.",
        "The order goes on: it traces the next run of 'work'.",
    ]
    assert work.info().is_trace_ordered


def test_a_run_that_fails_is_told_and_the_order_goes_on(work: NamedSession) -> None:
    tfsess_magics.process.registry.trace("work")
    with pytest.raises(tf.errors.InvalidArgumentError):
        work.run(work.graph.get_operation_by_name("fails"))
    assert new_traces() == (
        [],
        [
            "A run of 'fails' was not traced: it failed or was stopped (InvalidArgumentError).",
            "The order goes on: it traces the next run of 'work'.",
        ],
    )
    work.run("total:0")
    (trace,), sentences = new_traces()
    assert trace.fetches == ("total",)
    assert not sentences


def test_a_run_that_is_stopped_is_told_and_the_order_goes_on(
    work: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "order_lasts", 500.0)
    with work:
        v1.FIFOQueue(1, tf.float32, name="queue").dequeue(name="waits")
    tfsess_magics.process.registry.trace("work")
    in_thread(lambda: tfsess_magics.stop("work", now=True))
    with pytest.raises(tfsess_magics.SessionStopped):
        work.run("waits:0")
    assert work.info().is_trace_ordered
    work.run("total:0")
    assert work.info().last_trace is not None


def test_steps_that_take_no_options_are_told(work: NamedSession) -> None:
    called = work.session._make_callable_from_options(config_pb2.CallableOptions(fetch=["total:0"]))
    tfsess_magics.process.registry.trace("work")
    called()
    called()
    assert new_traces()[1] == [
        "A call of what _make_callable_from_options returned was not traced: TensorFlow takes no options for it.",
        "The order goes on: it traces the next run of 'work'.",
    ]
    handle = work.session.partial_run_setup(["total:0"], [])
    work.session.partial_run(handle, "total:0")
    assert new_traces()[1][0] == "A partial run was not traced: TensorFlow takes no options for it."
    with work:
        assert isinstance(work.make_callable("total:0")(), np.float32)
    assert len(new_traces()[0]) == 1


def test_one_of_several_threads_carries_out_an_order(work: NamedSession) -> None:
    tfsess_magics.process.registry.trace("work")
    together = threading.Barrier(4)

    def run() -> None:
        together.wait()
        work.run("total:0")

    threads = [threading.Thread(target=run, name=f"runner {index}") for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (trace,), _ = new_traces()
    assert trace.thread in {thread.name for thread in threads}


def test_an_order_outlives_a_reset(work: NamedSession) -> None:
    tfsess_magics.process.registry.trace("work")
    work.reset()
    with work:
        tf.constant(1, name="one")
    work.run("one:0")
    (trace,), _ = new_traces()
    assert (trace.fetches, trace.run) == (("one",), 1)


def test_an_eager_scope_has_nothing_to_trace(open_session: Open) -> None:
    open_session("scope", eager=True)
    with pytest.raises(NoRunsError, match="cannot trace 'scope': it is a scope for eager code"):
        tfsess_magics.process.registry.trace("scope")
