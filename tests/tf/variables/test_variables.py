"""The variables of a session, and those of them that hold a value."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tfsess_magics import VariableInfo
from tfsess_magics.core.text import variable_size
from tfsess_magics.tf.internals import RUNS
from tfsess_magics.tf.variables.internal_run import run_unseen

v1 = tf.compat.v1


def found() -> dict[str, VariableInfo]:
    return {variable.name: variable for variable in tfsess_magics.sessions()[0].variables}


def initialized() -> dict[str, bool | None]:
    return {name: variable.initialized for name, variable in found().items()}


def test_a_variable_is_described(open_session: Open) -> None:
    """Name, shape, dtype, bytes, device; largest first."""
    with open_session("train"):
        v1.get_variable("small", [3], tf.int64)
        v1.get_variable("large", [100, 2], tf.float16)
        v1.Variable(np.zeros([2]), shape=tf.TensorShape([None]), name="open_ended", validate_shape=False)
    small, large = found()["small"], found()["large"]
    assert next(iter(found())) == "large"
    assert (small.shape, small.dtype, small.nbytes, small.initialized, small.device) == (
        (3,),
        "int64",
        24,
        False,
        "CPU:0",
    )
    assert (large.shape, large.dtype, large.nbytes) == ((100, 2), "float16", 400)
    assert (found()["open_ended"].shape, found()["open_ended"].nbytes) == ((None,), None)


def test_every_kind_of_variable_is_found(open_session: Open) -> None:
    """By the type of its operation: local ones and those in no collection, reference variables, partitioned ones."""
    with open_session("train"):
        v1.get_variable("local", [1], collections=[v1.GraphKeys.LOCAL_VARIABLES])
        v1.get_variable("in_no_collection", [1], collections=[])
        v1.get_variable("reference", [1], use_resource=False)
        v1.get_variable("parts", [4, 2], partitioner=v1.fixed_size_partitioner(2))
        tf.Variable([1.0], name="plain")
    assert set(found()) == {"local", "in_no_collection", "reference", "parts/part_0", "parts/part_1", "plain"}


@pytest.mark.parametrize("use_resource", [True, False])
def test_only_variables_with_a_value_are_initialized(open_session: Open, use_resource: bool) -> None:
    """Before any run none is; after it exactly those that were initialised, also when others were built since."""
    with open_session("train"):
        a = v1.get_variable("a", [10], use_resource=use_resource)
        b = v1.get_variable("b", [20], use_resource=use_resource)
        assert initialized() == {"a": False, "b": False}
        a.initializer.run()
        assert initialized() == {"a": True, "b": False}
        v1.get_variable("c", [30], use_resource=use_resource)
        assert initialized() == {"a": True, "b": False, "c": False}
        b.initializer.run()
        assert initialized() == {"a": True, "b": True, "c": False}
    assert tfsess_magics.sessions()[0].variables_nbytes == 4 * (10 + 20)


def test_a_destroyed_variable_holds_nothing(open_session: Open) -> None:
    """Until it gets a value again; the operation that destroys it may wait for others."""
    with open_session("train") as train:
        a, b = v1.get_variable("a", [10]), v1.get_variable("b", [20])
        train.run([a.initializer, b.initializer])
        with tf.control_dependencies([tf.no_op()]):
            destroy = tf.raw_ops.DestroyResourceOp(resource=a.handle)
        assert initialized() == {"a": True, "b": True}
        train.run(destroy)
        assert initialized() == {"a": False, "b": True}
        assert tfsess_magics.sessions()[0].variables_nbytes == 4 * 20
        memory = tfsess_magics.memory()
        assert memory
        held = memory.devices[0].held
        assert [of.nbytes for of in held] == [4 * 20]
        train.run(a.initializer)
        assert initialized() == {"a": True, "b": True}


@pytest.mark.parametrize("use_resource", [True, False])
def test_a_variable_of_unknown_shape_counts_with_the_size_that_it_has(open_session: Open, use_resource: bool) -> None:
    """Each run may change it; the graph and the number of runs stay as they are."""
    with open_session("train") as train:
        v = v1.Variable(
            np.zeros([2], np.float32),
            shape=tf.TensorShape([None]) if use_resource else None,
            validate_shape=False,
            use_resource=use_resource,
            name="v",
        )
        train.run(v.initializer)
        longer = v1.assign(v, tf.zeros([1000]), validate_shape=False)
        before, runs = train.graph.get_operations(), train.watched.meter.runs
        assert found()["v"].nbytes == 4 * 2
        assert (train.graph.get_operations(), train.watched.meter.runs) == (before, runs)
        train.run(longer)
        assert found()["v"].nbytes == 4 * 1000
        assert tfsess_magics.sessions()[0].variables_nbytes == 4 * 1000
        assert train.summary(ask=True).variables_nbytes == 4 * 1000


def test_why_a_size_is_not_known_is_said(open_session: Open) -> None:
    """Of strings, without a value, and where nothing reads that."""
    with open_session("train") as train:
        v1.get_variable("words", initializer=tf.constant(["a"])).initializer.run()
        v1.Variable(np.zeros([2]), shape=tf.TensorShape([None]), name="none_yet", validate_shape=False)
        handle = tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=None, shared_name="h", name="unread")
        tf.raw_ops.VarIsInitializedOp(resource=handle)
        train.run(tf.raw_ops.AssignVariableOp(resource=handle, value=0.0))
    assert {name: variable_size(variable) for name, variable in found().items()} == {
        "words": "not known of type string",
        "none_yet": "depends on its value",
        "unread": "known once an operation that reads it has run",
    }


def test_asking_adds_no_operation_and_counts_no_run(open_session: Open) -> None:
    """Also on a finalized graph."""
    with open_session("train") as train:
        v1.get_variable("a", [10]).initializer.run()
        v1.get_variable("b", [10], use_resource=False).initializer.run()
        train.graph.finalize()
    operations = train.graph.get_operations()
    assert initialized() == {"a": True, "b": True}
    assert train.graph.get_operations() == operations
    assert tfsess_magics.sessions()[0].runs == 2


def test_asking_shows_no_new_operation_to_the_runtime(open_session: Open) -> None:
    """The gradient of a while loop changes the loop, which fails once a run has seen it: asking must not show it."""
    with open_session("train") as train:
        x = v1.placeholder(tf.float32, [])
        v1.get_variable("a", [10]).initializer.run()
        one = tf.constant(1.0)
        _, y = tf.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, a * x), [0, one])
        assert initialized() == {"a": True}
        (gradient,) = tf.gradients(y, x)
        assert train.run(gradient, {x: 2.0}) == 12.0


def _many(initialize: Callable[[list[Any]], list[Any]]) -> dict[str, bool | None]:
    variables = [v1.get_variable(f"v{i:02}", [1], use_resource=False) for i in range(16)]
    v1.get_default_session().run([v.initializer for v in initialize(variables)])
    return initialized()


def test_many_reference_variables_are_asked_in_few_runs(open_session: Open) -> None:
    """All at once; what cannot be found out in a few more runs is not known, and never wrong."""
    with open_session("train"):
        assert _many(lambda variables: variables) == {f"v{i:02}": True for i in range(16)}
    tfsess_magics.reset("train")
    with open_session("train"):
        states = _many(lambda variables: variables[8:])
    assert {states[f"v{i:02}"] for i in range(8)} <= {False, None}
    assert {states[f"v{i:02}"] for i in range(8, 16)} <= {True, None}


def test_a_device_is_known_when_there_is_one_or_when_it_was_asked_for(open_session: Open) -> None:
    """With several devices and no request it is TensorFlow's choice."""
    with open_session("train", config=v1.ConfigProto(device_count={"CPU": 2})):
        v1.get_variable("anywhere", [1])
        with tf.device("/CPU:1"):
            v1.get_variable("second", [1])
    assert (found()["anywhere"].device, found()["second"].device) == ("", "CPU:1")


def test_asking_runs_nothing_of_the_users(open_session: Open) -> None:
    """An operation that waits for others, an assignment for example, is never asked."""
    with open_session("train") as train:
        handle = tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[], shared_name="h")
        assign = tf.raw_ops.AssignVariableOp(resource=handle, value=0.0)
        with tf.control_dependencies([tf.raw_ops.AssignAddVariableOp(resource=handle, value=1.0)]):
            tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.float32)
            tf.raw_ops.VarIsInitializedOp(resource=handle)
        value = tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.float32)
        train.run(assign)
        assert train.run(value) == 0.0
        assert initialized() == {"VarHandleOp": True}
        assert train.run(value) == 0.0


def test_asking_inside_a_run_waits_for_nothing(open_session: Open) -> None:
    """A Python function that TensorFlow calls on the session's only thread may list the sessions."""
    with open_session("train", threads=(0, 1)) as train:
        v1.get_variable("a", [10]).initializer.run()
        v1.get_variable("b", [10])
        listed = tf.py_function(lambda: len(tfsess_magics.sessions()), [], tf.int32)
        assert train.run(listed) == 1


def test_where_runs_are_not_counted_each_look_asks(open_session: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A TensorFlow may lack the part by which runs are seen."""
    train = open_session("train")
    with train:
        v = v1.get_variable("v", [2], initializer=v1.ones_initializer())
        train.run(tf.constant(1))
    assert [variable.initialized for variable in train.info().variables] == [False]
    run_unseen(train.session, targets=[v.initializer.name])
    assert [variable.initialized for variable in train.info().variables] == [False]
    monkeypatch.setitem(vars(RUNS), "missing", ("BaseSession._gone",))
    assert [variable.initialized for variable in train.info().variables] == [True]
