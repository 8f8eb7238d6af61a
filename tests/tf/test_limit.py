"""Runs that take longer than they may end with an error that says which, and nothing is lost."""

import threading

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

import tfsess_magics
from tests.tf.conftest import Open
from tfsess_magics import InvalidOptionError, OptionConflictError
from tfsess_magics.tf.session import NamedSession

v1 = tf.compat.v1
SOON = 0.2


@pytest.fixture
def train(open_session: Open) -> NamedSession:
    tfsess_magics.api._connect().observe()
    train = open_session("train", timeout=SOON)
    _build(train)
    return train


@pytest.fixture
def free(open_session: Open) -> NamedSession:
    """A session without a limit."""
    tfsess_magics.api._connect().observe()
    free = open_session("free")
    _build(free)
    return free


def _build(session: NamedSession) -> None:
    with session:
        v1.get_variable("v", initializer=2.0).initializer.run()
        for value, name, queue in (2.0, "waits", "queue"), (3.0, "other", "other_queue"):
            made = v1.FIFOQueue(1, tf.float32, shapes=[[]], name=queue)
            tf.identity(made.dequeue(), name=name)
            made.enqueue([value], name=f"fill_{name}")


def test_a_run_that_takes_too_long_ends_and_nothing_is_lost(train: NamedSession) -> None:
    """Also what is in a queue: the session is the one that it was."""
    train.run("fill_other")
    c_session = train.session._session
    with pytest.raises(tf.errors.DeadlineExceededError) as late:
        train.run("waits:0")
    assert "A run of 'waits' was ended after 2" in str(late.value)
    assert "waiting on dequeue from 'queue'" in str(late.value)
    assert "--timeout 0.2 of the session allows no more. The session and what it holds live on." in str(late.value)
    assert train.session._session is c_session
    assert train.run("v/Read/ReadVariableOp:0") == 2.0
    assert train.run("other:0") == 3.0


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
    stay = free.enter("cell 7", SOON)
    stay.resume()
    try:
        with pytest.raises(tf.errors.DeadlineExceededError, match=r"--timeout 0\.2 of cell 7 allows no more"):
            free.run("waits:0")
        with v1.Session(graph=free.graph) as other, pytest.raises(tf.errors.DeadlineExceededError, match="cell 7"):
            other.run("waits:0")
        with free, pytest.raises(tf.errors.DeadlineExceededError, match="cell 7"):
            free.run("waits:0")
        metadata = v1.RunMetadata()
        traced = v1.RunOptions(trace_level=v1.RunOptions.FULL_TRACE)
        assert free.run("v/Read/ReadVariableOp:0", options=traced, run_metadata=metadata) == 2.0
        assert metadata.step_stats.dev_stats
    finally:
        stay.end()


def test_0_in_a_stay_lifts_the_limit_of_the_session(train: NamedSession) -> None:
    """The run waits for longer than the session allows: until another thread has filled the queue."""
    stay = train.enter("cell 7", 0)
    stay.resume()
    try:
        fill = threading.Timer(2 * SOON, lambda: train.run("fill_waits"))
        fill.start()
        assert train.run("waits:0") == 2.0
        fill.join()
    finally:
        stay.end()


def test_a_reset_keeps_the_limit(train: NamedSession) -> None:
    tfsess_magics.reset("train")
    _build(train)
    with pytest.raises(tf.errors.DeadlineExceededError, match="of the session"):
        train.run("waits:0")


def test_a_session_without_a_limit_of_ours_has_tensorflows_own_error(open_session: Open) -> None:
    limited = open_session("limited", config=v1.ConfigProto(operation_timeout_in_ms=50))
    _build(limited)
    with pytest.raises(tf.errors.DeadlineExceededError) as late:
        limited.run("waits:0")
    assert "allows no more" not in str(late.value)


@pytest.mark.parametrize("timeout", ["soon", -1, float("nan"), float("inf"), True, None, 1e-9, [1]])
def test_what_is_no_time_is_refused(timeout: object) -> None:
    with pytest.raises(InvalidOptionError, match="--timeout takes a number of seconds"):
        tfsess_magics.api._connect().options(timeout="" if timeout is None else timeout)


def test_another_limit_for_a_live_session_is_refused(train: NamedSession) -> None:
    assert tfsess_magics.session("train", timeout=SOON) is train
    with pytest.raises(OptionConflictError, match=r"--timeout 5 was given, it was opened with 0.2"):
        tfsess_magics.session("train", timeout=5)
