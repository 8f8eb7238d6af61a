"""Ordinary cells that leave graphs and sessions in another order than they entered them are told what that keeps."""

import re
from collections.abc import Iterator

import pytest
from tensorflow.python.eager import context
from tensorflow.python.framework import ops, stack

from tests.notebook.conftest import Notebook


@pytest.fixture
def stacks() -> Iterator[None]:
    """TensorFlow's defaults are put back, which nothing public can do once it has refused to leave one."""
    yield
    ops._default_graph_stack.reset()
    stack._default_session_stack.reset()
    context.context()._thread_local_data.is_eager = True


AMONG = "among the default graphs of ordinary cells"
DISORDER = "was left before what was entered after it, and TensorFlow keeps it"


def test_graphs_that_an_ordinary_cell_left_in_the_wrong_order(tf_notebook: Notebook, stacks: None) -> None:
    """In one cell, and the one that is open still is told apart."""
    enter = "a, b = tf.Graph().as_default(), tf.Graph().as_default(); a.__enter__(); b.__enter__();"
    outcome = tf_notebook.run(f"{enter} a.__exit__(None, None, None)")
    assert isinstance(outcome.error, AssertionError)
    (note,) = outcome.error.__notes__
    assert note == (
        "tfsess_magics: a graph was left before a graph that was entered after it. Leave first what was entered last; "
        "TensorFlow keeps it among this thread's defaults until the kernel is restarted. "
        "In a cell under %%tfsession NAME the order is put right after the cell"
    )
    assert outcome.out.splitlines()[-2:] == [
        f"a graph {DISORDER} {AMONG} until the kernel is restarted",
        f"code entered a graph and never left it; it stays {AMONG}. To leave it: b.__exit__(None, None, None)",
    ]
    tf_notebook.ok("b.__exit__(None, None, None)")
    assert tf_notebook.ok("%%tfsession train\ntf.constant(1.0).eval();").out == ""
    tf_notebook.run("del a, b; 1 / 0")


def test_a_graph_that_a_later_cell_left_in_the_wrong_order(tf_notebook: Notebook, stacks: None) -> None:
    """Said once more than that it is open."""
    assert "To leave it: a." in tf_notebook.ok("a = tf.Graph().as_default(); a.__enter__();").out
    assert "To leave it: b." in tf_notebook.ok("b = tf.Graph().as_default(); b.__enter__();").out
    outcome = tf_notebook.run("a.__exit__(None, None, None)")
    assert outcome.out.splitlines()[-1].startswith(f"a graph {DISORDER}")
    assert tf_notebook.ok("b.__exit__(None, None, None);").out == (
        "since a graph was left before what was entered after it, ordinary cells are not eager any more until the "
        "kernel is restarted\n"
    )
    assert tf_notebook.ok("1;").out == ""
    tf_notebook.run("del a, b; 1 / 0")


def test_sessions_that_an_ordinary_cell_left_in_the_wrong_order(tf_notebook: Notebook, stacks: None) -> None:
    """By number and maker."""
    cell = tf_notebook.shell.execution_count
    tf_notebook.ok("s, t = v1.Session(graph=tf.Graph()), v1.Session(graph=tf.Graph())")
    outcome = tf_notebook.run(
        "a, b = s.as_default(), t.as_default(); a.__enter__(); b.__enter__(); a.__exit__(*3 * [None])"
    )
    first, second = outcome.out.splitlines()[-2:]
    assert re.fullmatch(
        rf"a session, #\d+, made by cell {cell}, {DISORDER} among the default sessions of ordinary cells until the "
        "kernel is restarted",
        first,
    )
    assert re.match(rf"a session, #\d+, made by cell {cell}, was left open; it stays the default session", second)
    tf_notebook.ok("b.__exit__(None, None, None)\ns.close(); t.close()")
    tf_notebook.run("del a, b, s, t; 1 / 0")


def test_an_interactive_session_that_was_closed_too_early(tf_notebook: Notebook, stacks: None) -> None:
    """What is on TensorFlow's stack is closed, which ``eval`` would find out."""
    tf_notebook.ok("s, t = v1.InteractiveSession(), v1.InteractiveSession()")
    assert tf_notebook.run("s.close()").out.splitlines()[-1] == (
        f"an InteractiveSession, which is closed, {DISORDER} among the default sessions of ordinary cells until the "
        "kernel is restarted"
    )
    tf_notebook.ok("t.close()")
    tf_notebook.run("del s, t; 1 / 0")
