"""Nothing else is changed by a trace."""

import gc
import weakref

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.tracing.traced import traced
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.tracing.trace import new_traces

v1 = tf.compat.v1
FULL = v1.RunOptions.FULL_TRACE


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
