"""A stop ends what runs in a session, and its variables keep their values."""

import threading
import time

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2
from tensorflow.python.training import monitored_session

import tfsess_magics
from tests.in_runtime import wait_for_runs
from tests.tf.conftest import Open
from tests.tf.every_kind import READS, same
from tests.tf.running import Person, interrupt, when_running
from tfsess_magics import SessionStopped
from tfsess_magics.tf.runs.blocked_on import fetched
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.variables.graph_variables import GraphVariables
from tfsess_magics.tf.variables.values import Values

v1 = tf.compat.v1


@pytest.mark.parametrize("blocked", ["waits:0", "loops:0"])
def test_an_interrupt_stops_a_run_and_every_variable_keeps_its_value(
    train: NamedSession, blocked: str, person: Person
) -> None:
    before, operations = train.run(READS), len(train.graph.get_operations())
    session = train.session
    train.graph.finalize()
    thread = when_running(train, interrupt if blocked == "waits:0" else person.interrupt_twice)
    with pytest.raises(KeyboardInterrupt, match=r"stopped a run in 'train' after .* Kept: 6 variables") as stopped:
        train.run(blocked)
    thread.join()
    assert not isinstance(stopped.value, SessionStopped)
    assert ("on dequeue from 'queue'" in str(stopped.value)) is (blocked == "waits:0")
    assert "Not kept: queues" in str(stopped.value)
    assert same(before, train.run(READS))
    assert train.session is session
    assert len(train.graph.get_operations()) == operations
    with pytest.raises(tf.errors.FailedPreconditionError):
        train.run("unset/Read/ReadVariableOp:0")
    train.run("double")
    assert train.run(READS[0]).sum() == 2 * before[0].sum()


@pytest.mark.parametrize("feeds", [0, 5])
def test_a_callable_of_the_runtime_says_what_it_waited_for(train: NamedSession, feeds: int) -> None:
    """Its calls are given values only, however many: what they are for is known since it was made."""
    with train:
        fed = [v1.placeholder(tf.float32, [], name=f"fed{index}") for index in range(feeds)]
        with tf.control_dependencies(fed):
            tf.identity(train.graph.get_tensor_by_name("waits:0"), name="waits_fed")
    options = config_pb2.CallableOptions(fetch=["waits_fed:0"], feed=[tensor.name for tensor in fed])
    made = train.session._make_callable_from_options(options)
    said: list[str] = []

    def act() -> None:
        (run,) = train.watched.meter.table.in_flight.values()
        said.append(fetched(run.step))
        interrupt()

    thread = when_running(train, act)
    with pytest.raises(KeyboardInterrupt, match="on dequeue from 'queue', which is empty, and nothing enqueues"):
        made(*[np.float32(1.0)] * feeds)
    thread.join()
    assert said == ["A run of 'waits_fed'"]


def test_queue_runner_threads_that_are_cut_tell_their_coordinator(
    open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with any error of theirs in plain TensorFlow: it asks all threads to stop, and its join raises."""
    ended: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", ended.append)
    runs = open_session("runs")
    with runs:
        queue = v1.FIFOQueue(1, tf.float32, shapes=[[]])
        fills = [queue.enqueue([1.0]), queue.enqueue([1.0])]
        v1.train.add_queue_runner(v1.train.QueueRunner(queue, fills))
        coordinator = v1.train.Coordinator()
        meter = runs.watched.meter
        before = meter.runs
        threads = v1.train.start_queue_runners(runs.session, coordinator)
        while meter.runs == before or len(meter.table.in_flight) < len(fills):  # one run fills the queue
            time.sleep(0.001)
        gone = (
            "Not kept: queues ('fifo_queue'), 2 queue-runner threads (their coordinator stops, and closes the queues)."
        )
        assert tfsess_magics.stop("runs", now=True).message.endswith(gone)
        with pytest.raises(tfsess_magics.QueueRunnerStoppedError, match="stopped a run in 'runs' after") as told:
            coordinator.join(threads)
        assert not isinstance(told.value, (tf.errors.OutOfRangeError, *monitored_session._PREEMPTION_ERRORS))
        assert coordinator.should_stop()
        assert not any(thread.is_alive() for thread in threads)
        assert not ended


def test_an_order_leaves_queue_runner_threads_alone(open_session: Open) -> None:
    """Nothing else runs: the next run of any other thread is stopped, and theirs go on."""
    runs = open_session("runs")
    with runs:
        queue = v1.FIFOQueue(1, tf.float32, shapes=[[]])
        v1.train.add_queue_runner(v1.train.QueueRunner(queue, [queue.enqueue([1.0])]))
        dequeue = queue.dequeue()
        coordinator = v1.train.Coordinator()
        threads = v1.train.start_queue_runners(runs.session, coordinator)
        wait_for_runs(runs)
        assert "has no run under way; the order stops its next one" in str(tfsess_magics.stop("runs"))
        with pytest.raises(SessionStopped, match="before this run began; nothing was lost"):
            runs.run(dequeue)
        assert [runs.run(dequeue) for _ in range(20)] == [1.0] * 20
        coordinator.request_stop()
        coordinator.join(threads)


def test_what_cannot_be_read_is_said_before_anything_is_lost(
    train: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = train.run(READS)

    def fail(*_: object) -> None:
        raise tf.errors.UnavailableError(None, None, "the worker is gone")

    errors: list[BaseException] = []

    def act() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(GraphVariables, "kept_by", fail)
            try:
                tfsess_magics.stop("train", now=True)
            except tfsess_magics.ValuesLostError as error:
                errors.append(error)
        assert train.watched.meter.table.running_since is not None
        interrupt()

    thread = when_running(train, act)
    with pytest.raises(KeyboardInterrupt, match="stopped a run"):
        train.run("waits:0")
    thread.join()
    assert str(errors[0]).startswith(
        "'train' was not stopped: its variables cannot be read (UnavailableError: the worker is gone), and would"
    )
    assert same(before, train.run(READS))


def test_a_run_whose_stop_was_refused_ends_as_it_would_have(
    train: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise tf.errors.UnavailableError(None, None, "the worker is gone")

    monkeypatch.setattr(GraphVariables, "kept_by", fail)

    def act() -> None:
        with pytest.raises(tfsess_magics.ValuesLostError):
            tfsess_magics.stop("train", now=True)
        train.run("fill")

    thread = when_running(train, act)
    assert train.run("waits:0") == 1.0
    thread.join()
    assert train.watched.meter.table.running_since is None


def test_values_that_cannot_be_given_back_are_said_to_be_lost(
    train: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(Values, "give", fail)
    thread = when_running(train, interrupt)
    with pytest.raises(KeyboardInterrupt, match="could not be begun anew, and its values are lost: no room"):
        train.run("waits:0")
    thread.join()


def test_values_can_be_given_up(open_session: Open) -> None:
    """As the session was opened, or as it is ordered."""
    train = open_session("train", on_stop="drop")
    with train:
        v1.get_variable("v", initializer=2.0).initializer.run()
        tf.identity(v1.FIFOQueue(1, tf.float32).dequeue(), name="waits")
    thread = when_running(train, interrupt)
    with pytest.raises(KeyboardInterrupt, match=r"Kept: no variables .* Not kept: the values of variables \(--on-stop"):
        train.run("waits:0")
    thread.join()
    with pytest.raises(tf.errors.FailedPreconditionError):
        train.run("v/Read/ReadVariableOp:0")
    train.run("v/Assign")
    thread = when_running(train, lambda: tfsess_magics.stop("train", on_stop="keep", now=True))
    with pytest.raises(SessionStopped, match="Kept: 1 variable"):
        train.run("waits:0")
    thread.join()
    assert train.run("v/Read/ReadVariableOp:0") == 2.0
    with pytest.raises(tfsess_magics.InvalidOptionError, match=r"--on-stop takes keep .* or drop; got 'all'"):
        tfsess_magics.stop("train", on_stop="all")  # type: ignore[arg-type]


@pytest.mark.parametrize("use_resource", [True, False])
def test_a_stop_while_variables_are_being_initialised(open_session: Open, use_resource: bool) -> None:
    """Those that have their value keep it, and the one that waits has none."""
    train = open_session("train")
    with train:
        done = v1.get_variable("done", initializer=2.0, use_resource=use_resource)
        waits = v1.FIFOQueue(1, tf.float32, shapes=[[]]).dequeue()
        v1.get_variable("waiting", initializer=waits, use_resource=use_resource, validate_shape=False)
        done.initializer.run()
        init = v1.global_variables_initializer()
    thread = when_running(train, interrupt)
    with pytest.raises(KeyboardInterrupt, match="Kept: 1 variable"):
        train.run(init)
    thread.join()
    assert train.run(done) == 2.0
    with train, pytest.raises(tf.errors.FailedPreconditionError):
        train.run(
            train.graph.get_tensor_by_name("waiting/read:0" if not use_resource else "waiting/Read/ReadVariableOp:0")
        )
