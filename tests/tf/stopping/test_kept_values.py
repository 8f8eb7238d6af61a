"""What a stop keeps, where a variable is unlike the others."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil
import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.running import when_running
from tfsess_magics import SessionStopped
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.stopping import renewal
from tfsess_magics.tf.variables.values import Values

v1 = tf.compat.v1


@pytest.fixture
def kept(open_session: Open) -> NamedSession:
    """A session to make variables in."""
    return open_session("kept")


def stopped(session: NamedSession, fetches: Any = None, when: Callable[[], object] = lambda: None) -> str:
    """Stop what waits in a session, and return what was said of its values."""

    def act() -> None:
        when()
        tfsess_magics.stop("kept", now=True)

    with session:
        waits = v1.FIFOQueue(1, tf.float32).dequeue() if fetches is None else fetches
    thread = when_running(session, act)
    with pytest.raises(SessionStopped) as error:
        session.run(waits)
    thread.join()
    return str(error.value)


@pytest.mark.parametrize("use_resource", [True, False])
def test_variables_that_begin_with_one_tensor_keep_a_value_each(kept: NamedSession, use_resource: bool) -> None:
    with kept:
        zeros = tf.zeros([2])
        variables = [v1.Variable(zeros, use_resource=use_resource) for _ in range(3)]
        kept.run([v.initializer for v in variables])
        kept.run([v.assign([i, i + 1.0]) for i, v in enumerate(variables)])
        reads = [tf.identity(v) for v in variables]
        stopped(kept)
        assert [list(value) for value in kept.run(reads)] == [[0, 1], [1, 2], [2, 3]]


def test_every_reference_variable_is_kept_that_has_a_value_among_many_that_have_none(kept: NamedSession) -> None:
    with kept:
        variables = [v1.Variable(float(i), use_resource=False) for i in range(40)]
        has_value = [v for i, v in enumerate(variables) if i % 3]
        kept.run([v.initializer for v in has_value])
        assert "Kept: 26 variables" in stopped(kept)
        assert kept.run(has_value) == [float(i) for i in range(40) if i % 3]


def test_a_variable_is_kept_that_got_its_value_after_it_was_listed_in_the_same_run(kept: NamedSession) -> None:
    is_listed, has_value = threading.Event(), threading.Event()
    with kept:
        handle = tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[], name="late")
        is_initialized = tf.raw_ops.VarIsInitializedOp(resource=handle)
        read = tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.float32)
        five = tf.py_function(lambda: is_listed.wait(20) and 5.0, [], tf.float32)
        with tf.control_dependencies([tf.raw_ops.AssignVariableOp(resource=handle, value=five)]):
            said = tf.py_function(has_value.set, [], [])
        with tf.control_dependencies([said]):
            waits = v1.FIFOQueue(1, tf.float32).dequeue()
        kept.run(is_initialized)

    def when() -> None:
        ((variable,),) = [info.variables for info in tfsess_magics.sessions()]
        assert not variable.initialized
        is_listed.set()
        assert has_value.wait(20)

    assert "Kept: 1 variable" in stopped(kept, waits, when)
    assert kept.run(read) == 5.0


def test_quantized_values_are_kept(kept: NamedSession) -> None:
    with kept:
        start = tf.quantization.quantize([1.0, 2.0], 0.0, 4.0, tf.quint8).output
        variable = v1.Variable(start, use_resource=False)
        bits = tf.bitcast(variable, tf.uint8)
        kept.run(variable.initializer)
        before = kept.run(bits)
        stopped(kept)
        assert np.array_equal(kept.run(bits), before)


def test_a_value_that_python_cannot_hold_is_named_as_lost_and_the_others_are_kept(kept: NamedSession) -> None:
    with kept:
        tensors = tf.raw_ops.EmptyTensorList(element_shape=-1, max_num_elements=3, element_dtype=tf.float32)
        tensors, number = v1.Variable(tensors, name="tensors"), v1.Variable(3.0)
        kept.run([tensors.initializer, number.initializer])
        assert "Kept: 1 variable (4 B)" in (said := stopped(kept))
        assert "Not kept: the value of tensors, " in said
        assert kept.run(number) == 3.0


def test_a_value_that_no_operation_reads_is_named_as_lost(kept: NamedSession) -> None:
    with kept:
        handle = tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[], name="hidden")
        kept.run(tf.raw_ops.AssignVariableOp(resource=handle, value=1.0))
        assert "Not kept: the value of hidden, " in stopped(kept)


def test_a_value_is_given_back_by_an_operation_that_waits_for_nothing(kept: NamedSession) -> None:
    with kept:
        handle = tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[])
        value = tf.constant(1.0)
        with tf.control_dependencies([v1.FIFOQueue(1, tf.float32).dequeue()]):
            tf.raw_ops.AssignVariableOp(resource=handle, value=value)
        assign = tf.raw_ops.AssignVariableOp(resource=handle, value=2.0)
        read = tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.float32)
        kept.run(assign)
        stopped(kept)
        assert kept.run(read) == 2.0


def test_a_session_whose_values_were_lost_can_be_stopped_again(
    kept: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    with kept:
        variable = v1.Variable(3.0)
        kept.run(variable.initializer)
        with monkeypatch.context() as patch:
            patch.setattr(Values, "give", fail)
            assert "its values are lost: no room" in stopped(kept)
        assert "Kept: no variables" in stopped(kept)
        kept.run(variable.initializer)
        assert "Kept: 1 variable" in stopped(kept)


def test_what_other_sessions_of_a_server_have_written_meanwhile_stays(
    open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_session("any")  # sessions are observed from here on
    server = v1.train.Server.create_local_server()
    with tf.Graph().as_default(), v1.Session(server.target) as other, v1.Session(server.target) as session:
        variable = v1.Variable([1.0, 2.0])
        bump, read = variable.assign_add([1.0, 1.0]), tf.identity(variable)
        waits = v1.FIFOQueue(1, tf.float32).dequeue()
        session.run(variable.initializer)
        begin_anew = renewal.begin_anew

        def begin_after_another(*args: Any) -> None:
            other.run(bump.op)
            begin_anew(*args)

        monkeypatch.setattr(renewal, "begin_anew", begin_after_another)
        name = [info.name for info in tfsess_magics.sessions() if info.target][-1]
        thread = when_running(tfsess_magics.process.registry.get_any(name), lambda: tfsess_magics.stop(name, now=True))
        with pytest.raises(SessionStopped):
            session.run(waits)
        thread.join()
        assert list(session.run(read)) == [2.0, 3.0]


def test_values_for_which_there_is_no_memory_are_said_before_anything_is_lost(
    kept: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        available = 2**20

    with kept:
        v1.get_variable("v", [2**20]).initializer.run()
        queue = v1.FIFOQueue(1, tf.float32, shapes=[[]])
        waits, fill = queue.dequeue(), queue.enqueue([1.0])
    refused: list[BaseException] = []

    def act() -> None:
        monkeypatch.setattr(psutil, "virtual_memory", Full)
        try:
            tfsess_magics.stop("kept", now=True)
        except tfsess_magics.ValuesLostError as error:
            refused.append(error)
        kept.run(fill)

    thread = when_running(kept, act)
    assert kept.run(waits) == 1.0
    thread.join()
    assert "(MemoryError: that takes 4.0 MiB, and 1.0 MiB of memory are free), and would be lost" in str(refused[0])


def test_a_variable_with_two_handles_is_kept_once_and_not_named_as_lost(kept: NamedSession) -> None:
    with kept:
        first, second = (
            tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[], shared_name="shared", name=name) for name in ("a", "b")
        )
        reads = [tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.float32) for handle in (first, second)]
        for handle in (first, second):
            tf.raw_ops.VarIsInitializedOp(resource=handle)
        kept.run(tf.raw_ops.AssignVariableOp(resource=second, value=3.0))
        kept.run(reads)
    said = stopped(kept)
    assert "Kept: 1 variable (4 B)" in said
    assert "the value of" not in said
    assert kept.run(reads) == [3.0, 3.0]
