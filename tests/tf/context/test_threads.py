"""TensorFlow's defaults are those of the thread that entered a session."""

import gc
import threading
from contextlib import AbstractContextManager

import tensorflow as tf

from tests.forks import run
from tests.tf.conftest import Open
from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1


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


def test_a_thread_does_not_reuse_variables_unless_it_says_so(open_session: Open) -> None:
    """As in plain TensorFlow, though it looks at the graph's variable scopes in eager mode first."""
    session, graph = open_session("a"), tf.Graph()
    with session:
        v1.get_variable("v", [])
    with graph.as_default():
        v1.get_variable("v", [])
    raised: dict[str, type[BaseException]] = {}

    def build(name: str, scope: AbstractContextManager[object]) -> None:
        try:
            with scope:
                v1.get_variable("v", [])
        except ValueError as error:
            raised[name] = type(error)

    for name, scope in {"session": session, "plain": graph.as_default()}.items():
        thread = threading.Thread(target=build, args=(name, scope))
        thread.start()
        thread.join()
    assert raised == {"session": ValueError, "plain": ValueError}


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
    done = run(V1_BEHAVIOUR)
    assert done.stdout.strip() == "('/device:CPU:0', ['Const'], '')", done.stderr
