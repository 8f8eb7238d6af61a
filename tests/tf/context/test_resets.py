"""The default graph is reset inside a session: by the body's own code at once, by other code as TensorFlow has it."""

import gc
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

import tfsess_magics
from tests.in_runtime import wait_for_runs
from tests.notebook.raising import RaiseAt
from tests.tf.conftest import Open
from tests.tf.context import resetting
from tests.tf.outside import as_before
from tests.tf.running import Running
from tfsess_magics.core.model import State
from tfsess_magics.core.session import CellOptions
from tfsess_magics.tf.context.activation import innermost_activation
from tfsess_magics.tf.introspect.callers import caller
from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1
WAIT = 60
# The sentences are tested in tests/notebook/test_resets.py.
pytestmark = pytest.mark.filterwarnings("ignore::tfsess_magics.SessionWarning")


def is_inside(session: NamedSession) -> bool:
    """Say whether TensorFlow's defaults of this thread are those of the session's present generation."""
    return (v1.get_default_graph(), v1.get_default_session()) == (session.graph, session.session)


def with_value(session: NamedSession) -> Any:
    v = v1.get_variable("v", initializer=1.0)
    session.run(v.initializer)
    return v


@pytest.mark.parametrize(
    "reset", [v1.reset_default_graph, tf.keras.backend.clear_session], ids=["reset_default_graph", "clear_session"]
)
def test_the_bodys_own_code_goes_on_in_the_new_graph(open_session: Open, reset: Callable[[], None]) -> None:
    """At once: what it builds runs in the default session, and the session is that of its name."""
    with as_before(), open_session("train") as train:
        graph, session = train.graph, train.session
        with_value(train)
        reset()
        assert train.generation == 2
        assert train.graph not in (graph, v1.get_default_session())
        assert train.session is not session
        assert is_inside(train)
        z = tf.constant(3, name="z")
        assert z.eval() == 3
        assert train.run("z:0") == 3
        (info,) = tfsess_magics.sessions()
        assert (info.name, info.generation, info.state, info.variables) == ("train", 2, State.ENTERED, ())
    assert train.generation == 2
    with train:
        assert z.eval() == 3


def test_a_reset_goes_again_and_again(open_session: Open) -> None:
    """Each counts as one."""
    with open_session("train") as train:
        for generation in range(2, 6):
            v1.reset_default_graph()
            assert train.generation == generation
            assert with_value(train).eval() == 1.0
    assert train.generation == 5
    with train:
        assert train.run("v/Read/ReadVariableOp:0") == 1.0


def test_the_options_of_the_session_go_on(open_session: Open) -> None:
    """Seed, device and timeout hold for what follows in the same body."""
    with open_session("train", seed=7, device="/CPU:0", timeout=0.2) as train:
        tf.constant(1)
        v1.reset_default_graph()
        assert (tf.constant(1).device, v1.get_default_graph().seed) == ("/device:CPU:0", 7)
        with pytest.raises(tf.errors.DeadlineExceededError):
            train.run(tf.queue.FIFOQueue(1, tf.float32).dequeue())


def test_what_the_body_has_open_in_the_old_graph_stays_there(open_session: Open) -> None:
    """As in plain TensorFlow, the new graph has no such scope, and each ends where its block ends."""
    with as_before(), open_session("train", device="/CPU:0") as train:
        old = train.graph
        with tf.device("/CPU:7"), v1.name_scope("scope"), tf.control_dependencies([tf.no_op()]):
            v1.reset_default_graph()
            op = tf.constant(1, name="inside").op
            assert (op.name, op.device, op.control_inputs) == ("inside", "/device:CPU:0", [])
            with old.as_default():
                there = tf.constant(1, name="there").op
                assert (there.name, there.device) == ("scope/there", "/device:CPU:7")
        assert is_inside(train)
    with old.as_default():
        there = tf.constant(1, name="there").op
        assert (there.name, there.device, there.control_inputs) == ("there", "", [])


def test_a_device_scope_that_the_body_leaves_open_in_the_old_graph_ends_with_it(open_session: Open) -> None:
    """Its context manager does nothing later."""
    with open_session("train") as train:
        old = train.graph
        device = tf.device("/CPU:0")
        device.__enter__()
        v1.reset_default_graph()
    del device
    gc.collect()
    with old.as_default():
        assert tf.constant(1).device == ""


def test_the_old_graph_and_its_values_are_freed_at_once(open_session: Open) -> None:
    """As a reset of plain TensorFlow frees the graph; the body goes on for long."""
    with open_session("train") as train:
        with_value(train)
        session = weakref.ref(train.session)
        graph = weakref.ref(train.graph)
        v1.reset_default_graph()
        gc.collect()
        assert session() is None
        assert graph() is None


def test_a_session_that_holds_the_old_one_keeps_its_values(open_session: Open) -> None:
    """The session before is dropped, not closed."""
    with open_session("train") as train:
        session, v = train.session, with_value(train)
        v1.reset_default_graph()
        assert session.run(v) == 1.0


def test_an_interactive_session_stays_the_default_one(open_session: Open) -> None:
    """As in plain TensorFlow, where it does not run what is built after the reset."""
    with as_before(), open_session("train") as train:
        interactive = v1.InteractiveSession()
        v1.reset_default_graph()
        assert v1.get_default_session() is interactive
        z = tf.constant(3)
        with pytest.raises(ValueError, match="different from the session's"):
            z.eval()
        interactive.close()
        assert is_inside(train)
        assert z.eval() == 3


def test_a_reset_within_the_block_of_another_session_is_of_that(open_session: Open) -> None:
    """And the one around it is what it was."""
    with as_before(), open_session("around") as around:
        x = tf.constant(1)
        with open_session("inside") as inside:
            v1.reset_default_graph()
            assert is_inside(inside)
            assert tf.constant(2).eval() == 2
        assert is_inside(around)
        assert x.eval() == 1
    assert (around.generation, inside.generation) == (1, 2)


@pytest.mark.parametrize("reset", [v1.reset_default_graph, resetting.reset_and_build], ids=["own", "other"])
def test_a_reset_within_another_block_of_the_same_session_is_of_both(
    open_session: Open, reset: Callable[[], object]
) -> None:
    """The outer block goes on where the inner one has ended."""
    with as_before(), open_session("train") as train:
        tf.constant(1)
        with train:
            reset()
            tf.constant(5.0)
        assert train.generation == 2
        assert is_inside(train)
        z = tf.constant(3)
        assert z.eval() == 3
    assert train.graph is z.graph
    assert train.generation == 2


def test_inside_of_a_graph_tensorflow_refuses_it(open_session: Open) -> None:
    """And all remains as it is."""
    with open_session("train") as train:
        with tf.Graph().as_default(), pytest.raises(AssertionError, match="nested graphs"):
            v1.reset_default_graph()
        assert is_inside(train)
        assert train.generation == 1


@pytest.mark.parametrize("reset", [resetting.reset, lambda: tf.test.TestCase("id").setUp()], ids=["module", "TestCase"])
def test_after_a_reset_by_other_code_the_session_keeps_graph_and_values(
    open_session: Open, reset: Callable[[], None]
) -> None:
    """Where nothing was built. Until the end TensorFlow's rule holds: an empty default graph, the session as it was."""
    with as_before(), open_session("train") as train:
        graph, session, v = train.graph, train.session, with_value(train)
        reset()
        assert v1.get_default_graph() is not graph
        assert v1.get_default_graph().version == 0
        assert v1.get_default_session() is session
        assert session.run(v) == 1.0
    assert (train.graph, train.session, train.generation) == (graph, session, 1)
    with train:
        assert is_inside(train)
        assert v.eval() == 1.0


def test_after_a_reset_by_other_code_the_session_gets_the_graph_that_was_built(open_session: Open) -> None:
    """When the body ends, and not before."""
    with as_before(), open_session("train") as train:
        old = train.graph
        tf.constant(1)
        x = resetting.reset_and_build()
        assert train.graph is old
        with pytest.raises(ValueError, match="different from the session's"):
            x.eval()
    assert (train.graph, train.generation) == (x.graph, 2)
    with train:
        assert x.eval() == 7.0


def test_a_session_that_was_closed_in_the_body_begins_anew_after_any_reset(open_session: Open) -> None:
    """It has no values to keep; Keras' ``clear_session`` may close it."""
    with open_session("train") as train:
        with_value(train)
        resetting.reset()
        v1.get_default_session().close()
    assert train.generation == 2
    with train:
        assert tf.constant(1).eval() == 1


def test_the_bodys_own_reset_takes_the_place_of_one_before_it(open_session: Open) -> None:
    """Operations built in between are lost, as they would be without a session."""
    with open_session("train") as train:
        lost = resetting.reset_and_build()
        v1.reset_default_graph()
        z = tf.constant(3)
        assert z.eval() == 3
        assert z.graph is not lost.graph
    assert (train.graph, train.generation) == (z.graph, 2)


def test_a_reset_in_another_thread_is_none_of_this_one(open_session: Open) -> None:
    """TensorFlow's default graph is the thread's own."""
    with as_before(), open_session("train") as train:
        x = tf.constant(1)
        thread = threading.Thread(target=v1.reset_default_graph)
        thread.start()
        thread.join(WAIT)
        assert is_inside(train)
        assert x.eval() == 1
    assert train.generation == 1


def test_a_reset_in_a_bound_function_gives_the_session_what_that_builds(open_session: Open) -> None:
    """The body that started the thread goes on as it was."""
    built: list[tf.Tensor] = []

    def body() -> None:
        v1.reset_default_graph()
        built.append(tf.constant(2))

    with as_before(), open_session("train") as train:
        graph, session, x = train.graph, train.session, tf.constant(1)
        thread = threading.Thread(target=tfsess_magics.bind(body))
        thread.start()
        thread.join(WAIT)
        assert (train.graph, train.generation) == (built[0].graph, 2)
        assert (v1.get_default_graph(), v1.get_default_session()) == (graph, session)
        assert x.eval() == 1
    assert (train.graph, train.generation) == (built[0].graph, 2)


def test_a_run_in_flight_in_another_thread_goes_on(open_session: Open) -> None:
    """In the session before, which lives as long."""
    with open_session("train") as train:
        queue = tf.queue.FIFOQueue(1, tf.float32, [])
        fill = queue.enqueue(1.0)
        session = train.session
        running = Running(session, queue.dequeue())
        wait_for_runs(train)
        try:
            v1.reset_default_graph()
            assert tf.constant(3).eval() == 3
            assert running.is_alive()
        finally:
            session.run(fill)
            running.join(WAIT)
        assert not running.is_alive()
        assert running.error is None


def test_a_stop_that_was_ordered_for_the_next_run_holds_over_a_reset(open_session: Open) -> None:
    """The next run is that of the new session."""
    with open_session("train"):
        reply = tfsess_magics.process.registry.stop("train", "the test")
        assert reply.is_done, reply
        v1.reset_default_graph()
        x = tf.constant(3)
        with pytest.raises(tfsess_magics.SessionStopped):
            x.eval()
        assert x.eval() == 3


def test_get_variable_reuses_after_a_reset_as_before_it(open_session: Open) -> None:
    """``--reuse`` is for the whole cell."""
    train = open_session("train")
    activation = train.enter("cell 1", CellOptions(reuse=True))
    activation.resume()
    try:
        activation.entered_by = caller()
        for _ in range(2):
            v1.reset_default_graph()
            assert v1.get_variable("v", []) is v1.get_variable("v", [])
    finally:
        activation.end()
    assert train.generation == 3


# A session whose construction was interrupted complains in its ``__del__``.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_reset_that_is_interrupted_anywhere_leaves_a_session_that_works(open_session: Open) -> None:
    """The session has the old graph or the new one, and the next body runs in it."""
    moment = 1
    while True:
        interrupt = RaiseAt(moment, KeyboardInterrupt)
        with as_before():
            try:
                with open_session("train"):
                    tf.constant(1)
                    sys.setprofile(interrupt)
                    v1.reset_default_graph()
                    sys.setprofile(None)
            except KeyboardInterrupt:
                pass
            finally:
                sys.setprofile(None)
        if not interrupt.raised_in:
            break
        assert innermost_activation() is None
        with as_before(), open_session("train") as train:
            assert is_inside(train), interrupt.raised_in
            assert tf.constant(3).eval() == 3, interrupt.raised_in
            assert not train.watched.is_closed
        (info,) = tfsess_magics.sessions()
        assert info.state == State.IDLE, interrupt.raised_in
        moment += 1
    assert moment > 20


def test_a_new_session_that_cannot_be_made_leaves_tensorflows_rule(
    open_session: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An error of ours is not the body's."""
    with open_session("train") as train:
        session, v = train.session, with_value(train)
        with monkeypatch.context() as patch:
            patch.setattr(NamedSession, "_begin", lambda *_: 1 / 0)
            v1.reset_default_graph()
        assert "a reset of the default graph could not be noted or followed" in caplog.text
        assert session.run(v) == 1.0
    assert (train.session, train.generation) == (session, 1)
