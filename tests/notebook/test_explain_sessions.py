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


PARTIAL = """a, b = v1.placeholder(tf.float32, [], 'a'), v1.placeholder(tf.float32, [], 'b')
first = a + b
second = first * b
def partly(session):
    handle = session.partial_run_setup([first, second], [a, b])
    return session.partial_run(handle, first, {a: 1.0, b: 2.0}), session.partial_run(handle, second)
"""


@pytest.mark.parametrize("session", ["v1.get_default_session()", "v1.InteractiveSession(graph=a.graph)"])
def test_a_partial_run_that_is_fed(two: tuple[Notebook, int], session: str) -> None:
    """Of the two ways on both give the values."""
    notebook, _ = two
    notebook.ok(f"%%tfsession train\n{PARTIAL}")
    said = explained(notebook, f"%%tfsession train\nsession = {session}\npartly(session)")
    head, at_once, other = said.split(": ")[1:]
    assert (
        head == "this session places only what a run needs, and TensorFlow cannot feed its partial runs. Run all in one"
    )
    run, _ = at_once.split("; ")
    given = "fetches, feed_dict = [first, second], {a: 1.0, b: 2.0}"
    assert notebook.ok(f"%%tfsession train\n{given}\n{run}").value == [3.0, 6.0]
    assert notebook.ok(f"%%tfsession train\nwith {other} as other: values = partly(other)\nvalues").value == (3.0, 6.0)
    notebook.run("del session, other, a, b, first, second, partly, values, fetches, feed_dict; 1 / 0")


@pytest.mark.parametrize(
    ("wants", "make"),
    [
        ("t.eval()", "v1.py_func"),
        ("v + v1.get_default_session().run(t)", "v1.py_func"),
        ("t.eval()", "tf.numpy_function"),
        ("t.eval()", "tf.py_function"),
    ],
)
def test_a_python_function_that_wants_a_session(two: tuple[Notebook, int], wants: str, make: str) -> None:
    """It gets the value as an input, or the session by bind."""
    notebook, _ = two
    notebook.ok(
        "%%tfsession train\nt, tensor, dtype = tf.constant(2.0), tf.constant(2.0), tf.float32\n"
        f"def function(v): return {wants}\nvalue = {make}(function, [t], dtype)"
    )
    said = explained(notebook, "%%tfsession train\nvalue.eval()")
    assert explained(notebook, "tfsess_magics.get('train').run(value)") == said
    head, as_input, bound = said.removeprefix("tfsess_magics: ").split(": ")
    assert head == (
        "the function of a py_func wanted a session, and TensorFlow calls it where there is none. "
        "Give it the value among its inputs"
    )
    with_bind, header = bound, as_input.split("under ")[1]
    assert notebook.ok(f"{header}\n{with_bind}.eval()").value in (2.0, 4.0)
    call = as_input.split("; ")[0]
    assert notebook.ok(f"{header}\ndef function(v): return v\n{call}.eval()").value == 2.0
    notebook.run("del t, tensor, value, function; 1 / 0")


def test_a_python_function_that_wants_a_session_in_one_of_other_code(two: tuple[Notebook, int]) -> None:
    """There is nothing that bind could carry."""
    notebook, _ = two
    said = explained(
        notebook,
        "with v1.Session(graph=tf.Graph()):\n"
        "    v1.py_func(lambda v: v1.get_default_session().run(v), [tf.constant(1.0)], tf.float32).eval()",
    )
    assert said.endswith("Give it the value among its inputs: tf.compat.v1.py_func(function, [tensor], dtype)")


def test_another_error_of_a_python_function(two: tuple[Notebook, int]) -> None:
    """Nothing is said of sessions."""
    notebook, _ = two
    outcome = notebook.run("%%tfsession train\nv1.py_func(lambda v: 1 / 0, [tf.constant(1.0)], tf.float32).eval()")
    assert "wanted a session" not in outcome.out
