"""Exceptions of signal handlers at any line of a run, also of one that is stopped."""

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

import tfsess_magics
from tests.conftest import Raised
from tests.tf.interrupting import interrupted_at
from tests.tf.stopping.conftest import stopped
from tfsess_magics import SessionStopped
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.session import CellOptions
from tfsess_magics.tf.instrument.hooks import hooks
from tfsess_magics.tf.session.named import NamedSession

FILES = (
    "tf/instrument/steps.py",
    "tf/memory/allocators.py",
    "tf/runs/callables.py",
    "tf/stopping/gate.py",
    "tf/instrument/hooks.py",
    "tf/runs/limit.py",
    "tf/stopping/overdue.py",
    "tf/context/activation.py",
    "tf/stopping/stop.py",
    "tf/stopping/stopper.py",
    "tf/stopping/tasks.py",
    "tf/tracing/trace.py",
    "tf/stopping/wakeup.py",
    "core/late.py",
    "core/run_table.py",
    "core/runs.py",
)


def wakeup_fd() -> int:
    fd = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(fd)
    return fd


def under_way(meter: RunMeter) -> list[Any]:
    """Return what is noted of runs, stops and uses that are under way."""
    noted = [meter.table.in_flight, meter.table.claimed, meter.in_use, meter.stop, hooks.allocators.under_way]
    return [one for one in noted if one]


def fails(session: NamedSession) -> None:
    with contextlib.suppress(tf.errors.OpError):
        session.run("fails:0")


def extends(session: NamedSession) -> None:
    with session.graph.as_default():
        new = tf.raw_ops.Neg(x=session.graph.get_tensor_by_name("read:0"))
    session.run(new)


def traces(session: NamedSession) -> None:
    session.watched.tracer.order("races", of_cell=False)
    try:
        session.run("read:0")
    finally:
        session.watched.tracer._claim()


def call(session: NamedSession) -> None:
    session.session._make_callable_from_options(config_pb2.CallableOptions(fetch=["read:0"]))()


ACTS: dict[str, Callable[[NamedSession], object]] = {
    "run": lambda session: session.run("read:0"),
    "run that fails": fails,
    "run of a new operation": extends,
    "callable": call,
    "traced run": traces,
}


# As in plain TensorFlow, whose ``__init__`` of a callable may be cut off before it has what ``__del__`` looks for.
_CUT_OFF = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <function BaseSession._Callable.__del__:pytest.PytestUnraisableExceptionWarning"
)


@_CUT_OFF
@pytest.mark.parametrize("act", ACTS)
def test_an_exception_at_any_line_of_ours_leaves_nothing_behind(races: NamedSession, act: str, raised: Raised) -> None:
    """And it is what the user gets."""
    meter, before, line = races.watched.meter, wakeup_fd(), 1
    while interrupted_at(line, lambda: ACTS[act](races), FILES, raised.error) >= line:
        assert wakeup_fd() == before
        assert hooks.stopper.armed == []
        assert under_way(meter) == []
        line += raised.every
    assert line > 20
    assert np.array_equal(races.run("read:0"), np.ones(10))


def test_an_exception_at_any_line_of_the_first_call_of_a_callable_after_a_stop_leaves_it_as_it_is(
    races: NamedSession, raised: Raised
) -> None:
    call = races.session._make_callable_from_options(config_pb2.CallableOptions(fetch=["read:0"]))
    meter, line, begun = races.watched.meter, 1, sys.maxsize
    while line <= begun:
        stopped(races)
        begun = interrupted_at(line, call, FILES, raised.error)
        assert under_way(meter) == []
        assert np.array_equal(call(), [np.ones(10)])
        line += raised.every


@_CUT_OFF
@pytest.mark.parametrize("act", ["run", "callable"])
def test_an_exception_at_any_line_of_a_run_with_a_limit_leaves_nothing_behind(
    races: NamedSession, act: str, raised: Raised
) -> None:
    activation = races.enter("cell 1", CellOptions(600.0))
    activation.resume()
    try:
        test_an_exception_at_any_line_of_ours_leaves_nothing_behind(races, act, raised)
    finally:
        activation.end()
    assert [thread for thread in threading.enumerate() if thread.name == "tfsess_magics limit"] == []


def run_stopped(session: NamedSession, error: type[BaseException]) -> None:
    """Have a run stopped, which raises what the stop says unless something else came meanwhile."""
    try:
        session.run("waits:0")
    except SessionStopped:
        if error is KeyboardInterrupt:
            raise


def test_an_exception_at_any_line_of_a_run_that_is_stopped_leaves_nothing_behind(
    races: NamedSession, raised: Raised
) -> None:
    meter, before, line, begun = races.watched.meter, wakeup_fd(), 1, sys.maxsize
    while line <= begun:
        is_over = threading.Event()

        def act(is_over: threading.Event = is_over) -> None:
            while not (is_over.is_set() or meter.table.in_flight):
                time.sleep(0.001)
            tfsess_magics.stop("races", now=True)

        thread = threading.Thread(target=act)
        thread.start()
        begun = interrupted_at(line, lambda: run_stopped(races, raised.error), FILES, raised.error)
        is_over.set()
        thread.join()
        meter.ordered = None
        assert wakeup_fd() == before
        assert hooks.stopper.armed == []
        assert under_way(meter) == []
        line += raised.every
    assert np.array_equal(races.run("read:0"), np.ones(10))
