"""Interactive sessions that are left open, or closed, inside a session."""

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.outside import as_before

v1 = tf.compat.v1
# What is said of a body that changes the defaults is tested in tests/notebook/test_guard.py.
pytestmark = pytest.mark.filterwarnings("ignore::tfsess_magics.SessionWarning")


def test_an_interactive_session_stays_the_sessions_own(open_session: Open) -> None:
    """Left open in one activation, it is the default session of the next one, as TF 1 code expects, and of no other."""
    with open_session("train") as train:
        left = v1.InteractiveSession()
        v = v1.get_variable("v", initializer=4.0)
        v.initializer.run()
    assert v1.get_default_session() is None
    with open_session("other"):
        assert v1.get_default_session() is not left
    with open_session("train"):
        assert v1.get_default_session() is left
        assert v1.get_default_graph() is train.graph
        assert v.eval() == 4.0
        left.close()
        assert v1.get_default_session() is train.session


def test_an_interactive_session_on_its_own_graph_stays_too(open_session: Open) -> None:
    """Its graph is the default graph of the next activation, until it is closed."""
    own = tf.Graph()
    with open_session("train") as train:
        left = v1.InteractiveSession(graph=own)
    with as_before(), open_session("train"):
        assert v1.get_default_graph() is own
        assert v1.get_default_session() is left
        left.close()
        assert v1.get_default_graph() is train.graph
        assert v1.get_default_session() is train.session


def test_close_and_reset_close_what_interactive_sessions_were_left(open_session: Open) -> None:
    """They end with the session that they were left in, and TensorFlow's defaults stay as they are."""
    for own_graph in (None, tf.Graph()):
        with open_session("train") as train:
            left = v1.InteractiveSession(graph=own_graph)
        with as_before():
            train.reset()
        assert left._closed
        with train:
            assert v1.get_default_session() is train.session


@pytest.mark.parametrize("has_graph", [False, True])
def test_an_interactive_session_of_the_notebook_can_be_closed_inside(open_session: Open, has_graph: bool) -> None:
    """Outside it is closed then, too: it is not the default any more, nor is a graph that it had entered."""
    graph = tf.Graph()
    train = open_session("train")
    interactive = v1.InteractiveSession(graph=graph if has_graph else None)
    adopted = tfsess_magics.adopt(interactive, "mine")
    with adopted:
        interactive.close()
    assert v1.get_default_session() is None
    assert tf.executing_eagerly()
    assert v1.get_default_graph() is not graph
    with train:
        assert tf.constant(1).eval() == 1
