"""Traces of sessions of other code, and on servers."""

import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.tracing.trace import new_traces

v1 = tf.compat.v1


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
