"""A stop makes and fills the new session before it ends the old one, so that it loses no value."""

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil
import pytest
import tensorflow as tf

import tfsess_magics
from tests.in_runtime import wait_for_runs
from tests.tf.conftest import Open
from tests.tf.running import Running, wait_for_stops, when_running
from tfsess_magics import SessionStopped
from tfsess_magics.core.model import DeviceInfo
from tfsess_magics.tf.memory.allocators import Allocator, Allocators
from tfsess_magics.tf.memory.required import require_on_devices
from tfsess_magics.tf.runs.limit import Limit
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.stopping.overdue import Overdue
from tfsess_magics.tf.stopping.stop import Stop, begin
from tfsess_magics.tf.variables.values import Values

v1 = tf.compat.v1


@pytest.fixture
def work(open_session: Open) -> NamedSession:
    """A session with a variable, a dequeue that waits for ever, and a step that another thread lets end."""
    work = open_session("work")
    build(work)
    return work


def build(work: NamedSession) -> None:
    with work:
        v1.get_variable("sound", initializer=[1.0, 2.0]).initializer.run()
        tf.identity(v1.FIFOQueue(1, tf.float32, shapes=[[]], name="queue").dequeue(), name="waits")


def stop(session: NamedSession) -> str:
    """Stop the waiting run of a session, and return the error that the run raised."""
    thread = when_running(session, lambda: tfsess_magics.stop(session.name, now=True))
    with pytest.raises(SessionStopped) as stopped:
        session.run("waits:0")
    thread.join()
    return str(stopped.value)


def sound(session: NamedSession) -> list[float]:
    return list(session.run("sound/Read/ReadVariableOp:0"))


def test_a_value_that_does_not_fit_the_initializer_is_given_by_another_assignment(work: NamedSession) -> None:
    with work:
        grown = v1.get_variable("grown", initializer=tf.zeros([2]), use_resource=False)
        work.run(grown.initializer)
        work.run(v1.assign(grown, tf.ones([5]), validate_shape=False))
    for _ in range(2):
        assert "Kept: 2 variables (28 B)" in stop(work)
        assert list(work.run(grown)) == [1.0] * 5
        assert sound(work) == [1.0, 2.0]


def test_a_value_that_no_assignment_takes_is_named_and_the_others_are_kept(work: NamedSession) -> None:
    """The stop uses no assignment that waits for other operations: it would run them."""
    with work:
        grown = v1.get_variable("grown", initializer=tf.zeros([2]), use_resource=False)
        work.run(grown.initializer)
        ones = tf.ones([5])
        with tf.control_dependencies([tf.constant(1.0)]):
            work.run(v1.assign(grown, ones, validate_shape=False))
    said = stop(work)
    assert "Kept: 1 variable (8 B)" in said
    assert "Not kept: the value of grown, whose shape [5] no assignment in the graph takes, queues" in said
    assert sound(work) == [1.0, 2.0]
    with pytest.raises(tf.errors.FailedPreconditionError):
        work.run(grown)
    work.run(grown.initializer)
    assert list(work.run(grown)) == [0.0, 0.0]


def test_a_value_whose_assignment_fails_is_named_and_the_others_are_kept(work: NamedSession) -> None:
    """A variable without a static shape shows its shape only in the assignment."""
    with work:
        shapeless = tf.raw_ops.VariableV2(shape=tf.TensorShape(None), dtype=tf.float32, name="shapeless")
        tf.raw_ops.Assign(ref=shapeless, value=tf.zeros([2]), validate_shape=True)
        with tf.control_dependencies([tf.constant(1.0)]):
            work.run(tf.raw_ops.Assign(ref=shapeless, value=tf.ones([5]), validate_shape=False))
        tf.identity(shapeless)
    said = stop(work)
    assert "Kept: 1 variable (8 B)" in said
    assert "Not kept: the value of shapeless, queues" in said
    assert sound(work) == [1.0, 2.0]


def test_the_new_session_has_its_values_before_a_run_is_ended(
    work: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    give, end_steps = Values.give, Stop.end_steps

    def noting_give(*args: Any, **named: Any) -> Values:
        done.append("given")
        assert work.watched.meter.table.claimed
        return give(*args, **named)

    def noting_end(*args: Any) -> None:
        done.append("ended")
        end_steps(*args)

    monkeypatch.setattr(Values, "give", noting_give)
    monkeypatch.setattr(Stop, "end_steps", noting_end)
    stop(work)
    assert done == ["given", "ended"]
    assert sound(work) == [1.0, 2.0]


def fails_once(error: BaseException) -> Callable[..., Values]:
    """Return a `Values.give` that fails the first time."""
    give, errors = Values.give, [error]

    def failing(*args: Any, **named: Any) -> Values:
        if errors:
            raise errors.pop()
        return give(*args, **named)

    return failing


@pytest.mark.parametrize("error", [MemoryError("no room"), tf.errors.ResourceExhaustedError(None, None, "no room")])
def test_where_there_is_no_memory_for_both_the_old_values_go_first_which_is_said(
    work: NamedSession, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(Values, "give", fails_once(error))
    said = stop(work)
    assert "Kept: 1 variable (8 B)" in said
    assert said.endswith(" The old session had to close before the new one could take the values (no room).")
    assert sound(work) == [1.0, 2.0]


def test_memory_for_a_second_copy_is_looked_for_before_it_is_made(
    work: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [8, 7]

    class Memory:
        @property
        def available(self) -> int:
            return left.pop(0)

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    assert "(that takes 8 B, and 7 B of memory are free)." in stop(work)
    assert sound(work) == [1.0, 2.0]


@pytest.mark.parametrize(("in_use", "is_short"), [(60, False), (61, True)])
def test_memory_of_a_gpu_is_looked_for_as_well(in_use: int, is_short: bool) -> None:
    allocators = Allocators()
    allocators.measured = (
        Allocator("GPU:0", lambda: {"current": in_use, "peak": in_use}, lambda: None),
        Allocator("CPU", lambda: {"current": 10**9, "peak": 10**9}, lambda: None),
    )
    devices = [
        DeviceInfo(name="GPU:0", type="GPU", memory_limit=100),
        DeviceInfo(name="GPU:1", type="GPU", memory_limit=1),  # which nothing tells of
        DeviceInfo(name="CPU:0", type="CPU", memory_limit=1),
    ]
    held = {"GPU:0": (40, 0), "GPU:1": (40, 0), "CPU": (40, 40)}
    if is_short:
        with pytest.raises(MemoryError, match="that takes 40 B of GPU:0, and 39 B are free"):
            require_on_devices(held, devices, allocators)
    else:
        require_on_devices(held, devices, allocators)


def test_a_session_of_which_there_can_be_one_only_is_replaced_after_it_is_closed(open_session: Open) -> None:
    """TensorFlow refuses a second session with the same metadata, as long as the first is open."""
    config = v1.ConfigProto()
    config.experimental.session_metadata.name = "the only one"
    work = open_session("work", config=config)
    build(work)
    for _ in range(2):
        said = stop(work)
        assert "Kept: 1 variable (8 B)" in said
        assert "The old session had to close before the new one could take the values (" in said
        assert sound(work) == [1.0, 2.0]


@pytest.fixture
def held(work: NamedSession) -> threading.Event:
    """Set, it lets the step ``ends`` end, which adds to the variable."""
    may_end = threading.Event()
    with work:
        holds = tf.py_function(lambda: float(may_end.wait(20)), [], tf.float32)
        (handle,) = [op.outputs[0] for op in work.graph.get_operations() if op.type == "VarHandleOp"]
        with tf.control_dependencies([holds]):
            added = tf.raw_ops.AssignAddVariableOp(resource=handle, value=[10.0, 10.0])
        with tf.control_dependencies([added]):
            tf.constant(7.0, name="ends")
    return may_end


def end_while_filling(work: NamedSession, may_end: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the step ``ends`` end by itself while the next stop fills the new session."""
    give = Values.give

    def late_give(*args: Any, **named: Any) -> Values:
        stop = work.watched.meter.stop
        assert stop is not None
        runs = len(stop.out)
        may_end.set()
        while len(stop.out) == runs:
            time.sleep(0.001)
        return give(*args, **named)

    monkeypatch.setattr(Values, "give", late_give)


@pytest.mark.parametrize("is_entered", [True, False])
def test_a_run_that_ends_by_itself_meanwhile_is_not_stopped(
    work: NamedSession, held: threading.Event, monkeypatch: pytest.MonkeyPatch, is_entered: bool
) -> None:
    """It returns its result, the variables have the values that it assigned, and the stop ends the next run."""
    end_while_filling(work, held, monkeypatch)
    said: list[str] = []
    thread = when_running(work, lambda: said.append(str(tfsess_magics.stop("work", now=True))))
    before = work.session._session
    if is_entered:
        with work:
            assert work.run("ends:0") == 7.0
            thread.join()
            with pytest.raises(SessionStopped, match="before this run began; nothing was lost"):
                work.run("ends:0")
    else:
        assert work.run("ends:0") == 7.0
        thread.join()
        work.watched.meter.ordered = None
    when = "" if is_entered else ", within 5 s,"
    assert said == [f"'work' has no run under way; the order stops its next one{when} before it begins"]
    assert work.session._session is before
    assert sound(work) == [11.0, 12.0]
    monkeypatch.undo()
    assert "Kept: 1 variable" in stop(work)
    assert sound(work) == [11.0, 12.0]


def test_a_run_that_ends_beside_one_that_waits_is_stopped_with_it(
    work: NamedSession, held: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its effects came after the stop had read the values, so it raises instead of returning."""
    end_while_filling(work, held, monkeypatch)
    runs = [Running(work, "ends:0"), Running(work, "waits:0")]
    wait_for_runs(work, 2)
    assert str(tfsess_magics.stop("work", now=True)).startswith("stopped 'work': 2 runs. Kept: 1 variable")
    for run in runs:
        run.join(20)
        assert isinstance(run.error, SessionStopped)
    assert sound(work) == [1.0, 2.0]


def test_a_limit_whose_run_ends_by_itself_meanwhile_ends_no_other_run(
    work: NamedSession, held: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    with work:
        queue = work.graph.get_operation_by_name("queue").outputs[0]
        fill = tf.raw_ops.QueueEnqueueV2(handle=queue, components=[np.float32(1.0)])
    meter = work.watched.meter
    late = Running(work, "ends:0")
    wait_for_runs(work)
    (token,) = meter.table.in_flight
    other = Running(work, "waits:0")
    wait_for_runs(work, 2)
    end_while_filling(work, held, monkeypatch)
    assert begin(meter, Overdue("'work'", Limit(1.0, "cell 7"), token, keeps=True))
    late.join(20)
    wait_for_stops()
    assert other.is_alive()
    work.run(fill)
    other.join(20)
    assert (late.error, other.error) == (None, None)
    assert sound(work) == [11.0, 12.0]
