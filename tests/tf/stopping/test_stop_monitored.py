"""Stops of a `MonitoredSession`, which recovers: it makes its session anew when the cluster fails."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.python.training.session_run_hook import SessionRunHook

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.running import when_running
from tfsess_magics import SessionStopped
from tfsess_magics.tf.stopping import renewal

v1 = tf.compat.v1


class Fails(SessionRunHook):  # type: ignore[misc]
    """Has one run fail as a worker that is gone does, when it is told to."""

    def __init__(self) -> None:
        self.is_due = False

    def before_run(self, _: Any) -> None:
        if self.is_due:
            self.is_due = False
            raise tf.errors.AbortedError(None, None, "the worker is gone")


class Monitored:
    """A `MonitoredSession` that counts steps, and what waits for ever."""

    def __init__(self) -> None:
        self.step = v1.train.get_or_create_global_step()
        self.more = self.step.assign_add(1)
        self.waits = v1.FIFOQueue(1, tf.float32).dequeue()
        self.fails = Fails()
        self.session = v1.train.MonitoredSession(hooks=[self.fails])

    @property
    def observed(self) -> Any:
        return tfsess_magics.process.connect().find(self.session)

    def fail(self) -> None:
        self.fails.is_due = True
        with self.step.graph.as_default():  # as in the thread that made it
            self.session.run(self.step)


@pytest.fixture
def monitored(open_session: Open) -> Iterator[Monitored]:
    tfsess_magics.process.connect().observe()
    with tf.Graph().as_default():
        monitored = Monitored()
        yield monitored
        monitored.session.close()


def test_the_session_that_it_has_after_a_recovery_is_stopped_and_lives_on(monitored: Monitored) -> None:
    first = monitored.session._tf_sess()
    monitored.fail()
    second = monitored.session._tf_sess()
    assert second is not first
    monitored.session.run(monitored.more)
    observed = monitored.observed
    thread = when_running(observed, lambda: tfsess_magics.stop(observed.name, now=True))
    with pytest.raises(SessionStopped, match="Kept: 1 variable"):
        monitored.session.run(monitored.waits)
    thread.join()
    assert monitored.session._tf_sess() is second
    assert monitored.session.run(monitored.step) == 1


def test_a_recovery_during_a_stop_makes_a_session_of_its_own(
    monitored: Monitored, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_anew, first = renewal.begin_anew, monitored.session._tf_sess()

    def fail_first(*args: Any) -> None:
        recovers = threading.Thread(target=monitored.fail)
        recovers.start()
        recovers.join(20)
        assert not recovers.is_alive()
        begin_anew(*args)

    monkeypatch.setattr(renewal, "begin_anew", fail_first)
    observed = monitored.observed
    thread = when_running(observed, lambda: tfsess_magics.stop(observed.name, now=True))
    with pytest.raises(SessionStopped, match="The session was closed meanwhile, and its values are gone"):
        monitored.session.run(monitored.waits)
    thread.join()
    assert monitored.session._tf_sess() is not first
    assert monitored.session.run(monitored.more) == 1
