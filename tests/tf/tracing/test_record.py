"""What a trace says: what ran, where, for how long, with how many bytes."""

import json
import re
from pathlib import Path
from typing import Any

import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.tracing.traced import SIDE, build, traced
from tfsess_magics.core import protocol
from tfsess_magics.core.orders import carry_out
from tfsess_magics.notebook.views.sessions import SessionDetails
from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1


def test_it_says_what_ran_where(work: NamedSession) -> None:
    """Operations and variables of four devices, and what soft placement has moved."""
    trace = traced(work)
    assert trace.fetches == ("all",)
    assert [on.device for on in trace.placement] == ["CPU:0", "CPU:1", "CPU:2", "CPU:3"]
    assert [on.variables for on in trace.placement] == [("moved", "v0"), ("v1",), ("v2",), ("v3",)]
    assert [len(set(on.first)) for on in trace.placement] == [min(on.operations, 3) for on in trace.placement]
    assert {(op.operation, op.asked, op.device) for op in trace.moved} == {("moved", "GPU:0", "CPU:0")}
    devices = {op.name: op.device for op in trace.slowest}
    assert devices.items() >= {f"square{index}": f"CPU:{index}" for index in range(4)}.items()


def test_what_is_asked_for_is_told_before_and_what_ran_after_a_trace(work: NamedSession) -> None:
    """In the record, in the magic's text and in the sidebar's details; each operation that asks for a device counts."""
    ops = [op for op in work.graph.get_operations() if op.device == "/device:CPU:1"]
    info = work.info()
    assert [on.device for on in info.asked] == ["CPU:0", "CPU:1", "CPU:2", "CPU:3", "GPU:0"]
    assert [on.variables for on in info.asked] == [("v0",), ("v1",), ("v2",), ("v3",), ("moved",)]
    assert (info.asked[1].operations, info.asked[1].first) == (len(ops), tuple(op.name for op in ops[:3]))
    with work, tf.device("/CPU:1"):
        tf.constant(1.0)
    assert work.info().asked[1].operations == len(ops) + 1
    before = _details(work)
    assert (before.asked[1], before.last_trace) == (protocol.Placement("CPU:1", len(ops) + 1, 1), None)
    trace = traced(work)
    after = _details(work)
    assert after.asked == before.asked
    assert after.last_trace is not None
    assert after.last_trace.placement[0] == protocol.Placement("CPU:0", trace.placement[0].operations, 2)
    assert (after.last_trace.session, after.last_trace.run) == (trace.session, trace.run)
    shown = repr(SessionDetails(work.info(), []))
    first = ", ".join(op.name for op in ops[:3])
    assert f"CPU:1: {len(ops) + 1} operations ({first} and {len(ops) - 2} more), 1 variable (v1)" in shown
    where = rf"^ran on +CPU:0: {trace.placement[0].operations} .*, 2 variables \(moved, v0\)$"
    assert re.search(where, shown, re.MULTILINE)
    assert f" in {trace.where}\n" in shown


def _details(work: NamedSession) -> protocol.SessionDetails:
    done = carry_out(protocol.Describe(1, work.number), tfsess_magics.process.registry)
    assert isinstance(done, protocol.Done)
    assert done.details is not None
    return done.details


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
    build(work)
    assert devices() == asked
    assert work.info().last_trace is None


def test_times_and_bytes_are_those_of_the_operations(work: NamedSession) -> None:
    """A matrix takes four bytes an element; the sum of all times on one device is no more than the run took."""
    trace = traced(work, "square2:0")
    (square,) = [op for op in trace.largest if op.name == "square2"]
    assert (square.allocated, square.output, square.executions) == (4 * SIDE**2, 4 * SIDE**2, 1)
    assert trace.largest[0] == square
    assert trace.allocated >= square.allocated
    assert list(trace.slowest) == sorted(trace.slowest, key=lambda op: op.self_time, reverse=True)
    assert {op.name for op in trace.slowest} == {run.name for run in trace.timeline}
    (whole,) = [run.duration for run in trace.timeline if run.name == "square2"]
    assert square.self_time <= whole
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
    (whole,) = [run.duration for run in trace.timeline if run.type.endswith("PartitionedCall")]
    assert caller.self_time <= whole - heavy.self_time
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
