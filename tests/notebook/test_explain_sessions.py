"""What is said of sessions that are closed, empty or not the default."""

import concurrent.futures
import re

import pytest

from tests.notebook.conftest import Notebook, explained


def test_an_empty_graph_of_an_ordinary_cell(two: tuple[Notebook, int]) -> None:
    """What the cell built is in no graph."""
    said = explained(two[0], "c = tf.constant(1.0)\nv1.Session().run(c)")
    assert (
        "what an ordinary cell builds is eager and in no graph. Build and run in one session: %%tfsession NAME" in said
    )


def test_an_empty_graph_of_other_codes_session_in_a_cell_of_a_session(two: tuple[Notebook, int]) -> None:
    """Which of the sessions it is, and where the cell builds."""
    notebook, _ = two
    notebook.ok("graph = tf.Graph(); also = v1.Session(graph=graph)")
    cell = notebook.shell.execution_count
    said = explained(notebook, "%%tfsession train\nsess = v1.Session(graph=graph)\nsess.run(y)")
    assert re.fullmatch(
        rf"tfsess_magics: the graph of this session \(#\d+, made by cell {cell}\) has no operations; this cell runs in "
        r"'train', and builds there\. To build in the graph of a session: with session\.graph\.as_default\(\)",
        said,
    )
    notebook.ok("with sess.graph.as_default():\n    z = tf.constant(1.0)\nsess.run(z)\ndel sess, also, graph, z")


def test_a_session_of_other_code_that_was_closed(two: tuple[Notebook, int]) -> None:
    """Which cell closed it."""
    notebook, _ = two
    notebook.ok("with tf.Graph().as_default():\n    sess = v1.Session(); z = tf.constant(1.0)")
    cell = notebook.shell.execution_count
    notebook.ok("with sess:\n    pass")
    assert explained(notebook, "sess.run(z)") == (
        f"tfsess_magics: the session was closed by cell {cell}, and its variables are gone. "
        "Run again what made it, and close it after its last use"
    )
    notebook.ok("del sess, z")


@pytest.mark.parametrize(
    ("kept", "used"),
    [
        ("v1.get_default_session()", "kept.run(y)"),
        ("v1.get_default_session().make_callable(y)", "kept()"),
        ("v1.get_default_session().make_callable([y])", "kept()"),
        ("v1.get_default_session().make_callable(y.op)", "kept()"),
        ("v1.get_default_session()._make_callable_from_options(options)", "kept()"),
    ],
)
def test_a_session_that_was_reset(two: tuple[Notebook, int], kept: str, used: str) -> None:
    """Who has kept it, or a callable of it, for which TensorFlow has other words, is told of the present one."""
    notebook, _ = two
    notebook.ok(
        "from tensorflow.core.protobuf.config_pb2 import CallableOptions\noptions = CallableOptions(fetch=['y:0'])"
    )
    notebook.ok(f"%%tfsession train\nkept = {kept}")
    cell = notebook.shell.execution_count
    notebook.ok("%tfsession reset train")
    assert explained(notebook, used) == (
        f"tfsess_magics: the session was closed by cell {cell}; it was used before the reset of 'train'. "
        "Ask for the present one: tfsess_magics.get('train').session"
    )
    notebook.ok("del kept, options, CallableOptions")


def test_a_session_of_other_code_on_the_graph_of_one_that_was_reset(two: tuple[Notebook, int]) -> None:
    """It was never the named one's."""
    notebook, _ = two
    notebook.ok("sess = v1.Session(graph=x.graph)")
    cell = notebook.shell.execution_count
    notebook.ok("%tfsession reset prep\nsess.close()")
    assert explained(notebook, "sess.run(x)") == (
        f"tfsess_magics: the session was closed by cell {cell}, and its variables are gone. "
        "Run again what made it, and close it after its last use"
    )
    notebook.ok("del sess")


def test_no_default_session(two: tuple[Notebook, int]) -> None:
    """The session that the tensor belongs to."""
    notebook, cell = two
    assert explained(notebook, "x.eval()") == (
        f"tfsess_magics: tensor 'x:0' was made in session 'prep' (generation 1, cell {cell}). Put the cell in it: "
        "%%tfsession prep; or pass session=tfsess_magics.get('prep').session"
    )
    assert notebook.ok("x.eval(session=tfsess_magics.get('prep').session)").value == 1.0


def test_left_in_the_wrong_order(two: tuple[Notebook, int]) -> None:
    """Scopes that a cell leaves too early, and the note about them."""
    notebook, _ = two
    enter = "a, b = tf.Graph().as_default(), tf.Graph().as_default(); a.__enter__(); b.__enter__()"
    assert explained(notebook, f"%%tfsession train\n{enter}\na.__exit__(None, None, None)") == (
        "tfsess_magics: a graph was left before a graph that was entered after it. Leave first what was entered last; "
        "the order is put right after this cell"
    )
    sessions = "a, b = v1.Session().as_default(), v1.Session().as_default(); a.__enter__(); b.__enter__()"
    said = explained(notebook, f"%%tfsession train\n{sessions}\na.__exit__(None, None, None)")
    assert "a session was left before a session" in said
    notebook.ok("del a, b")


def test_a_reset_of_the_default_graph_inside_of_one(two: tuple[Notebook, int]) -> None:
    """Where it is allowed, and how a session gets an empty graph."""
    notebook, _ = two
    reset = "with tf.Graph().as_default(): v1.reset_default_graph()"
    said = (
        "tfsess_magics: the line is inside of a with block, or after a call of __enter__, that enters a graph, and "
        "only outside of that the default graph can be reset"
    )
    assert explained(notebook, reset) == said
    assert explained(notebook, f"%%tfsession train\n{reset}") == (
        f"{said}. For an empty graph in 'train': %tfsession reset train"
    )


def test_another_thread(two: tuple[Notebook, int]) -> None:
    """A thread of the cell has no session, and how it gets one is said where its error is shown."""
    notebook, _ = two
    notebook.shell.user_ns["pool"] = concurrent.futures.ThreadPoolExecutor(1)
    try:
        for call in ("y.eval", "lambda: v1.placeholder(tf.float32)", "lambda: y + 1"):
            said = explained(notebook, f"%%tfsession train\npool.submit({call}).result()")
            assert "To carry the cell's session there: tfsess_magics.bind(function)" in said
    finally:
        notebook.shell.user_ns.pop("pool").shutdown()
