"""Runs that take longer than they may end with an error that says which, and nothing is lost."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

import tfsess_magics
from tests.in_runtime import wait_for_runs
from tests.tf.conftest import Open
from tests.tf.running import Running
from tfsess_magics import InvalidOptionError, OptionConflictError
from tfsess_magics.core.session import CellOptions
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.stopping import overdue
from tfsess_magics.tf.stopping.overdue import Overdue
from tfsess_magics.tf.variables.graph_variables import GraphVariables

v1 = tf.compat.v1
SOON = 1.0
FREELY = v1.RunOptions(timeout_in_ms=180_000)
"""Goes before what the session or a cell allows."""


@pytest.fixture
def train(open_session: Open) -> NamedSession:
    tfsess_magics.process.connect().observe()
    train = open_session("train", timeout=SOON)
    _build(train)
    return train


@pytest.fixture
def free(open_session: Open) -> NamedSession:
    """A session without a limit."""
    tfsess_magics.process.connect().observe()
    free = open_session("free")
    _build(free)
    return free


def _build(session: NamedSession) -> None:
    with session:
        session.run(v1.get_variable("v", initializer=2.0).initializer, options=FREELY)
        for value, name, queue in (2.0, "waits", "queue"), (3.0, "other", "other_queue"):
            made = v1.FIFOQueue(1, tf.float32, shapes=[[]], name=queue)
            tf.identity(made.dequeue(), name=name)
            made.enqueue([value], name=f"fill_{name}")


@contextmanager
def ended_soon() -> Iterator[pytest.ExceptionInfo[tf.errors.OpError]]:
    """Expect the error of a run that takes too long, and that it says for how long that was."""
    began = time.perf_counter()
    with pytest.raises(tf.errors.DeadlineExceededError) as late:
        yield late
    passed = time.perf_counter() - began
    said = re.search(r"was ended after (\d+\.\d) s", str(late.value))
    assert said, late.value
    assert SOON <= float(said[1]) <= passed + 0.05, "to one decimal"


@contextmanager
def cell(session: NamedSession, allowed: float = SOON) -> Iterator[None]:
    """Be in a cell with a limit of its own."""
    activation = session.enter("cell 7", CellOptions(allowed))
    activation.resume()
    try:
        yield
    finally:
        activation.end()


def test_a_run_that_takes_too_long_ends_and_nothing_is_lost(train: NamedSession) -> None:
    """Also what is in a queue: the session is the one that it was."""
    train.run("fill_other", options=FREELY)
    c_session = train.session._session
    with ended_soon() as late:
        train.run("waits:0")
    assert "A run of 'waits' was ended after" in str(late.value)
    assert "waiting on dequeue from 'queue'" in str(late.value)
    assert "--timeout 1 of the session allows no more. The session stays open, with its values." in str(late.value)
    assert train.session._session is c_session
    assert train.run("v/Read/ReadVariableOp:0", options=FREELY) == 2.0
    assert train.run("other:0", options=FREELY) == 3.0


@pytest.mark.parametrize("fetches", ["waits:0", ["waits:0"]])
def test_callables_are_limited_as_well(train: NamedSession, fetches: object) -> None:
    with train, pytest.raises(tf.errors.DeadlineExceededError, match="of the session allows no more"):
        train.make_callable(fetches)()


def test_callables_of_the_runtime_are_limited_as_well(train: NamedSession) -> None:
    made = train.session._make_callable_from_options(config_pb2.CallableOptions(fetch=["waits:0"]))
    with pytest.raises(tf.errors.DeadlineExceededError, match="of the session allows no more"):
        made()


def test_what_the_users_run_options_say_goes_before(train: NamedSession) -> None:
    with pytest.raises(tf.errors.DeadlineExceededError) as late:
        train.run("waits:0", options=v1.RunOptions(timeout_in_ms=50))
    assert "allows no more" not in str(late.value)


def test_a_stay_limits_the_runs_of_every_session_in_it(free: NamedSession) -> None:
    with cell(free):
        with pytest.raises(tf.errors.DeadlineExceededError, match="--timeout 1 of cell 7 allows no more"):
            free.run("waits:0")
        with v1.Session(graph=free.graph) as other, pytest.raises(tf.errors.DeadlineExceededError, match="cell 7"):
            other.run("waits:0")
        with free, pytest.raises(tf.errors.DeadlineExceededError, match="cell 7"):
            free.run("waits:0")


def test_what_ends_in_time_is_as_without_a_limit(free: NamedSession) -> None:
    """What the user's options ask for included."""
    metadata, traced = v1.RunMetadata(), v1.RunOptions(trace_level=v1.RunOptions.FULL_TRACE)
    made = free.session._make_callable_from_options(config_pb2.CallableOptions(fetch=["v/Read/ReadVariableOp:0"]))
    with cell(free, 180.0):
        assert free.run("v/Read/ReadVariableOp:0", options=traced, run_metadata=metadata) == 2.0
        assert made() == [2.0]
    assert metadata.step_stats.dev_stats


def test_a_stay_limits_callables_of_the_runtime_by_a_stop_of_the_projects_own(free: NamedSession) -> None:
    made = free.session._make_callable_from_options(config_pb2.CallableOptions(fetch=["waits:0"]))
    session = free.session
    with cell(free), ended_soon() as late:
        made()
    assert re.match(r"A run in 'free' was ended after \S+ s on dequeue", str(late.value))
    assert "--timeout 1 of cell 7 allows no more. Kept: 1 variable (4 B)" in str(late.value)
    assert "Not kept: queues" in str(late.value)
    assert free.session is session
    assert free.run("v/Read/ReadVariableOp:0") == 2.0


def test_a_stay_limits_partial_runs_in_the_same_way(free: NamedSession) -> None:
    with v1.Session(graph=free.graph) as partial:
        partial.run("v/Assign")
        handle = partial.partial_run_setup(["waits:0", "v/Read/ReadVariableOp:0"], [])
        assert partial.partial_run(handle, "v/Read/ReadVariableOp:0") == 2.0
        with cell(free), ended_soon() as late:
            partial.partial_run(handle, "waits:0")
        assert "cell 7 allows no more" in str(late.value)
        assert partial.run("v/Read/ReadVariableOp:0") == 2.0


def test_other_runs_that_end_with_one_that_took_too_long_are_told_why(free: NamedSession) -> None:
    other = Running(free, "other:0")
    wait_for_runs(free)
    made = free.session._make_callable_from_options(config_pb2.CallableOptions(fetch=["waits:0"]))
    with cell(free), pytest.raises(tf.errors.DeadlineExceededError):
        made()
    other.join()
    assert str(other.error).startswith("--timeout 1 of cell 7 for another run in it stopped a run in 'free' after")


def test_a_run_that_takes_too_long_goes_on_where_its_values_would_be_lost(
    free: NamedSession, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fill, tell = threading.Thread(target=lambda: free.run("fill_waits")), Overdue.tell_of_refusal

    def fail(*_: object) -> None:
        raise MemoryError("no room")

    def tell_and_fill(stop: Overdue) -> None:
        tell(stop)
        fill.start()

    monkeypatch.setattr(GraphVariables, "kept_by", fail)
    monkeypatch.setattr(Overdue, "tell_of_refusal", tell_and_fill)
    made = free.session._make_callable_from_options(config_pb2.CallableOptions(fetch=["waits:0"]))
    with cell(free):
        assert made() == [2.0]
    fill.join()
    assert "--timeout 1 of cell 7 allows a run in 'free' no more, but 'free' was not stopped: its var" in caplog.text


def test_the_limit_of_a_session_bounds_partial_runs_and_the_session_lives_on(
    open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TensorFlow's own limit would cancel whatever is run in the session from then on."""
    assert overdue._AHEAD < 1
    monkeypatch.setattr(overdue, "_AHEAD", 0.02)  # the two are far from each other
    tfsess_magics.process.connect().observe()
    train = open_session("train", timeout=60)
    _build(train)
    handle = train.partial_run_setup(["waits:0", "v/Read/ReadVariableOp:0"], [])
    assert train.partial_run(handle, "v/Read/ReadVariableOp:0") == 2.0
    with pytest.raises(tf.errors.DeadlineExceededError, match=r"--timeout 60 of the session allows no more\. Kept: 1"):
        train.partial_run(handle, "waits:0")
    assert train.run("v/Read/ReadVariableOp:0") == 2.0


def test_0_in_a_stay_lifts_the_limit_of_the_session(train: NamedSession) -> None:
    """The run waits for longer than the session allows: until another thread has filled the queue."""
    fill = threading.Timer(2 * SOON, lambda: train.run("fill_waits", options=FREELY))
    with cell(train, 0.0):
        fill.start()
        assert train.run("waits:0") == 2.0
        fill.join()


def test_a_reset_keeps_the_limit(train: NamedSession) -> None:
    tfsess_magics.reset("train")
    _build(train)
    with pytest.raises(tf.errors.DeadlineExceededError, match="of the session"):
        train.run("waits:0")


def test_a_session_without_a_limit_of_ours_has_tensorflows_own_error(open_session: Open) -> None:
    limited = open_session("limited", config=v1.ConfigProto(operation_timeout_in_ms=1000))
    _build(limited)
    with pytest.raises(tf.errors.DeadlineExceededError) as late:
        limited.run("waits:0")
    assert "allows no more" not in str(late.value)


@pytest.mark.parametrize("timeout", ["soon", -1, float("nan"), float("inf"), True, None, 1e-9, [1]])
def test_what_is_no_time_is_refused(timeout: object) -> None:
    with pytest.raises(InvalidOptionError, match="--timeout takes a number of seconds"):
        tfsess_magics.process.connect().options(timeout="" if timeout is None else timeout)


def test_another_limit_for_a_live_session_is_refused(train: NamedSession) -> None:
    assert tfsess_magics.session("train", timeout=SOON) is train
    with pytest.raises(OptionConflictError, match="--timeout 5 was given, it was opened with 1"):
        tfsess_magics.session("train", timeout=5)
