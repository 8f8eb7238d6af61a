"""Inside, the session's graph and session are TensorFlow's defaults; outside, all is as before."""

from typing import Any

import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

from tests.tf.conftest import Open
from tests.tf.outside import as_before
from tfsess_magics.tf.context import swap
from tfsess_magics.tf.context.activation import innermost_activation

v1 = tf.compat.v1
# What is said of a body that changes the defaults is tested in tests/notebook/test_guard.py.
pytestmark = pytest.mark.filterwarnings("ignore::tfsess_magics.SessionWarning")


def test_inside_the_graph_and_session_are_the_defaults(open_session: Open) -> None:
    """`eval`, `run` and `get_default_session` just work, and eager code before and after is unharmed."""
    session = open_session("train")
    with as_before(), session as entered:
        assert entered is session
        assert v1.get_default_graph() is session.graph
        assert v1.get_default_session() is session.session
        assert not tf.executing_eagerly()
        x = tf.constant(3.0)
        assert x.graph is session.graph
        assert (x * 2).eval() == 6.0
        v = v1.get_variable("v", initializer=1.0)
        v.initializer.run()
        assert v1.get_default_session().run(v) == 1.0


def test_values_last_from_one_stay_to_the_next(open_session: Open) -> None:
    """Leaving closes nothing."""
    with open_session("train"):
        v1.get_variable("v", initializer=5.0).initializer.run()
    with open_session("train") as session:
        assert session.run(session.graph.get_tensor_by_name("v:0")) is not None
        assert session.graph.get_tensor_by_name("v/Read/ReadVariableOp:0").eval() == 5.0


def test_sessions_nest_and_may_be_left_in_any_order(open_session: Open) -> None:
    """Leaving the outer one first leaves the inner one in place, and the thread as it was in the end."""
    a, b = open_session("a"), open_session("b")
    with as_before():
        with a, b:
            assert v1.get_default_session() is b.session
        a.__enter__()
        b.__enter__()
        a.__exit__(None, None, None)
        assert v1.get_default_session() is b.session
        assert v1.get_default_graph() is b.graph
        b.__exit__(None, None, None)
    assert (a.generation, b.generation) == (1, 1)


def test_a_session_may_be_entered_twice(open_session: Open) -> None:
    """Also within itself."""
    with as_before(), open_session("a") as a:
        with a:
            x = tf.constant(1.0)
        assert x.eval() == 1.0


def test_leaving_without_entering_is_an_error(open_session: Open) -> None:
    """Also in another thread than the one that entered."""
    with pytest.raises(RuntimeError, match="session 'a' was not entered in this thread"):
        open_session("a").__exit__(None, None, None)


def test_a_suspended_stay_keeps_what_was_open_in_it(open_session: Open) -> None:
    """Between two steps of a coroutine the thread has its own defaults, and the body finds its scopes again."""
    activation = open_session("a").enter("a test")
    with as_before():
        activation.resume()
        scope = v1.name_scope("outer")
        scope.__enter__()
        activation.suspend()
    with as_before():
        activation.resume()
        assert tf.constant(1, name="x").op.name == "outer/x"
        scope.__exit__(None, None, None)
        activation.suspend()
        activation.suspend()
    activation.end()


def test_an_interrupted_resume_is_taken_back(open_session: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt while the defaults are being swapped leaves the thread as it was."""
    put = swap._put
    calls = 0

    def interrupted(*args: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            ops._default_graph_stack._global_default_graph = None
            raise KeyboardInterrupt
        put(*args)

    monkeypatch.setattr(swap, "_put", interrupted)
    session = open_session("a")
    with as_before():
        with pytest.raises(KeyboardInterrupt):
            session.__enter__()
        assert session.use() is None
    assert session.generation == 1


def test_a_block_that_a_cell_left_open_is_the_innermost_of_nothing_afterwards(open_session: Open) -> None:
    """Also when the cell was suspended meanwhile, in which the block is where it was again."""
    outer, inner = open_session("outer"), open_session("inner")
    cell = outer.enter("cell 1")
    cell.resume()
    inner.__enter__()
    for _ in range(2):
        cell.suspend()
        assert innermost_activation() is None
        cell.resume()
        assert innermost_activation() is not cell
        assert v1.get_default_session() is inner.session
    cell.end()
    assert innermost_activation() is None
    assert inner.use() is outer.use() is None
