"""Interrupts that come while a run is under way."""

import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.every_kind import READS, same
from tests.tf.running import Running, interrupt, wait_for_stops, when_running
from tfsess_magics import SessionStopped
from tfsess_magics.tf.session import NamedSession
from tfsess_magics.tf.variables import GraphVariables

v1 = tf.compat.v1


def test_several_runs_are_stopped_together_and_each_is_told_why(train: NamedSession) -> None:
    before = train.run(READS)
    others = [Running(train, "waits:0") for _ in range(3)]
    thread = when_running(train, interrupt, runs=4)
    with pytest.raises(KeyboardInterrupt, match="stopped a run in 'train'"):
        train.run("loops:0")
    for other in [*others, thread]:
        other.join()
    for other in others:
        assert isinstance(other.error, SessionStopped)
        assert "an interrupt of another run in it stopped" in str(other.error)
    assert same(before, train.run(READS))


def test_an_interrupt_concerns_the_main_thread_only(train: NamedSession) -> None:
    other = threading.Thread(target=lambda: train.run("waits:0"))
    other.start()
    is_waiting = threading.Event()

    def wait() -> None:
        is_waiting.set()
        threading.Event().wait(20)

    def act() -> None:
        is_waiting.wait()
        interrupt()

    thread = when_running(train, act)
    with pytest.raises(KeyboardInterrupt) as interrupted:
        wait()
    thread.join()
    assert not str(interrupted.value)
    assert other.is_alive()
    train.run("fill")
    other.join()


def test_a_second_interrupt_changes_nothing(train: NamedSession, monkeypatch: pytest.MonkeyPatch) -> None:
    before, read, are_sent = train.run(READS), GraphVariables.kept_by, threading.Event()

    def kept_by(*args: Any) -> Any:
        assert are_sent.wait(20)
        return read(*args)

    monkeypatch.setattr(GraphVariables, "kept_by", kept_by)

    def twice() -> None:
        interrupt()
        interrupt()
        are_sent.set()

    thread = when_running(train, twice)
    with pytest.raises(KeyboardInterrupt):
        train.run("waits:0")
    thread.join()
    assert same(before, train.run(READS))


def test_stops_in_a_row_leak_no_thread(train: NamedSession) -> None:
    before = train.run(READS)
    wait_for_stops()
    threads = threading.active_count()
    for blocked in ["waits:0", "loops:0"] * 10:
        thread = when_running(train, interrupt)
        with pytest.raises(KeyboardInterrupt):
            train.run(blocked)
        thread.join()
    assert same(before, train.run(READS))
    wait_for_stops()
    assert threading.active_count() == threads


def test_a_session_of_other_code_is_stopped_too(open_session: Open) -> None:
    open_session("any")  # sessions are observed from here on
    with tf.Graph().as_default(), v1.Session() as session:
        v = v1.get_variable("v", initializer=3.0)
        session.run(v.initializer)
        waits = v1.FIFOQueue(1, tf.float32).dequeue()
        (info,) = [info for info in tfsess_magics.sessions() if info.name.startswith("#")]
        observed = tfsess_magics.process.registry.get_any(info.name)
        thread = when_running(observed, interrupt)
        with pytest.raises(KeyboardInterrupt, match=f"stopped a run in session {info.name}"):
            session.run(waits)
        thread.join()
        assert session.run(v) == 3.0


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
        thread = when_running(tfsess_magics.process.registry.get_any(info.name), interrupt)
        with pytest.raises(KeyboardInterrupt, match="A with block is around the run: it closes the session"), session:
            session.run(waits)
        thread.join()
        assert session._closed
