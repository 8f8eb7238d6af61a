"""A stop ends what runs in a session, and its variables keep their values."""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

import tfsess_magics
from tests.tf.conftest import Open
from tfsess_magics import SessionStopped
from tfsess_magics.tf import stop, stopper
from tfsess_magics.tf.session import NamedSession
from tfsess_magics.tf.variables import GraphVariables, Values

v1 = tf.compat.v1


@pytest.fixture
def train(open_session: Open) -> NamedSession:
    """A session with variables of every kind, and what waits for ever."""
    train = open_session("train")
    with train:
        v1.get_variable("resource", initializer=np.arange(6, dtype=np.float32).reshape(2, 3))
        v1.get_variable("reference", [4], initializer=v1.random_normal_initializer(seed=1), use_resource=False)
        v1.get_variable("local", initializer=7, collections=[v1.GraphKeys.LOCAL_VARIABLES], use_resource=True)
        v1.get_variable("nowhere", initializer="text", collections=[])
        v1.get_variable("partitioned", [8, 2], partitioner=tf.compat.v1.fixed_size_partitioner(2))
        v1.get_variable("unset", [3])
        inits = [op for op in train.graph.get_operations() if op.type in ("Assign", "AssignVariableOp")]
        train.run([op for op in inits if not op.name.startswith("unset")])
        v1.placeholder(tf.float32, name="fed")
        resource = train.graph.get_tensor_by_name("resource/Read/ReadVariableOp:0")
        handle = train.graph.get_tensor_by_name("resource:0")
        tf.raw_ops.AssignVariableOp(resource=handle, value=resource * 2.0, name="double")
        queue = v1.FIFOQueue(1, tf.float32, shapes=[[]], name="queue")
        tf.identity(queue.dequeue(), name="waits")
        queue.enqueue([1.0], name="fill")
        tf.identity(tf.while_loop(lambda i: i >= 0, lambda i: i * 1, [tf.constant(1)])[0], name="loops")
        train.run("double")
    return train


READS = [
    "resource/Read/ReadVariableOp:0",
    "reference/read:0",
    "local/Read/ReadVariableOp:0",
    "nowhere/Read/ReadVariableOp:0",
    "partitioned/part_0/Read/ReadVariableOp:0",
    "partitioned/part_1/Read/ReadVariableOp:0",
]


def when_running(session: Any, act: Callable[[], object], runs: int = 1) -> threading.Thread:
    """Do something, in another thread, once so many runs are under way."""

    def wait() -> None:
        while len(session.watched.meter.in_flight) < runs:
            time.sleep(0.001)
        time.sleep(0.02)  # from there to the inside of TensorFlow there is nothing to be seen
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def same(before: list[Any], after: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("blocked", ["waits:0", "loops:0"])
def test_an_interrupt_stops_a_run_and_every_variable_keeps_its_value(train: NamedSession, blocked: str) -> None:
    before, operations = train.run(READS), len(train.graph.get_operations())
    session = train.session
    train.graph.finalize()
    thread = when_running(train, interrupt)
    with pytest.raises(KeyboardInterrupt, match=r"stopped a run in 'train' after .* Kept: 6 variables") as stopped:
        train.run(blocked)
    thread.join()
    assert not isinstance(stopped.value, SessionStopped)
    assert ("dequeue from 'queue'" if blocked == "waits:0" else "a loop") in str(stopped.value)
    assert "Not kept: queues" in str(stopped.value)
    assert same(before, train.run(READS))
    assert train.session is session
    assert len(train.graph.get_operations()) == operations
    with pytest.raises(tf.errors.FailedPreconditionError):
        train.run("unset/Read/ReadVariableOp:0")
    train.run("double")
    assert train.run(READS[0]).sum() == 2 * before[0].sum()


def test_a_stop_by_order_is_an_error_that_except_exception_lets_pass(train: NamedSession) -> None:
    said: list[str] = []
    thread = when_running(train, lambda: said.append(tfsess_magics.stop("train")))

    def step() -> None:
        with contextlib.suppress(Exception):  # what a training loop does
            train.run("waits:0")

    with pytest.raises(SessionStopped, match=r"^tfsess_magics.stop stopped a run in 'train' after"):
        step()
    thread.join()
    assert said[0].startswith("stopped 'train': 1 run. Kept: 6 variables")


def test_a_stop_between_two_runs_stops_the_next_one(train: NamedSession) -> None:
    before = train.run(READS)
    with train:
        assert "its next one will be stopped before it begins" in tfsess_magics.stop("train")
        with pytest.raises(SessionStopped, match="before this run began; nothing was lost"):
            train.run("double")
    assert same(before, train.run(READS))


def test_a_stop_for_a_run_that_does_not_come_is_forgotten_with_the_cell(train: NamedSession) -> None:
    with train:
        tfsess_magics.stop("train")
    train.run("double")


def test_a_stop_for_code_that_may_be_between_two_runs_is_forgotten_soon(
    train: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "its next one, within 5 s, will be stopped" in tfsess_magics.stop("train")
    with pytest.raises(SessionStopped):
        train.run("double")
    monkeypatch.setattr(stopper, "_SOON", -1.0)
    tfsess_magics.stop("train")
    train.run("double")


def test_a_finished_training_loop_of_another_thread_is_stopped(train: NamedSession) -> None:
    errors: list[BaseException] = []

    def loop() -> None:
        try:
            while True:
                train.run(READS)
        except BaseException as error:  # noqa: BLE001 - to be looked at
            errors.append(error)

    thread = threading.Thread(target=loop)
    thread.start()
    while not train.watched.meter.runs:
        time.sleep(0.001)
    tfsess_magics.stop("train")
    thread.join()
    assert isinstance(errors[0], SessionStopped)


def test_several_runs_are_stopped_together_and_each_is_told_why(train: NamedSession) -> None:
    before = train.run(READS)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            train.run("waits:0")
        except BaseException as error:  # noqa: BLE001 - to be looked at
            errors.append(error)

    others = [threading.Thread(target=run) for _ in range(3)]
    for other in others:
        other.start()
    thread = when_running(train, interrupt, runs=4)
    with pytest.raises(KeyboardInterrupt, match="stopped a run in 'train'"):
        train.run("loops:0")
    for other in [*others, thread]:
        other.join()
    assert len(errors) == 3
    assert all(isinstance(error, SessionStopped) for error in errors)
    assert all("an interrupt of another run in it stopped" in str(error) for error in errors)
    assert same(before, train.run(READS))


def test_an_interrupt_concerns_the_main_thread_only(train: NamedSession) -> None:
    other = threading.Thread(target=lambda: train.run("waits:0"))
    other.start()
    thread = when_running(train, interrupt)
    with pytest.raises(KeyboardInterrupt) as interrupted:
        threading.Event().wait(20)
    thread.join()
    assert not str(interrupted.value)
    assert other.is_alive()
    train.run("fill")
    other.join()


def test_a_second_interrupt_changes_nothing(train: NamedSession) -> None:
    before = train.run(READS)

    def twice() -> None:
        interrupt()
        interrupt()

    thread = when_running(train, twice)
    with pytest.raises(KeyboardInterrupt):
        train.run("waits:0")
    thread.join()
    assert same(before, train.run(READS))


def test_stops_in_a_row_leak_no_thread(train: NamedSession) -> None:
    before = train.run(READS)
    threads = threading.active_count()
    for blocked in ["waits:0", "loops:0"] * 10:
        thread = when_running(train, interrupt)
        with pytest.raises(KeyboardInterrupt):
            train.run(blocked)
        thread.join()
    assert same(before, train.run(READS))
    assert threading.active_count() <= threads + 1


def test_a_session_of_other_code_is_stopped_too(open_session: Open) -> None:
    open_session("any")  # sessions are observed from here on
    with tf.Graph().as_default(), v1.Session() as session:
        v = v1.get_variable("v", initializer=3.0)
        session.run(v.initializer)
        waits = v1.FIFOQueue(1, tf.float32).dequeue()
        (info,) = [info for info in tfsess_magics.sessions() if info.name.startswith("#")]
        observed = tfsess_magics.api.registry.get_any(info.name)
        thread = when_running(observed, interrupt)
        with pytest.raises(KeyboardInterrupt, match=f"stopped a run in session {info.name}"):
            session.run(waits)
        thread.join()
        assert session.run(v) == 3.0


def test_callables_do_not_outlive_a_stop_and_say_so(train: NamedSession) -> None:
    by_name = train.session._make_callable_from_options(config_pb2.CallableOptions(fetch=[READS[0]]))
    plain = train.make_callable(READS[0])
    thread = when_running(train, interrupt)
    with pytest.raises(KeyboardInterrupt):
        train.run("waits:0")
    thread.join()
    with pytest.raises(RuntimeError, match="make it anew"):
        by_name()
    del by_name
    assert plain().shape == (2, 3)


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
                tfsess_magics.stop("train")
            except tfsess_magics.ValuesLostError as error:
                errors.append(error)
        assert train.watched.meter.running_since is not None
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
            tfsess_magics.stop("train")
        train.run("fill")

    thread = when_running(train, act)
    assert train.run("waits:0") == 1.0
    thread.join()
    assert train.watched.meter.running_since is None


@pytest.fixture
def own_handler() -> Iterator[list[int]]:
    """A signal handler of the user's, that raises nothing."""
    got: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: got.append(number))
    yield got
    signal.signal(signal.SIGINT, before)


def test_a_signal_handler_of_the_users_has_the_interrupt(train: NamedSession, own_handler: list[int]) -> None:
    def act() -> None:
        interrupt()
        train.run("fill")

    thread = when_running(train, act)
    assert train.run("waits:0") == 1.0
    thread.join()
    assert own_handler == [signal.SIGINT]


def test_a_wakeup_descriptor_of_the_users_goes_on_being_told(train: NamedSession) -> None:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    before = signal.set_wakeup_fd(theirs.fileno())
    try:
        thread = when_running(train, interrupt)
        with pytest.raises(KeyboardInterrupt):
            train.run("waits:0")
        thread.join()
        assert ours.recv(1)[0] == signal.SIGINT
    finally:
        assert signal.set_wakeup_fd(before) == theirs.fileno()
        ours.close()
        theirs.close()


def test_a_session_that_is_closed_as_the_interrupt_leaves_is_said_to_be(open_session: Open) -> None:
    open_session("any")
    with tf.Graph().as_default():
        waits = v1.FIFOQueue(1, tf.float32).dequeue()
        session = v1.Session()
        (info,) = [info for info in tfsess_magics.sessions() if info.name.startswith("#")]
        thread = when_running(tfsess_magics.api.registry.get_any(info.name), interrupt)
        with pytest.raises(KeyboardInterrupt, match="A with block is around the run: it closes the session"), session:
            session.run(waits)
        thread.join()
        assert session._closed


def test_an_eager_scope_has_nothing_to_stop() -> None:
    tfsess_magics.session("e", eager=True)
    with pytest.raises(tfsess_magics.NoRunsError, match="it is eager"):
        tfsess_magics.stop("e")
    tfsess_magics.close("e")
    tfsess_magics.api._connect().unobserve()


def test_of_two_orders_at_once_one_stops_and_the_other_is_told(
    train: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = train.run(READS)
    read, is_reading, may_go_on = GraphVariables.kept_by, threading.Event(), threading.Event()

    def kept_by(*args: Any) -> Any:
        is_reading.set()
        assert may_go_on.wait(20)
        return read(*args)

    monkeypatch.setattr(GraphVariables, "kept_by", kept_by)
    said: list[str] = []
    first = threading.Thread(target=lambda: said.append(tfsess_magics.stop("train")))

    def act() -> None:
        first.start()
        assert is_reading.wait(20)
        said.append(tfsess_magics.stop("train"))
        may_go_on.set()

    thread = when_running(train, act)
    with pytest.raises(SessionStopped):
        train.run("waits:0")
    thread.join()
    first.join()
    assert said[0] == "'train' is being stopped already, by tfsess_magics.stop"
    assert said[1].startswith("stopped 'train': 1 run.")
    assert same(before, train.run(READS))


def test_a_stop_that_takes_long_says_what_it_is_at(train: NamedSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop, "_PATIENCE", 0.01)
    said: list[str] = []
    read, give, go = GraphVariables.kept_by, Values.give, threading.Event()

    def kept_by(*args: Any) -> Any:
        assert go.wait(20)
        return read(*args)

    def slowly(*args: Any) -> None:
        stopping = train.watched.meter.stop
        said.append(stopping.why_not_yet(train.watched.meter))
        give(*args)

    monkeypatch.setattr(GraphVariables, "kept_by", kept_by)
    monkeypatch.setattr(Values, "give", slowly)

    def act() -> None:
        said.append(tfsess_magics.stop("train"))
        go.set()

    thread = when_running(train, act)
    with pytest.raises(SessionStopped):
        train.run("waits:0")
    thread.join()
    assert said == [
        "'train': stopping: the values of its variables are being read",
        "stopping: its variables are being given their values back",
    ]


def test_values_that_cannot_be_given_back_are_said_to_be_lost(
    train: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
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
    thread = when_running(train, lambda: tfsess_magics.stop("train", on_stop="keep"))
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
