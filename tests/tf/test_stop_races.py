"""Stops that meet something else in the same moment."""

import contextlib
import functools
import signal
import sys
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
from tests.tf.interrupting import interrupted_at
from tests.tf.running import Running, interrupt, wait_for_runs, when_running
from tfsess_magics import SessionStopped
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf import gate, renewal, stopper, wakeup
from tfsess_magics.tf.hooks import hooks
from tfsess_magics.tf.session import NamedSession
from tfsess_magics.tf.stop import Stop, wait
from tfsess_magics.tf.variables import GraphVariables

v1 = tf.compat.v1


@pytest.fixture
def races(open_session: Open) -> NamedSession:
    """A session with a variable, and what waits for ever."""
    races = open_session("races")
    with races:
        variable = v1.get_variable("variable", initializer=np.zeros(10))
        variable.initializer.run()
        variable.assign_add(np.ones(10), read_value=False).run()
        tf.identity(variable, name="read")
        queue = v1.FIFOQueue(1, tf.float32, shapes=[[]])
        tf.identity(queue.dequeue(), name="waits")
        queue.enqueue([1.0], name="fill")
    races.run("read:0")
    return races


@pytest.fixture
def at_stop(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Have something done in the middle of every stop, when the C session is about to be replaced."""

    def at(act: Callable[[], object]) -> None:
        begin_anew = renewal.begin_anew

        def act_first(session: Any) -> None:
            act()
            begin_anew(session)

        monkeypatch.setattr(renewal, "begin_anew", act_first)

    return at


def stopped(session: NamedSession) -> str:
    thread = when_running(session, lambda: tfsess_magics.stop("races"))
    with pytest.raises(SessionStopped) as error:
        session.run("waits:0")
    thread.join()
    return str(error.value)


def wakeup_fd() -> int:
    fd = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(fd)
    return fd


def test_an_interrupt_that_ended_a_loop_does_not_stop_the_run_that_saves(
    races: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_saving = threading.Event()
    monkeypatch.setattr(wakeup, "_interrupts", lambda: is_saving.wait(0.2) or True)  # whoever watches is late

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


FILES = (
    "tf/steps.py",
    "tf/allocators.py",
    "tf/gate.py",
    "tf/stop.py",
    "tf/stopper.py",
    "tf/wakeup.py",
    "core/runs.py",
)


def under_way(meter: RunMeter) -> list[Any]:
    """Return what is noted of runs, stops and uses that are under way."""
    noted = [meter.in_flight, meter.claimed, meter.in_use, meter.stop, hooks.allocators.under_way]
    return [one for one in noted if one]


def test_an_interrupt_at_any_line_of_ours_leaves_nothing_behind(races: NamedSession) -> None:
    meter, before, line = races.watched.meter, wakeup_fd(), 1
    while interrupted_at(line, lambda: races.run("read:0"), FILES) >= line:
        assert wakeup_fd() == before
        assert under_way(meter) == []
        line += 1
    assert line > 20


def test_an_interrupt_at_any_line_of_a_run_that_is_stopped_leaves_nothing_behind(races: NamedSession) -> None:
    meter, before, line, begun = races.watched.meter, wakeup_fd(), 1, sys.maxsize
    while line <= begun:
        is_over = threading.Event()

        def act(is_over: threading.Event = is_over) -> None:
            while not (is_over.is_set() or meter.in_flight):
                time.sleep(0.001)
            tfsess_magics.stop("races")

        thread = threading.Thread(target=act)
        thread.start()
        begun = interrupted_at(line, lambda: races.run("waits:0"), FILES)
        is_over.set()
        thread.join()
        meter.ordered = None
        assert wakeup_fd() == before
        assert under_way(meter) == []
        line += 5
    assert np.array_equal(races.run("read:0"), np.ones(10))


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

    monkeypatch.setattr(meter, "in_flight", InFlight())
    tfsess_magics.stop("races")
    run.join(20)
    assert not run.is_alive()
    meter.ordered = None


def test_a_close_during_a_stop_closes_the_session_and_is_told(
    races: NamedSession, at_stop: Callable[[Callable[[], object]], None]
) -> None:
    at_stop(races.session.close)
    assert "The session was closed meanwhile, and its values went with it." in stopped(races)
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


def test_a_callable_that_waited_for_a_stop_says_that_it_went(
    races: NamedSession, at_stop: Callable[[Callable[[], object]], None]
) -> None:
    call = races.session._make_callable_from_options(config_pb2.CallableOptions(fetch=["read:0"]))
    errors: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except RuntimeError as error:
            errors.append(error)

    thread = threading.Thread(target=run)

    def begin() -> None:
        thread.start()
        while not races.watched.meter.in_flight:
            time.sleep(0.001)

    at_stop(begin)
    stopped(races)
    thread.join(20)
    assert "make it anew" in str(errors[0])


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


def test_a_run_inside_a_run_leaves_the_outer_one_to_be_interrupted(races: NamedSession) -> None:
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
                tfsess_magics.stop("races")
            assert (len(meter.in_flight), len(meter.claimed), meter.stop) == (1, 0, None)
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
        while not all(session.watched.meter.in_flight for session in sessions):
            time.sleep(0.001)
        said: list[str] = []

        def order(name: str, said: list[str] = said) -> None:
            said.append(tfsess_magics.stop(name))

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


def test_a_callable_that_begins_as_a_stop_ends_says_that_it_went(
    races: NamedSession,
) -> None:
    call = races.session._make_callable_from_options(config_pb2.CallableOptions(fetch=["read:0"]))
    waits = Running(races, "waits:0")
    wait_for_runs(races)
    meter = races.watched.meter

    class InFlight(dict[int, Any]):
        def __setitem__(self, token: int, run: Any) -> None:
            if waits.is_alive():
                assert tfsess_magics.stop("races").startswith("stopped 'races': 1 run.")
                waits.join()
            super().__setitem__(token, run)

    meter.in_flight = InFlight(meter.in_flight)
    with pytest.raises(RuntimeError, match="make it anew"):
        call()


def test_a_run_that_begins_before_a_stop_is_ordered_for_the_next_one_is_stopped(
    races: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has come too early to see the order, and too late for the stop that found nothing to do."""
    ordered, runs = stopper.Ordered, list[Running]()

    def order(by: str, until: float | None) -> stopper.Ordered:
        if not runs:
            runs.append(Running(races, "waits:0"))
            wait_for_runs(races)
        return ordered(by, until)

    monkeypatch.setattr(stopper, "Ordered", order)
    assert tfsess_magics.stop("races").startswith("stopped 'races': 1 run.")
    runs[0].join(20)
    assert isinstance(runs[0].error, SessionStopped)
    assert races.run("read:0").sum() == 10  # which no order has stopped
