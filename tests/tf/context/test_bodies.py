"""Whatever a body does to TensorFlow's defaults and its graph ends with the body."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.framework import ops

from tests.tf.conftest import Open
from tests.tf.outside import as_before
from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1
# What is said of a body that changes the defaults is tested in tests/notebook/test_guard.py.
pytestmark = pytest.mark.filterwarnings("ignore::tfsess_magics.SessionWarning")


def interactive() -> None:
    v1.InteractiveSession()


def interactive_on_its_own_graph() -> None:
    v1.InteractiveSession(graph=tf.Graph())


def two_interactive_oldest_closed_first() -> None:
    first, second = v1.InteractiveSession(graph=tf.Graph()), v1.InteractiveSession(graph=tf.Graph())
    with pytest.raises(AssertionError, match="Nesting violated"):
        first.close()
    second.close()


def graph_entered() -> None:
    kept.append(tf.Graph().as_default())
    kept[-1].__enter__()


def session_entered() -> None:
    kept.append(v1.Session())
    kept[-1].__enter__()


def entered_and_left_in_another_order() -> None:
    kept.extend([tf.Graph().as_default(), v1.Session(graph=tf.Graph()).as_default(), tf.Graph().as_default()])
    for manager in kept:
        manager.__enter__()
    with pytest.raises(AssertionError, match="Nesting violated"):
        kept[0].__exit__(None, None, None)


def eager_used_inside() -> None:
    kept.append(context.eager_mode())
    kept[-1].__enter__()
    kept[-1].__exit__(None, None, None)


def graph_reset() -> None:
    v1.reset_default_graph()


def keras_cleared() -> None:
    tf.keras.backend.clear_session()


def stacks_cleared() -> None:
    ops._default_graph_stack.reset()


def raises() -> None:
    graph_entered()
    raise ZeroDivisionError


def open_generator() -> None:
    def inside() -> Iterator[None]:
        with tf.Graph().as_default(), v1.Session():
            yield

    generator = inside()
    next(generator)
    kept.append(generator)


kept: list[Any] = []
BODIES: list[Callable[[], None]] = [
    interactive,
    interactive_on_its_own_graph,
    two_interactive_oldest_closed_first,
    graph_entered,
    session_entered,
    entered_and_left_in_another_order,
    eager_used_inside,
    graph_reset,
    keras_cleared,
    stacks_cleared,
    raises,
    open_generator,
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
def test_whatever_a_body_does_to_the_defaults_reaches_nothing_outside(
    open_session: Open, body: Callable[[], None]
) -> None:
    """The thread's defaults are afterwards what they were, and the session can be entered again."""
    with as_before():
        try:
            with open_session("train"):
                body()
        except ZeroDivisionError:
            assert body is raises
    with as_before(), open_session("train") as session:
        assert v1.get_default_graph() in (session.graph, *graphs_left(session))
        assert tf.constant(1.0).eval() == 1.0
    with as_before():
        kept.clear()


def graphs_left(session: NamedSession) -> list[tf.Graph]:
    assert session._generation is not None
    return [left.graph for left in session._generation.interactive]


def test_a_reset_default_graph_gives_the_session_the_new_graph(open_session: Open) -> None:
    """What was built after it is the session's graph, in a new generation."""
    with open_session("train") as train:
        old = train.graph
        tf.constant(1)
        v1.reset_default_graph()
        x = tf.constant(2.0)
    assert train.graph is x.graph
    assert train.graph is not old
    assert train.generation == 2
    with train:
        assert x.eval() == 2.0


def test_a_reset_default_graph_at_the_end_gives_an_empty_graph(open_session: Open) -> None:
    """With its options: seed and device go on."""
    with open_session("train", seed=7, device="/CPU:0") as train:
        tf.constant(1)
        v1.reset_default_graph()
    assert train.graph.version == 0
    assert train.graph.seed == 7
    with train:
        assert tf.constant(1).device == "/device:CPU:0"


@pytest.mark.parametrize(
    "enter",
    [
        lambda: v1.name_scope("left").__enter__(),
        lambda: v1.variable_scope("left").__enter__(),
        lambda: tf.device("/CPU:0").__enter__(),
        lambda: tf.control_dependencies([tf.no_op()]).__enter__(),
        lambda: v1.get_default_graph().colocate_with(tf.no_op()).__enter__(),
    ],
    ids=["name_scope", "variable_scope", "device", "control_dependencies", "colocate_with"],
)
def test_what_a_body_leaves_open_in_the_graph_does_not_reach_the_next(
    open_session: Open, enter: Callable[[], Any]
) -> None:
    """A scope of the graph that is entered and never left ends with the body."""
    with open_session("train"):
        kept.append(enter())
        assert tf.constant(1, name="in").graph is not None
    with open_session("train"):
        op = tf.constant(1, name="out").op
        variable = v1.get_variable("v", [])
        assert (op.name, op.device, op.control_inputs, op.colocation_groups()) == ("out", "", [], [b"loc:@out"])
        assert variable.op.name == "v"
    kept.clear()
