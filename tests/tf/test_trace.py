"""A run is traced on order: what ran, where, for how long; nothing else is changed by it."""

import gc
import itertools
import json
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

import tfsess_magics
from tests.tf.conftest import Open
from tfsess_magics import NoRunsError
from tfsess_magics.core.trace import RunTrace
from tfsess_magics.tf.session import NamedSession
from tfsess_magics.tf.trace import new_traces

v1 = tf.compat.v1
FULL = v1.RunOptions.FULL_TRACE
SIDE = 400


@pytest.fixture(autouse=True)
def all_seen() -> Iterator[None]:
    """What other tests have not looked at is not this one's."""
    new_traces()
    yield
    new_traces()


@pytest.fixture
def work(open_session: Open) -> NamedSession:
    """Four CPU devices with a variable and an operation on each, and a variable for a GPU that is not there."""
    tfsess_magics.process.connect().observe()
    work = open_session("work", config=v1.ConfigProto(device_count={"CPU": 4}))
    _build(work)
    return work


def _build(work: NamedSession) -> None:
    with work:
        results = []
        for index in range(4):
            with tf.device(f"/CPU:{index}"):
                v = v1.get_variable(f"v{index}", [SIDE, SIDE], use_resource=index % 2 == 0)
                results.append(tf.matmul(v, v, name=f"square{index}"))
        with tf.device("/GPU:0"):
            moved = v1.get_variable("moved", [10])
        total = tf.add_n([tf.reduce_sum(result) for result in results], name="total")
        tf.add(total, tf.reduce_sum(moved), name="all")
        tf.raw_ops.Assert(condition=False, data=["never"], name="fails")
        work.run(v1.global_variables_initializer())


def traced(work: NamedSession, fetches: Any = "all:0", **given: Any) -> RunTrace:
    tfsess_magics.process.registry.trace(work.name)
    work.run(fetches, **given)
    trace = work.info().last_trace
    assert trace is not None
    return trace


def test_it_says_what_ran_where(work: NamedSession) -> None:
    """Operations and variables of four devices, and what soft placement has moved."""
    trace = traced(work)
    assert trace.fetches == ("all",)
    assert [on.device for on in trace.placement] == ["CPU:0", "CPU:1", "CPU:2", "CPU:3"]
    assert [on.variables for on in trace.placement] == [("moved", "v0"), ("v1",), ("v2",), ("v3",)]
    assert {(op.operation, op.asked, op.device) for op in trace.moved} == {("moved", "GPU:0", "CPU:0")}
    devices = {op.name: op.device for op in trace.slowest}
    assert devices.items() >= {f"square{index}": f"CPU:{index}" for index in range(4)}.items()


def test_the_devices_of_variables_are_the_actual_ones_until_a_reset(work: NamedSession) -> None:
    def devices() -> dict[str, str]:
        return {variable.name: variable.device for variable in work.info().variables}

    asked = {"v0": "CPU:0", "v1": "CPU:1", "v2": "CPU:2", "v3": "CPU:3", "moved": "GPU:0"}
    assert devices() == asked
    traced(work)
    assert devices() == asked | {"moved": "CPU:0"}
    traced(work, "square1:0")
    assert devices() == asked | {"moved": "CPU:0"}
    work.reset()
    _build(work)
    assert devices() == asked
    assert work.info().last_trace is None


def test_times_and_bytes_are_those_of_the_operations(work: NamedSession) -> None:
    """A matrix takes four bytes an element; the sum of all times on one device is no more than the run took."""
    trace = traced(work, "square2:0")
    (square,) = [op for op in trace.largest if op.name == "square2"]
    assert (square.allocated, square.output, square.executions) == (4 * SIDE**2, 4 * SIDE**2, 1)
    assert trace.largest[0] == square
    assert trace.allocated >= square.allocated
    assert trace.slowest[0] == next(op for op in trace.slowest if op.name == "square2")
    assert 0 < square.self_time <= trace.busy <= trace.duration
    reads = [op for op in trace.slowest if op.type == "ReadVariableOp"]
    assert {(read.allocated, read.output) for read in reads} == {(0, 4 * SIDE**2)}


def test_every_execution_of_a_loop_is_counted(open_session: Open) -> None:
    work = open_session("loops")
    with work:
        _, end = tf.while_loop(lambda i, _: i < 7, lambda i, x: (i + 1, tf.sin(x, name="inside")), [0, 1.0])
    trace = traced(work, end)
    (inside,) = [op for op in trace.slowest if op.type == "Sin"]
    assert inside.executions == 7


def test_what_runs_in_a_function_is_not_taken_for_the_graphs(open_session: Open) -> None:
    """Also where it has the same name; and the caller's own time is without it."""
    work = open_session("functions", config=v1.ConfigProto(device_count={"CPU": 2}))

    @tf.function  # type: ignore[untyped-decorator]
    def squared(x: Any) -> Any:
        return tf.reduce_sum(tf.matmul(x, x, name="heavy"))

    with work:
        with tf.device("/CPU:1"):
            own = tf.reduce_sum(tf.ones([3]), name="Sum")
        with tf.device("/CPU:0"):
            result = tf.identity(squared(tf.random.uniform([SIDE, SIDE])), name="result")
        tf.add(own, result, name="both")
    work.run("both:0")  # in the first run the caller makes the function
    trace = traced(work, "both:0")
    sums = {(op.of_graph, op.device) for op in trace.slowest if op.name == "Sum"}
    assert (True, "CPU:0") not in sums
    assert (False, "CPU:0") in sums
    (heavy,) = [op for op in trace.slowest if op.name == "heavy"]
    assert not heavy.of_graph
    (caller,) = [op for op in trace.slowest if op.type.endswith("PartitionedCall")]
    assert caller.self_time < heavy.self_time
    assert not trace.moved


def test_it_is_a_chrome_trace(work: NamedSession, tmp_path: Path) -> None:
    """Complete events with numbers for times, the devices named, as TensorFlow's timeline writes them."""
    trace = traced(work)
    trace.save(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    regions = [event for event in events if event["ph"] == "X"]
    assert len(regions) == trace.executions
    for event in regions:
        assert event.keys() >= {"name", "cat", "pid", "tid", "ts", "dur", "args"}
        assert event["ts"] > 0
        assert event["dur"] >= 0
    named = {event["args"]["name"] for event in events if event["ph"] == "M"}
    assert named >= {f"/job:localhost/replica:0/task:0/device:CPU:{index} Compute" for index in range(4)}
    assert {event["args"]["name"] for event in regions} >= {"total", "square3"}


def test_only_the_next_run_is_traced(work: NamedSession) -> None:
    first = traced(work)
    assert not work.info().is_trace_ordered
    work.run("total:0")
    assert work.info().last_trace == first
    assert (first.run, first.run_of_cell, first.cell, first.thread) == (2, None, None, "")


def test_nothing_is_added_to_the_graph_and_the_values_are_the_same(work: NamedSession) -> None:
    operations, value = work.graph.get_operations(), work.run("total:0")
    tfsess_magics.process.registry.trace("work")
    assert work.run("total:0") == pytest.approx(value)
    assert work.graph.get_operations() == operations


def test_the_users_own_trace_is_the_same_one(work: NamedSession) -> None:
    options, metadata = v1.RunOptions(trace_level=FULL, timeout_in_ms=60_000), v1.RunMetadata()
    trace = traced(work, options=options, run_metadata=metadata)
    nodes = [node.node_name for device in metadata.step_stats.dev_stats for node in device.node_stats]
    assert len([name for name in nodes if name != "_SOURCE"]) == trace.executions
    assert (options.trace_level, options.timeout_in_ms) == (FULL, 60_000)


def test_the_users_metadata_without_a_trace_stay_without_one(work: NamedSession) -> None:
    metadata = v1.RunMetadata()
    trace = traced(work, run_metadata=metadata)
    assert trace.executions
    assert not metadata.ListFields()


def test_a_run_that_asks_for_its_partition_graphs_gets_them_and_is_not_traced(work: NamedSession) -> None:
    tfsess_magics.process.registry.trace("work")
    options, metadata = v1.RunOptions(output_partition_graphs=True), v1.RunMetadata()
    work.run("total:0", options=options, run_metadata=metadata)
    assert [field.name for field, _ in metadata.ListFields()] == ["partition_graphs"]
    assert new_traces()[1] == [
        "A run of 'total' was not traced: it asks for its partition graphs instead.",
        "The next run of 'work' will be traced.",
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
            "The next run of 'work' will be traced.",
        ],
    )
    work.run("total:0")
    (trace,), sentences = new_traces()
    assert trace.fetches == ("total",)
    assert not sentences


def test_a_run_that_is_stopped_is_told_and_the_order_goes_on(work: NamedSession) -> None:
    with work:
        v1.FIFOQueue(1, tf.float32, name="queue").dequeue(name="waits")
    tfsess_magics.process.registry.trace("work")
    tfsess_magics.stop("work")
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
        "The next run of 'work' will be traced.",
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


def test_a_session_of_other_code_is_traced_and_adopted_with_its_trace(work: NamedSession) -> None:
    with v1.Session(graph=work.graph) as other:
        (number,) = [info.name for info in tfsess_magics.sessions() if info.kind is tfsess_magics.Kind.OBSERVED]
        tfsess_magics.process.registry.trace(number)
        other.run(work.graph.get_operation_by_name("v0/Assign"))
        (trace,), _ = new_traces()
        assert trace.session == number
        adopted = tfsess_magics.adopt(other, "mine")
        assert adopted.info().last_trace == trace


def test_a_session_on_a_server_is_traced(open_session: Open) -> None:
    tfsess_magics.process.connect().observe()
    with tf.Graph().as_default(), v1.Session(v1.train.Server.create_local_server().target) as session:
        tf.square(v1.placeholder(tf.float32, [], name="x"), name="square")
        (info,) = tfsess_magics.sessions()
        tfsess_magics.process.registry.trace(info.name)
        assert session.run("square:0", {"x:0": 3.0}) == 9.0
        (trace,), _ = new_traces()
    assert ("square", "CPU:0") in [(op.name, op.device) for op in trace.slowest]


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
    with pytest.raises(NoRunsError, match="cannot trace 'scope': it is eager, and has no runs"):
        tfsess_magics.process.registry.trace("scope")


def test_a_trace_keeps_nothing_of_tensorflows_alive(open_session: Open) -> None:
    """Nor what it is made from, before anybody looks; where the graph is gone by then, nothing is said of placement."""
    tfsess_magics.process.connect().observe()
    session = v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        tf.square(v1.placeholder(tf.float32, [], name="x"), name="square")
    (info,) = tfsess_magics.sessions()
    tfsess_magics.process.registry.trace(info.name)
    session.run("square:0", {"x:0": 3.0})
    alive = weakref.ref(session.graph), weakref.ref(session)
    del session
    gc.collect()
    assert [reference() for reference in alive] == [None, None]
    (trace,), _ = new_traces()
    assert "square" in [op.name for op in trace.slowest]
    assert (trace.placement, trace.moved) == ((), ())


def test_a_large_trace_is_cut_and_says_so(open_session: Open) -> None:
    work = open_session("long")
    with work:
        count = v1.placeholder(tf.int32, [], name="count")
        tf.identity(v1.while_loop(lambda i: i < count, lambda i: i + 1, [tf.constant(0)]), name="end")
    trace = traced(work, "end:0", feed_dict={"count:0": 2000})
    assert trace.executions > 10_000
    assert len(trace.timeline) == 4000
    assert len([event for event in json.loads(trace.chrome)["traceEvents"] if event["ph"] == "X"]) == 4000
    assert trace.cuts == (f"The timeline and its file have the 4,000 longest of {trace.executions:,} executions.",)
    assert max(op.executions for op in trace.slowest) >= 2000


def test_a_limit_of_time_holds_for_a_traced_run(work: NamedSession) -> None:
    with work:
        v1.FIFOQueue(1, tf.float32, name="queue").dequeue(name="waits")
    stay = work.enter("cell 7", 0.2, trace=True)
    stay.resume()
    try:
        with pytest.raises(tf.errors.DeadlineExceededError, match="of cell 7 allows no more"):
            work.run("waits:0")
        work.run("total:0")
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
