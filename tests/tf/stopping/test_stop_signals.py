"""Interrupts that come while a run is under way."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.every_kind import READS, same
from tests.tf.running import Person, Running, interrupt, wait_for_stops, when_running
from tfsess_magics import SessionStopped
from tfsess_magics.tf.instrument.hooks import hooks
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.variables.graph_variables import GraphVariables

v1 = tf.compat.v1


def test_several_runs_are_stopped_together_and_each_is_told_why(train: NamedSession, person: Person) -> None:
    """TensorFlow ends all runs of a session at once, which is said before."""
    before = train.run(READS)
    others = [Running(train, "waits:0") for _ in range(3)]
    thread = when_running(train, person.interrupt_twice, runs=4)
    with pytest.raises(KeyboardInterrupt, match="stopped a run in 'train'") as stopped:
        train.run("loops:0")
    for other in [*others, thread]:
        other.join()
    (told,) = person.told
    for other in others:
        assert f"a run of 'waits' in thread {other.name!r}" in told
        assert (
            f"a run of 'waits' in thread {other.name!r}"
            in str(stopped.value).partition("at once, so the stop ended ")[2]
        )
        assert isinstance(other.error, SessionStopped)
        assert "an interrupt ended another run in 'train', and this one with it after" in str(other.error)
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
    for _ in range(20):
        thread = when_running(train, interrupt)
        with pytest.raises(KeyboardInterrupt):
            train.run("waits:0")
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


def watching() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "tfsess_magics wakeup"]


def unload() -> None:
    tfsess_magics.process.connect().unobserve()


def load_again() -> None:
    unload()
    tfsess_magics.process.connect().observe()


@pytest.mark.parametrize("meanwhile", [unload, load_again])
def test_a_file_that_is_opened_after_an_unload_during_a_run_hears_of_no_signal(
    train: NamedSession, tmp_path: Path, meanwhile: Callable[[], None]
) -> None:
    """The wakeup descriptor keeps its number for as long as the main thread has it in force."""
    unload()  # no descriptor of ours is there before
    fds = sorted(Path("/proc/self/fd").iterdir())
    tfsess_magics.process.connect().observe()
    ours, theirs = socket.socketpair()
    ours.settimeout(20)
    theirs.setblocking(False)
    before = signal.set_wakeup_fd(theirs.fileno())
    paths = [tmp_path / str(number) for number in range(8)]

    def act() -> None:
        meanwhile()
        files = [path.open("wb", buffering=0) for path in paths]  # each takes the lowest number that is free
        signal.raise_signal(signal.SIGUSR1)
        interrupt()
        train.session.run("fill")
        for file in files:
            file.close()

    user = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        thread = when_running(train, act)
        with pytest.raises(KeyboardInterrupt):
            train.run("waits:0")
        thread.join()
        assert [path.read_bytes() for path in paths] == [b""] * len(paths)
        assert [ours.recv(1)[0], ours.recv(1)[0]] == [signal.SIGUSR1, signal.SIGINT]
    finally:
        signal.signal(signal.SIGUSR1, user)
        assert signal.set_wakeup_fd(before) == theirs.fileno()
        ours.close()
        theirs.close()
    unload()
    assert not watching()
    assert sorted(Path("/proc/self/fd").iterdir()) == fds


def test_a_wakeup_descriptor_hears_of_a_signal_that_comes_as_a_run_ends(train: NamedSession) -> None:
    """Our thread reads of it when the descriptor is in force again."""
    ours, theirs = socket.socketpair()
    ours.settimeout(20)
    theirs.setblocking(False)
    user = signal.signal(signal.SIGUSR1, lambda *_: None)
    before, interval = signal.set_wakeup_fd(theirs.fileno()), sys.getswitchinterval()
    stopper = hooks.stopper
    try:
        depth = len(stopper.armed)
        stopper.arm(train.watched.meter)
        sys.setswitchinterval(60)  # no other thread has its turn
        os.kill(os.getpid(), signal.SIGUSR1)
        stopper.disarm(depth)
        sys.setswitchinterval(interval)
        assert ours.recv(1)[0] == signal.SIGUSR1
    finally:
        sys.setswitchinterval(interval)
        signal.signal(signal.SIGUSR1, user)
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
        with pytest.raises(KeyboardInterrupt, match="The run is in a with block that closes the session"), session:
            session.run(waits)
        thread.join()
        assert session._closed
