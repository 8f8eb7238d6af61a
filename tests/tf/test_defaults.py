"""Inside, the session's graph and session are TensorFlow's defaults; outside, all is as before."""

import gc
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.framework import ops

import tfsess_magics
from tests.tf.conftest import Open
from tfsess_magics.tf import generation, swap
from tfsess_magics.tf.defaults import choose_defaults
from tfsess_magics.tf.nested import NestedDefaults
from tfsess_magics.tf.session import NamedSession
from tfsess_magics.tf.stay import innermost_stay

v1 = tf.compat.v1

# What is said of a body that changes the defaults is tested in tests/notebook/test_guard.py.
pytestmark = pytest.mark.filterwarnings("ignore::tfsess_magics.SessionWarning")


def outside() -> tuple[object, ...]:
    """Return the defaults of this thread as its code sees them, the graph below the stack included."""
    local = context.context()._thread_local_data
    return (
        tf.executing_eagerly(),
        v1.get_default_session(),
        id(ops._default_graph_stack._GetGlobalDefaultGraph()),
        len(ops._default_graph_stack.stack),
        len(context.context().context_switches.stack),
        local.device_name,
        local.scope_name,
    )


@contextmanager
def as_before() -> Iterator[None]:
    before = outside()
    yield
    assert outside() == before
    assert tf.constant(2).numpy() == 2


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


def test_an_interactive_session_stays_the_sessions_own(open_session: Open) -> None:
    """Left open in one stay, it is the default session of the next one, as TF 1 code expects, and of no other."""
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
    """Its graph is the default graph of the next stay, until it is closed."""
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


def test_another_thread_sees_nothing_of_it(open_session: Open) -> None:
    """Defaults are those of the thread that entered."""
    seen: list[object] = []
    with open_session("a"):
        thread = threading.Thread(target=lambda: seen.append((tf.executing_eagerly(), v1.get_default_session())))
        thread.start()
        thread.join()
    assert seen == [(True, None)]


def test_two_threads_in_two_sessions(open_session: Open) -> None:
    """Each has its own graph as the default one, at the same time."""
    barrier = threading.Barrier(2)
    found: dict[str, bool] = {}

    def build(session: NamedSession) -> None:
        with session:
            barrier.wait()
            x = tf.constant(1.0)
            barrier.wait()
            found[session.name] = x.graph is session.graph and x.eval() == 1.0

    threads = [threading.Thread(target=build, args=(open_session(name),)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"a": True, "b": True}


def test_a_suspended_stay_keeps_what_was_open_in_it(open_session: Open) -> None:
    """Between two steps of a coroutine the thread has its own defaults, and the body finds its scopes again."""
    stay = open_session("a").enter("a test")
    with as_before():
        stay.resume()
        scope = v1.name_scope("outer")
        scope.__enter__()
        stay.suspend()
    with as_before():
        stay.resume()
        assert tf.constant(1, name="x").op.name == "outer/x"
        scope.__exit__(None, None, None)
        stay.suspend()
        stay.suspend()
    stay.end()


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


def test_the_nested_way_enters_and_leaves(open_session: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where TensorFlow's private parts have other names, entering nests instead."""
    assert choose_defaults() is swap.DefaultsSwap
    with monkeypatch.context() as patch:
        patch.delattr(ops._default_graph_stack, "_global_default_graph")
        assert choose_defaults() is NestedDefaults
    monkeypatch.setattr(generation, "defaults_of", NestedDefaults)
    with as_before(), open_session("a", device="/CPU:0") as session:
        assert v1.get_default_graph() is session.graph
        assert v1.get_default_session() is session.session
        assert tf.constant(1.0).device == "/device:CPU:0"
        assert tf.constant(1.0).eval() == 1.0


def test_a_block_of_a_thread_that_is_gone_is_no_use(open_session: Open) -> None:
    """A thread that entered and never left does not keep the session in use."""
    session = open_session("a")
    thread = threading.Thread(target=session.__enter__)
    thread.start()
    thread.join()
    gc.collect()
    assert session.use() is None


V1_BEHAVIOUR = """
import threading
import tensorflow as tf
import tfsess_magics
tf.compat.v1.disable_v2_behavior()
session = tfsess_magics.session("a")
def enter():
    with session:
        tf.constant(1)
with session:
    a = tf.constant(1)
    with tf.device("/CPU:0"), tf.control_dependencies([a]):
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        op = tf.constant(2).op
    print((op.device, [i.name for i in op.control_inputs], tf.constant(3).device))
"""


def test_threads_do_not_meet_in_a_graph_without_tensorflow_2_behaviour() -> None:
    """What is open in a graph is per thread in our graphs, also where TensorFlow shares it."""
    run = subprocess.run([sys.executable, "-c", V1_BEHAVIOUR], stdout=subprocess.PIPE, text=True, check=True)
    assert run.stdout.strip() == "('/device:CPU:0', ['Const'], '')"


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


def test_a_block_that_a_cell_left_open_is_the_innermost_of_nothing_afterwards(open_session: Open) -> None:
    """Also when the cell was suspended meanwhile, in which the block is where it was again."""
    outer, inner = open_session("outer"), open_session("inner")
    cell = outer.enter("cell 1")
    cell.resume()
    inner.__enter__()
    for _ in range(2):
        cell.suspend()
        assert innermost_stay() is None
        cell.resume()
        assert innermost_stay() is not cell
        assert v1.get_default_session() is inner.session
    cell.end()
    assert innermost_stay() is None
    assert inner.use() is outer.use() is None
