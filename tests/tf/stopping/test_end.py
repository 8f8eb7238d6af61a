"""Close and Reset end the runs that are under way, which say who did it."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.running import Running, is_done_or_cuts, when_running, when_waiting
from tfsess_magics import SessionInUseError, SessionStopped, State
from tfsess_magics.core.settings import settings
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.stopping.stop import Stop

v1 = tf.compat.v1


@pytest.fixture
def train(open_session: Open) -> NamedSession:
    """A session with a variable, and what waits for ever."""
    train = open_session("train")
    with train:
        v1.get_variable("v", initializer=2.0).initializer.run()
        queue = v1.FIFOQueue(1, tf.float32, shapes=[[]], name="queue")
        tf.identity(queue.dequeue(), name="waits")
    return train


@pytest.fixture
def never_ends(open_session: Open) -> Iterator[tuple[NamedSession, threading.Event, threading.Event]]:
    """A session with an operation that cannot be cut, what tells that it is at it, and what lets it go."""
    held, is_held, go = open_session("held"), threading.Event(), threading.Event()

    def hold() -> float:
        is_held.set()
        return float(go.wait())

    with held:
        tf.identity(v1.py_func(hold, [], tf.double), name="holds")
    yield held, is_held, go
    go.set()


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (tfsess_magics.close, r"^'train' was closed during this run, by tfsess_magics.close, after .* on dequeue from"),
        (tfsess_magics.reset, r"^'train' was reset during this run, by tfsess_magics.reset, after .* on dequeue from"),
    ],
)
def test_a_run_ends_and_says_who_ended_it(train: NamedSession, order: Callable[[str], Any], said: str) -> None:
    session = train.session
    thread = when_waiting(train, lambda: order("train"))
    with pytest.raises(SessionStopped, match=said) as stopped:
        train.run("waits:0")
    thread.join()
    assert str(stopped.value).endswith("Its variables are gone.")
    with pytest.raises(RuntimeError, match="closed Session"):
        session.run("v/Read/ReadVariableOp:0")
    if order is tfsess_magics.close:
        assert tfsess_magics.sessions() == ()
    else:
        (info,) = tfsess_magics.sessions()
        assert (info.state, info.generation, info.operations, info.runs) == (State.IDLE, 2, 0, 0)
        with train:
            assert tf.constant(1).eval() == 1


def test_the_with_block_whose_run_was_ended_is_left_as_any(train: NamedSession) -> None:
    thread = when_running(train, lambda: tfsess_magics.reset("train"))
    with pytest.raises(SessionStopped), train:
        train.run("waits:0")
    thread.join()
    assert tf.executing_eagerly()
    assert v1.get_default_session() is None
    with train:
        assert v1.get_default_graph() is train.graph
        assert len(train.graph.get_operations()) == 0


def test_a_block_between_two_runs_is_not_ended(train: NamedSession) -> None:
    with train, pytest.raises(SessionInUseError, match="a with block is running in it"):
        tfsess_magics.close("train")
    assert train.run("v/Read/ReadVariableOp:0") == 2.0


def test_several_runs_end_at_once(train: NamedSession) -> None:
    runs = [Running(train, "waits:0") for _ in range(3)]
    when_running(train, lambda: tfsess_magics.close("train"), runs=3).join()
    for run in runs:
        run.join()
    assert all(isinstance(run.error, SessionStopped) for run in runs)


def test_a_session_of_other_code_is_closed_while_it_runs(open_session: Open) -> None:
    tfsess_magics.process.connect().observe()
    with tf.Graph().as_default(), v1.Session() as session:
        waits = v1.FIFOQueue(1, tf.float32).dequeue()
        observed = tfsess_magics.process.connect().find(session)
        thread = when_running(observed, lambda: tfsess_magics.close(observed.name))
        with pytest.raises(SessionStopped, match=rf"^session {observed.name} was closed during this run"):
            session.run(waits)
        thread.join()
    assert tfsess_magics.sessions() == ()


def test_of_two_orders_one_wins_and_the_other_gets_a_clear_answer(train: NamedSession) -> None:
    answers: list[object] = []

    def close() -> None:
        try:
            answers.append(len(tfsess_magics.close("train")))
        except tfsess_magics.UnknownSessionError as error:
            answers.append(str(error))

    def both() -> None:
        threads = [threading.Thread(target=close) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    thread = when_running(train, both)
    with pytest.raises(SessionStopped):
        train.run("waits:0")
    thread.join()
    assert sorted(answers, key=str) == [1, "no session is named 'train'. No session is open."]


def test_what_cannot_be_cut_is_said(
    never_ends: tuple[NamedSession, threading.Event, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is free at once; the run ends when its operation does."""
    monkeypatch.setattr(settings, "cut_patience", 0.5)
    held, is_held, go = never_ends
    run = Running(held, "holds:0")
    assert is_held.wait(20)
    (closed,) = tfsess_magics.close("held")
    assert closed.unfinished == 1
    assert tfsess_magics.sessions() == ()
    assert tfsess_magics.session("held") is not held
    assert run.error is None
    go.set()
    run.join()
    assert "was closed during this run" in str(run.error)


def test_a_session_that_is_being_stopped_is_not_ended(
    never_ends: tuple[NamedSession, threading.Event, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tfsess_magics.tf.stopping.stopper.is_done_soon", is_done_or_cuts)
    held, is_held, go = never_ends
    said: list[str] = []

    def stop_and_close() -> None:
        assert is_held.wait(20)
        said.append(str(tfsess_magics.stop("held", now=True)))
        try:
            tfsess_magics.close("held")
        except SessionInUseError as error:
            said.append(str(error))
        go.set()

    thread = when_running(held, stop_and_close)
    with pytest.raises(SessionStopped):
        held.run("holds:0")
    thread.join()
    assert "cannot be stopped: PyFunc" in said[0]
    assert said[1].startswith("cannot close 'held': tfsess_magics.stop is stopping it.")


def test_a_run_that_begins_after_the_order_took_no_time() -> None:
    """Its stop claims it all the same, where the run began before the stop saw which runs there are."""
    assert Stop("train", None).after(time.perf_counter() + 1.0) == "after 0 ms"
