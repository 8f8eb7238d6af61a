"""Timeouts that a signal handler raises, as ``signal.setitimer`` bounds code in notebooks."""

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tfsess_magics.core.run import Run, new_token
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf.instrument.hooks import hooks
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.stopping.stop import Stop

TIMES = 400


@pytest.fixture
def bounded(open_session: Open) -> NamedSession:
    """A session with a run of about a millisecond."""
    bounded = open_session("bounded")
    with bounded:
        square = tf.ones([200, 200])
        tf.reduce_sum(square @ square, name="sum")
    bounded.run("sum:0")
    return bounded


@pytest.fixture
def alarms() -> Iterator[list[int]]:
    """The alarms that have come, each of which raises a `TimeoutError`."""
    came: list[int] = []

    def late(number: int, _: FrameType | None) -> None:
        came.append(number)
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    yield came
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def wakeup_fd() -> int:
    fd = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(fd)
    return fd


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # one may hit a finalizer
def test_timeouts_of_runs_reach_the_user_and_leave_nothing_behind(bounded: NamedSession, alarms: list[int]) -> None:
    meter, before, lost = bounded.watched.meter, wakeup_fd(), 0
    fetch, chance = bounded.graph.get_tensor_by_name("sum:0"), random.Random(1)
    for _ in range(TIMES):
        alarms.clear()
        try:
            signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0001, 0.003))
            while not alarms:
                bounded.run(fetch)
            lost += 1
        except TimeoutError:
            pass
        assert (meter.table.in_flight, meter.table.claimed, meter.in_use, meter.stop) == ({}, {}, {}, None)
        assert hooks.allocators.under_way == {}
        assert (wakeup_fd(), hooks.stopper.armed) == (before, [])
    assert lost <= TIMES // 100  # those that came in a finalizer
    assert bounded.run(fetch) == 200.0**3
    assert [info.state for info in tfsess_magics.sessions()] == ["idle"]
    tfsess_magics.reset("bounded")


def test_a_timeout_during_a_stop_reaches_the_user_when_the_session_can_be_used_again(
    open_session: Open, alarms: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_session("stopped")
    with session:
        variable = tf.compat.v1.get_variable("v", initializer=np.ones(3))
        variable.initializer.run()
        tf.identity(tf.compat.v1.FIFOQueue(1, tf.float32).dequeue(), name="waits")
    carry_out = Stop.carry_out

    def late(*args: Any) -> None:
        carry_out(*args)
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        while not alarms:
            time.sleep(0.001)

    monkeypatch.setattr(Stop, "carry_out", late)
    meter = session.watched.meter

    def stop() -> None:
        while not meter.table.in_flight:
            time.sleep(0.001)
        tfsess_magics.stop("stopped", now=True)

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(TimeoutError) as error:
        session.run("waits:0")
    thread.join()
    assert "stopped a run in 'stopped'" in str(error.value.__cause__)
    assert (meter.table.in_flight, meter.table.claimed, meter.stop) == ({}, {}, None)
    assert session.run(variable).tolist() == [1, 1, 1]


def abandon(meter: RunMeter, thread: int) -> int:
    """Leave a run in the record, as exceptions that come one right after the other do; return its token."""
    token = new_token()
    meter.table.in_flight[token] = Run(token, (), thread=thread)
    meter.in_use[thread] = None
    hooks.allocators.under_way[token] = True, []
    return token


READS: dict[str, Callable[[NamedSession], object]] = {
    "row": lambda session: session.info(),
    "stop": lambda session: tfsess_magics.stop(session.name, now=True),
    "reset": lambda session: tfsess_magics.reset(session.name),
    "close": lambda session: tfsess_magics.close(session.name),
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("has_ended", [False, True], ids=["of this thread", "of a thread that has ended"])
def test_a_run_that_its_thread_has_left_is_none_when_the_record_is_read(
    bounded: NamedSession, read: str, has_ended: bool
) -> None:
    threads = [threading.get_ident()]
    if has_ended:
        thread = threading.Thread(target=lambda: threads.append(threading.get_ident()))
        thread.start()
        thread.join()
    meter = bounded.watched.meter
    abandon(meter, threads[-1])
    READS[read](bounded)
    assert (meter.table.in_flight, meter.table.claimed, hooks.allocators.under_way) == ({}, {}, {})
    assert (meter.users, meter.table.running_since, meter.stop) == (set(), None, None)
    meter.ordered = None


def test_a_run_that_is_under_way_stays_in_the_record_beside_one_that_was_left(bounded: NamedSession) -> None:
    meter, seen = bounded.watched.meter, list[set[int]]()
    with bounded:
        queue = tf.compat.v1.FIFOQueue(1, tf.float32)
        waits, fill = queue.dequeue(), queue.enqueue([1.0])
    left = list[int]()

    def run() -> None:
        left.append(abandon(meter, threading.get_ident()))
        bounded.run(waits)

    thread = threading.Thread(target=run)
    thread.start()
    while len(meter.table.in_flight) < 2:
        time.sleep(0.001)
    seen.append(set(meter.table.under_way()))
    bounded.run(fill)
    thread.join()
    assert len(seen[0]) == 1
    assert seen[0].isdisjoint(left)
    meter.in_use.clear()


def test_a_stop_does_not_wait_for_a_thread_that_has_left(bounded: NamedSession) -> None:
    with bounded:
        waits = tf.compat.v1.FIFOQueue(1, tf.float32).dequeue()
    meter = bounded.watched.meter

    def stop() -> None:
        while not meter.table.in_flight:
            time.sleep(0.001)
        abandon(meter, threading.get_ident())
        tfsess_magics.stop("bounded", now=True)

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(tfsess_magics.SessionStopped, match=r"stopped a run in 'bounded'"):
        bounded.run(waits)
    thread.join()
    meter.in_use.clear()
