"""Where TensorFlow lacks what a stop needs, Stop is off: nothing is cut, and nothing is lost."""

from collections.abc import Iterator

import pytest
import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session

import tfsess_magics
from tests.in_runtime import wait_for_runs
from tests.tf.conftest import Open
from tests.tf.running import Running, interrupt, when_running
from tfsess_magics import SessionStopped, StopUnavailableError
from tfsess_magics.tf.internals import STOP
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.stopping import renewal

v1 = tf.compat.v1

OFF = r"^Stop is off: TensorFlow \S+ has no pywrap_tf_session\.TF_NewSessionRef\. .* as in plain TensorFlow\."


@pytest.fixture
def queue(open_session: Open) -> Iterator[NamedSession]:
    """A session in which ``take:0`` waits for ``fill``, and the variable ``v`` has a value."""
    queue = open_session("queue")
    with queue:
        fifo = v1.FIFOQueue(1, tf.float32, shapes=[[]])
        fifo.dequeue(name="take")
        fifo.enqueue([2.0], name="fill")
        v1.get_variable("v", initializer=3.0).initializer.run()
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(pywrap_tf_session, "TF_NewSessionRef")
        patch.delitem(vars(STOP), "missing")  # it has looked already
        yield queue


def test_an_interrupt_waits_for_the_end_of_the_run(queue: NamedSession) -> None:
    """As in plain TensorFlow, which says nothing of it either."""
    fill = queue.graph.get_operation_by_name("fill")
    queue.run(fill)
    queue.run("take:0")  # in the first run of a step plain TensorFlow may swallow an interrupt

    def interrupt_and_fill() -> None:
        interrupt()
        queue.run(fill)

    thread = when_running(queue, interrupt_and_fill)
    with pytest.raises(KeyboardInterrupt) as interrupted:
        queue.run("take:0")
    thread.join()
    assert not isinstance(interrupted.value, SessionStopped)
    assert str(interrupted.value) == ""
    assert queue.run("v/Read/ReadVariableOp:0") == 3.0


def test_an_order_is_refused_and_the_run_goes_on(queue: NamedSession) -> None:
    running = Running(queue, "take:0")
    wait_for_runs(queue)
    for keeps in ("keep", "drop"):
        with pytest.raises(StopUnavailableError, match=OFF):
            tfsess_magics.stop("queue", on_stop=keeps, now=True)
    assert running.is_alive()
    queue.run(queue.graph.get_operation_by_name("fill"))
    running.join()
    assert running.error is None
    assert queue.run("v/Read/ReadVariableOp:0") == 3.0


def test_close_ends_a_run_all_the_same(queue: NamedSession) -> None:
    """It needs nothing that is missing: the session does not live on."""
    running = Running(queue, "take:0")
    wait_for_runs(queue)
    tfsess_magics.close("queue")
    running.join()
    assert isinstance(running.error, SessionStopped)


@pytest.mark.parametrize("attribute", renewal._ATTRIBUTES)
def test_what_only_a_session_tells_is_looked_for_before_it_is_cut(open_session: Open, attribute: str) -> None:
    train = open_session("train")
    assert not renewal.missing_parts(train.session)
    kept = train.session.__dict__.pop(attribute)
    try:
        assert renewal.missing_parts(train.session) == (f"BaseSession.{attribute}",)
    finally:
        train.session.__dict__[attribute] = kept


@pytest.mark.parametrize("attribute", renewal._ATTRIBUTES)
def test_a_session_that_lacks_one_is_left_as_it_is(open_session: Open, attribute: str) -> None:
    """And asking again is answered alike."""
    train = open_session("train")
    with train:
        tf.constant(1, name="x")
    kept = train.session.__dict__.pop(attribute)
    try:
        for _ in range(2):
            with pytest.raises(StopUnavailableError, match=attribute):
                tfsess_magics.stop("train", now=True)
    finally:
        train.session.__dict__[attribute] = kept
    assert train.run("x:0") == 1
