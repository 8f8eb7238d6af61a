"""Stops that meet something else in the same moment."""

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

import tfsess_magics
from tests.in_runtime import wait_for_runs
from tests.tf.conftest import Open
from tests.tf.running import Running, interrupt, when_running
from tests.tf.stopping.conftest import stopped
from tfsess_magics import SessionStopped
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.settings import settings
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.stopping import gate, renewal, stop_order, stopper, wakeup
from tfsess_magics.tf.stopping.stop import Stop, wait
from tfsess_magics.tf.variables.graph_variables import GraphVariables

v1 = tf.compat.v1


@pytest.fixture
def at_stop(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Have something done in the middle of every stop, when the C session is about to be replaced."""

    def at(act: Callable[[], object]) -> None:
        begin_anew = renewal.begin_anew

        def act_first(*args: Any) -> None:
            act()
            begin_anew(*args)

        monkeypatch.setattr(renewal, "begin_anew", act_first)

    return at


def test_an_interrupt_that_ended_a_loop_does_not_stop_the_run_that_saves(
    races: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_saving = threading.Event()
    monkeypatch.setattr(wakeup, "_interrupts", lambda: is_saving.wait(0.2) or True)  # the watcher is late

    with races:
        trains = tf.py_function(interrupt, [], [])

    def act() -> None:
        is_saving.set()
        time.sleep(0.1)  # that nothing happens can only be waited for
        races.run("fill")

    with pytest.raises(KeyboardInterrupt):
        races.run(trains)
    thread = when_running(races, act)
    assert races.run("waits:0") == 1.0
    thread.join()


def test_a_run_that_begins_while_a_stop_finds_nothing_to_do_goes_on(
    races: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = races.make_callable("read:0")

    def act() -> None:
        with contextlib.suppress(SessionStopped):  # the order may be for it
            call()

    run = threading.Thread(target=act)
    meter = races.watched.meter

    class InFlight(dict[int, Any]):
        def items(self) -> Any:
            found = list(super().items())
            if meter.stop is not None and run.ident is None:
                run.start()
                while not self:
                    time.sleep(0.001)
            return found

    monkeypatch.setattr(meter.table, "in_flight", InFlight())
    tfsess_magics.stop("races", now=True)
    run.join(20)
    assert not run.is_alive()
    meter.ordered = None


def test_a_close_during_a_stop_closes_the_session_and_is_told(
    races: NamedSession, at_stop: Callable[[Callable[[], object]], None]
) -> None:
    at_stop(races.session.close)
    assert "The session was closed meanwhile, and its values are gone." in stopped(races)
    with pytest.raises(RuntimeError, match="closed Session"):
        races.run("read:0")


def test_what_is_in_the_session_without_a_run_is_waited_for_and_waits(
    races: NamedSession, at_stop: Callable[[Callable[[], object]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    meter, done, threads = races.watched.meter, list[str](), list[threading.Thread]()
    waiting = threading.Semaphore(0)

    def wait_seen(stop: Stop) -> bool:
        waiting.release()
        return wait(stop)

    monkeypatch.setattr(gate, "wait", wait_seen)
    options = config_pb2.CallableOptions(fetch=["read:0"])
    uses: list[Callable[[], Any]] = [
        races.session.list_devices,
        races.session._extend_graph,
        functools.partial(races.session._make_callable_from_options, options),
        functools.partial(races.session.partial_run_setup, ["read:0"]),
    ]

    def begin() -> None:
        if not threads:
            threads.extend(threading.Thread(target=lambda use=use: done.append(str(use()))) for use in uses)
            for thread in threads:
                thread.start()
            assert all(waiting.acquire(timeout=20) for _ in uses)
            assert not done
            assert not meter.in_use

    at_stop(begin)
    assert "Kept: 1 variable" in stopped(races)
    for thread in threads:
        thread.join(20)
    assert len(done) == len(uses)


def test_a_callable_that_waited_for_a_stop_goes_on_after_it(
    races: NamedSession, at_stop: Callable[[Callable[[], object]], None]
) -> None:
    call = races.session._make_callable_from_options(config_pb2.CallableOptions(fetch=["read:0"]))
    values: list[Any] = []
    thread = threading.Thread(target=lambda: values.extend(call()))

    def begin() -> None:
        thread.start()
        while not races.watched.meter.table.in_flight:
            time.sleep(0.001)

    at_stop(begin)
    stopped(races)
    thread.join(20)
    assert np.array_equal(values, [np.ones(10)])


def test_a_finalizer_in_the_thread_of_a_stop_does_not_wait_for_it(
    races: NamedSession, at_stop: Callable[[Callable[[], object]], None]
) -> None:
    errors: list[BaseException] = []

    def finalize() -> None:
        for use in (lambda: races.run("read:0"), races.session.list_devices):
            try:
                use()
            except SessionStopped as error:
                errors.append(error)

    at_stop(finalize)
    assert "Kept: 1 variable" in stopped(races)
    assert len(errors) == 2


def test_a_run_inside_a_run_leaves_the_outer_one_to_be_interrupted(
    races: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "interrupt_patience", 0.0)
    with tfsess_magics.session("inner") as inner:
        one = tf.constant(1.0)
    is_over = threading.Event()

    def run_inside() -> None:
        inner.run(one)
        is_over.set()

    def act() -> None:
        assert is_over.wait(20)
        wait_for_runs(races)  # the Python of the run has to end as well
        interrupt()

    with races:
        inside = tf.py_function(run_inside, [], [])
        with tf.control_dependencies([inside]):
            waits = v1.FIFOQueue(1, tf.float32).dequeue()
    thread = when_running(races, act)
    in_this_thread = tf.compat.v1.RunOptions(inter_op_thread_pool=-1)
    with pytest.raises(KeyboardInterrupt, match="stopped a run in 'races'"):
        races.run(waits, options=in_this_thread)
    thread.join()


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The next stops are refused."""

    def fail(*_: object) -> None:
        raise tf.errors.UnavailableError(None, None, "the worker is gone")

    with monkeypatch.context() as patch:
        patch.setattr(GraphVariables, "kept_by", fail)
        yield


@pytest.mark.usefixtures("refused")
def test_a_run_whose_stop_was_refused_is_in_flight_as_before(races: NamedSession) -> None:
    meter = races.watched.meter

    def act() -> None:
        for _ in range(3):
            with pytest.raises(tfsess_magics.ValuesLostError):
                tfsess_magics.stop("races", now=True)
            assert (len(meter.table.in_flight), len(meter.table.claimed), meter.stop) == (1, 0, None)
        races.run("fill")

    thread = when_running(races, act)
    assert races.run("waits:0") == 1.0
    thread.join()


def test_two_sessions_that_are_stopped_at_the_same_time_do_not_meet(open_session: Open) -> None:
    def build(name: str) -> NamedSession:
        session = open_session(name)
        with session:
            v1.get_variable("v", initializer=2.0).initializer.run()
            tf.identity(v1.FIFOQueue(1, tf.float32).dequeue(), name="waits")
        return session

    sessions = [build("first"), build("second")]
    for _ in range(5):
        errors: list[str] = []

        def run(session: NamedSession, errors: list[str] = errors) -> None:
            try:
                session.run("waits:0")
            except SessionStopped as stopped:
                errors.append(str(stopped))

        runs = [threading.Thread(target=run, args=(session,)) for session in sessions]
        for thread in runs:
            thread.start()
        while not all(session.watched.meter.table.in_flight for session in sessions):
            time.sleep(0.001)
        said: list[str] = []

        def order(name: str, said: list[str] = said) -> None:
            said.append(str(tfsess_magics.stop(name, now=True)))

        stops = [threading.Thread(target=order, args=(session.name,)) for session in sessions]
        for thread in stops:
            thread.start()
        for thread in stops:
            thread.join()
        assert sorted(answer.partition(":")[0] for answer in said) == ["stopped 'first'", "stopped 'second'"]
        for thread in runs:
            thread.join()
        assert sorted(error.partition("a run in ")[2].split()[0] for error in errors) == ["'first'", "'second'"]
        assert [session.run("v/Read/ReadVariableOp:0") for session in sessions] == [2.0, 2.0]


def test_a_callable_that_begins_as_a_stop_ends_goes_on(races: NamedSession) -> None:
    call = races.session._make_callable_from_options(config_pb2.CallableOptions(fetch=["read:0"]))
    waits = Running(races, "waits:0")
    wait_for_runs(races)
    meter = races.watched.meter

    class InFlight(dict[int, Any]):
        def __setitem__(self, token: int, run: Any) -> None:
            if waits.is_alive():
                assert str(tfsess_magics.stop("races", now=True)).startswith("stopped 'races': 1 run.")
                waits.join()
            super().__setitem__(token, run)

    meter.table.in_flight = InFlight(meter.table.in_flight)
    assert np.array_equal(call(), [np.ones(10)])


def test_a_run_that_begins_before_a_stop_is_ordered_for_the_next_one_is_stopped(
    races: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has come too early to see the order, and too late for the stop that found nothing to do."""
    runs = list[Running]()

    class Late(stop_order.StopOrder):
        def begin(self, meter: RunMeter) -> None:
            runs.append(Running(races, "waits:0"))
            wait_for_runs(races)
            super().begin(meter)

    monkeypatch.setattr(stopper, "StopOrder", Late)
    monkeypatch.setattr(settings, "reply_after", 600.0)
    assert str(tfsess_magics.stop("races")).startswith("stopped 'races': 1 run.")
    runs[0].join(20)
    assert isinstance(runs[0].error, SessionStopped)
    assert races.run("read:0").sum() == 10  # which no order has stopped
