"""Interactive sessions of ordinary cells: closed in any order, they leave TensorFlow's defaults as without them."""

import itertools
import re
import threading
from typing import Any

import pytest

import tfsess_magics
from tests.notebook.conftest import Notebook
from tfsess_magics import Kind
from tfsess_magics.process import connect

DEFAULTS = "v1.get_default_session(), tf.executing_eagerly(), tf.constant(1).numpy()"
NONE = (None, True, 1)


def numbers() -> list[str]:
    return [info.name for info in tfsess_magics.sessions() if info.kind is Kind.OBSERVED]


def number_of(notebook: Notebook, expression: str) -> str:
    """Return the number under which the list has it."""
    session = notebook.shell.user_ns[expression]
    record: Any = connect().find(session)
    return str(record.name)


def make(notebook: Notebook, graphs: str) -> None:
    """Make the sessions a, b, ... each in its own cell; with a graph of its own where `graphs` says 1."""
    for name, own in zip("abc", graphs, strict=False):
        notebook.ok(f"{name} = v1.InteractiveSession({'graph=tf.Graph()' if own == '1' else ''})")


@pytest.mark.parametrize("graphs", ["00", "11", "01", "10", "101", "111"])
def test_the_close_that_a_notice_advises_works_in_any_order(tf_notebook: Notebook, graphs: str) -> None:
    """Those that remain are defaults as before; after the last one ordinary cells are as if none had been."""
    for order in itertools.permutations("abc"[: len(graphs)]):
        make(tf_notebook, graphs)
        left = list("abc"[: len(graphs)])
        for name in order:
            outcome = tf_notebook.ok(f"%tfsession close {number_of(tf_notebook, name)}")
            assert outcome.out.splitlines()[0].startswith("closed #")
            assert tf_notebook.shell.user_ns[name]._closed
            left.remove(name)
            if left:
                assert tf_notebook.ok(f"v1.get_default_session() is {left[-1]}").value is True
                own = [one for one in left if graphs["abc".index(one)] == "1"]
                graph = f"v1.get_default_graph() is {own[-1]}.graph" if own else "tf.executing_eagerly()"
                assert tf_notebook.ok(graph).value is True
        assert tf_notebook.ok(DEFAULTS).value == NONE
        tf_notebook.ok(f"del {', '.join(order)}")


@pytest.mark.parametrize("end", [";", " ;", ";  # done"])
def test_a_semicolon_behind_the_number_hides_nothing(tf_notebook: Notebook, end: str) -> None:
    """It is no comment, and no part of the number."""
    make(tf_notebook, "1")
    tf_notebook.ok(f"%tfsession close {number_of(tf_notebook, 'a')}{end}")
    assert tf_notebook.shell.user_ns["a"]._closed
    tf_notebook.ok("del a")


@pytest.mark.parametrize("graphs", ["11", "01"])
def test_what_remains_can_be_closed_by_its_own_method(tf_notebook: Notebook, graphs: str) -> None:
    """As the user would who had never made the other one; in the same cell TensorFlow is eager again."""
    make(tf_notebook, graphs)
    tf_notebook.ok(f"%tfsession close {number_of(tf_notebook, 'a')}")
    assert tf_notebook.ok(f"c = tf.constant(2)\nprint(c.eval())\nb.close()\n{DEFAULTS}").value == NONE
    tf_notebook.ok("del a, b, c")


def test_the_innermost_one_closes_as_its_own_method_does(tf_notebook: Notebook) -> None:
    """TensorFlow's count of open ones, for its warning, included."""
    found = []
    for close in ("%tfsession close {}", "a.close()"):
        make(tf_notebook, "1")
        tf_notebook.ok(close.format(number_of(tf_notebook, "a")))
        attributes = "a._closed, a._explicitly_closed, a._default_session, a._default_graph, a._active_session_count"
        found.append(tf_notebook.ok(f"{attributes}, {DEFAULTS}").value)
        assert tf_notebook.ok("a.close()").out == ""
    assert found[0] == found[1]
    tf_notebook.ok("del a")


def test_one_in_which_a_graph_was_entered(tf_notebook: Notebook) -> None:
    """The graph stays entered until its own context manager leaves it; the next cell is eager."""
    make(tf_notebook, "1")
    tf_notebook.ok("g = tf.Graph(); manager = g.as_default(); manager.__enter__();")
    tf_notebook.ok(f"%tfsession close {number_of(tf_notebook, 'a')}")
    assert tf_notebook.ok("v1.get_default_graph() is g, v1.get_default_session()").value == (True, None)
    assert tf_notebook.ok("manager.__exit__(None, None, None);").out == ""
    assert tf_notebook.ok(DEFAULTS).value == NONE
    tf_notebook.ok("del a, g, manager")


def test_one_that_is_closed_in_the_cell_of_a_session(tf_notebook: Notebook) -> None:
    """There the notebook's defaults lie aside; the cell's own are as before."""
    make(tf_notebook, "11")
    first, second = number_of(tf_notebook, "a"), number_of(tf_notebook, "b")
    for number in (first, second):
        cell = f"%%tfsession train\n%tfsession close {number}\ntf.constant(3).eval()"
        assert tf_notebook.ok(cell).value == 3
    assert tf_notebook.ok(DEFAULTS).value == NONE
    tf_notebook.ok("del a, b")


def test_one_that_a_cell_of_a_session_left_open(tf_notebook: Notebook) -> None:
    """The next cell of that session does not find it among its defaults."""
    tf_notebook.ok("%%tfsession train\na, b = v1.InteractiveSession(), v1.InteractiveSession(graph=tf.Graph())")
    tf_notebook.ok(f"%tfsession close {number_of(tf_notebook, 'a')}")
    cell = "%%tfsession train\nv1.get_default_session() is b, v1.get_default_graph() is b.graph"
    assert tf_notebook.ok(cell).value == (True, True)
    tf_notebook.ok(f"%tfsession close {number_of(tf_notebook, 'b')}")
    assert tf_notebook.ok("%%tfsession train\ntf.constant(3).eval()").value == 3
    tf_notebook.ok("del a, b")


def test_one_that_another_thread_closes(tf_notebook: Notebook) -> None:
    """As a click does; the thread of the cells is rid of it with the cell that runs meanwhile or comes next."""
    make(tf_notebook, "11")
    for name in ("a", "b"):
        thread = threading.Thread(target=tfsess_magics.close, args=[number_of(tf_notebook, name)])
        thread.start()
        thread.join()
        assert tf_notebook.ok("1;").out == ""
    assert tf_notebook.ok(DEFAULTS).value == NONE
    tf_notebook.ok("del a, b")


def test_close_all_says_what_it_leaves(tf_notebook: Notebook) -> None:
    """And the line that closes that, which is run."""
    cell = tf_notebook.shell.execution_count
    make(tf_notebook, "11")
    tf_notebook.ok("%tfsession new train")
    out = tf_notebook.ok("%tfsession close --all").out
    closed, first, second, line = out.splitlines()[:4]
    assert closed.startswith("closed train: ")
    assert re.fullmatch(rf"left #\d+, made by cell {cell}: it has no name", first)
    assert re.fullmatch(rf"left #\d+, made by cell {cell + 1}: it has no name", second)
    tf_notebook.ok(line.removeprefix("To close what has no name: "))
    assert tf_notebook.ok(DEFAULTS).value == NONE
    assert numbers() == []
    assert tf_notebook.ok("%tfsession close --all").out == "no session is open\n"
    tf_notebook.ok("del a, b")


def test_close_all_says_that_it_leaves_eager_variables(tf_notebook: Notebook) -> None:
    """And what frees them."""
    tf_notebook.ok("w = tf.Variable(1.0)")
    assert (
        "left eager (outside any scope): these variables belong to ordinary cells, and to no session. To free one, "
        "delete the names that refer to it: del NAME."
    ) in tf_notebook.ok("%tfsession close --all").out
    tf_notebook.ok("del w")
    assert tf_notebook.ok("%tfsession close --all").out == "no session is open\n"
