"""What is said under an error of TensorFlow's: of an element of another graph."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notebook.conftest import Notebook, explained


@pytest.mark.parametrize(
    ("body", "element"),
    [
        ("x + y", "tensor 'x:0'"),
        ("y + x", "tensor 'x:0'"),
        ("x.eval()", "tensor 'x:0'"),
        ("v1.get_default_session().run([y, x])", "tensor 'x:0'"),
        ("y.eval({fed: 1.0})", "tensor 'fed:0'"),
        ("tf.control_dependencies([x]).__enter__()", "tensor 'x:0'"),
        ("tf.gradients(y, x)", "tensor 'x:0'"),
    ],
)
def test_of_another_graph(two: tuple[Notebook, int], body: str, element: str) -> None:
    """Where the tensor was made, where it was used, and what to do."""
    notebook, cell = two
    assert explained(notebook, f"%%tfsession train\n{body}") == (
        f"tfsess_magics: {element} was made in session 'prep' (generation 1, cell {cell}); this cell runs in 'train'. "
        "Evaluate it there and pass the value: %%tfsession prep"
    )


@pytest.mark.parametrize("body", ["x.op.run()", "v1.get_default_session().run(x.op)"])
def test_an_operation_of_another_graph(two: tuple[Notebook, int], body: str) -> None:
    """It has an effect, and no value that could be passed."""
    notebook, cell = two
    assert explained(notebook, f"%%tfsession train\n{body}") == (
        f"tfsess_magics: operation 'x' was made in session 'prep' (generation 1, cell {cell}); "
        "this cell runs in 'train'. Run it there: %%tfsession prep"
    )


@pytest.mark.needs("IPython>=9")
def test_of_another_graph_under_time(two: tuple[Notebook, int]) -> None:
    """The same where a magic above runs the body."""
    said = explained(two[0], "%%time\n%%tfsession train\nx + y")
    assert "was made in session 'prep'" in said
    assert "this cell runs in 'train'" in said


def test_of_another_graph_in_an_ordinary_cell(two: tuple[Notebook, int]) -> None:
    """The session that was asked to run it is named."""
    said = explained(two[0], "tfsess_magics.get('train').run(x)")
    assert "was made in session 'prep'" in said
    assert "it was used in session 'train'" in said


def test_of_a_graph_that_two_sessions_work_in(two: tuple[Notebook, int]) -> None:
    """Both are named, as long as they do: which of them made it is not known."""
    notebook, cell = two
    notebook.ok("%%tfsession also --graph x.graph\nv1.get_default_graph() is x.graph")
    said = explained(notebook, "%%tfsession train\nx + y")
    assert f"tensor 'x:0' was made in the graph of 'prep' and 'also' (cell {cell}); this cell runs in 'train'" in said
    assert said.endswith("Evaluate it there and pass the value: %%tfsession prep")
    notebook.ok("%tfsession reset prep")
    assert "'x:0' was made in session 'also' (generation 1, cell" in explained(notebook, "%%tfsession train\nx + y")
    notebook.ok("%tfsession close also")
    assert "'x:0' was made before the reset of 'prep'" in explained(notebook, "%%tfsession train\nx + y")


def test_of_an_error_that_comes_again_in_an_ordinary_cell(two: tuple[Notebook, int]) -> None:
    """Where it was used is not known there; both are named, and no other."""
    notebook, cell = two
    notebook.ok("%%tfsession train\ntry:\n    x + y\nexcept Exception as error:\n    kept = error")
    assert explained(notebook, "raise kept") == (
        f"tfsess_magics: tensor 'x:0' was made in session 'prep' (generation 1, cell {cell}); "
        f"tensor 'y:0' was made in session 'train' (generation 1, cell {cell + 1}). "
        "Evaluate one of them, and pass the value to the graph of the other"
    )
    notebook.ok("del kept")


def test_of_a_tensor_that_is_used_in_the_session_of_other_code(two: tuple[Notebook, int]) -> None:
    """Its number is no name, and once it is closed nothing is."""
    notebook, _ = two
    notebook.ok("%tfsession reset prep")
    said = explained(
        notebook, "sess = v1.Session(graph=tf.Graph())\nwith sess.graph.as_default(): tf.constant(1)\nsess.run(x)"
    )
    assert re.search(
        r"; it was used in the graph of #\d+, a session made by cell \d+\. Build it in the graph where", said
    )
    said = explained(notebook, "%%tfsession train\nwith sess:\n    y.eval()")
    assert "; it was used in another graph. Evaluate it there and pass the value: %%tfsession train" in said
    notebook.ok("del sess")


LIBRARY = "import tensorflow as tf\n\ndef reset():\n    tf.compat.v1.reset_default_graph()\n"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module that resets the default graph, and the place of that."""
    (tmp_path / "resetting.py").write_text(LIBRARY)
    monkeypatch.syspath_prepend(tmp_path)
    yield f"resetting.reset ({tmp_path.name}/resetting.py:4)"
    sys.modules.pop("resetting", None)


def test_of_the_graph_after_a_reset_of_the_default_graph_by_a_library(two: tuple[Notebook, int], library: str) -> None:
    """The session gets the graph when the cell has ended."""
    notebook, _ = two
    notebook.ok("import resetting")
    said = explained(notebook, "%%tfsession train\nresetting.reset()\nz = tf.constant(3.0, name='z')\nz.eval()")
    assert said == (
        f"tfsess_magics: 'z:0' was made after reset_default_graph, which {library} called; this cell runs in "
        "'train', which goes on with the new graph when this is over. Run it then: %%tfsession train"
    )
    assert notebook.ok("%%tfsession train\nz.eval()").value == 3.0
    said = explained(notebook, "%%tfsession train\nresetting.reset()\nx + tf.constant(3.0)")
    assert "tensor 'x:0' was made in session 'prep'" in said
    run_there = "resetting.reset()\nz = tf.constant(3.0)\ntfsess_magics.get('prep').session.run(z)"
    said = explained(notebook, f"%%tfsession train\nimport tfsess_magics\n{run_there}")
    assert "it was used in session 'prep'. " in said
    assert "goes on with the new graph" not in said
    notebook.ok("del z, tfsess_magics")


def test_of_the_graph_that_a_reset_has_left_empty(two: tuple[Notebook, int], library: str) -> None:
    """TensorFlow speaks of the session's graph, in which nothing was built."""
    notebook = two[0]
    run = "import resetting\nresetting.reset()\nz = tf.constant(3.0)\nv1.get_default_session().run(z)"
    assert explained(notebook, f"%%tfsession fresh\n{run}") == (
        f"tfsess_magics: 'Const:0' was made after reset_default_graph, which {library} called; "
        "this cell runs in 'fresh', which goes on with the new graph when this is over. Run it then: %%tfsession fresh"
    )
    assert notebook.ok("%%tfsession fresh\nz.eval()").value == 3.0
    notebook.ok("%tfsession close fresh\ndel z")


def test_of_what_was_made_before_a_reset_in_the_same_cell(two: tuple[Notebook, int]) -> None:
    """It is of another generation, as after any reset; so is a TensorFlow session that a name still holds."""
    notebook, cell = two[0], two[1] + 1
    notebook.ok("%%tfsession train\nsess = v1.get_default_session()")
    said = explained(notebook, "%%tfsession train\nv1.reset_default_graph()\ny + tf.constant(3.0)")
    assert said == (
        f"tfsess_magics: tensor 'y:0' was made before the reset of 'train' (generation 1, cell {cell}); "
        "this cell runs in 'train'. Build it again in 'train'."
    )
    cell = notebook.shell.execution_count
    assert explained(notebook, "%%tfsession train\nz = tf.constant(3.0, name='z')\nsess.run(z)") == (
        f"tfsess_magics: tensor 'z:0' was made in session 'train' (generation 2, cell {cell}); it was used before the "
        "reset of 'train'. Ask for the present session: tfsess_magics.get('train').session"
    )
    assert notebook.ok("%%tfsession train\ntfsess_magics.get('train').session.run(z)").value == 3.0
    notebook.ok("del z, sess")


@pytest.mark.parametrize("cell", ["x + 1", "x.eval()"])
def test_of_what_is_gone_in_an_ordinary_cell(two: tuple[Notebook, int], cell: str) -> None:
    """Nothing leads back to it."""
    notebook, _ = two
    notebook.ok("%tfsession reset prep")
    said = explained(notebook, cell)
    assert "was made before the reset of 'prep' (generation 1, cell" in said
    assert said.endswith(". Build it again: %%tfsession prep")
    notebook.ok("%tfsession close prep")
    said = explained(notebook, cell)
    assert "was made in session 'prep', which was closed since (generation 1, cell" in said
    assert said.endswith(". Build it again: %%tfsession NAME")


@pytest.mark.parametrize("cell", ["z + 1", "z.eval()"])
def test_of_other_code_in_an_ordinary_cell(two: tuple[Notebook, int], cell: str) -> None:
    """Its session can be given a name, or its graph where it has none."""
    notebook, _ = two
    notebook.ok("with tf.Graph().as_default():\n    z = tf.constant(1.0); sess = v1.Session()")
    assert re.search(r"\. To go on there: %tfsession adopt #\d+ NAME$", explained(notebook, cell))
    notebook.ok("sess.close()")
    assert explained(notebook, cell).endswith(". To work in its graph: %%tfsession NAME --graph GRAPH")
    notebook.ok("del z, sess")


def test_in_an_ordinary_cell(two: tuple[Notebook, int]) -> None:
    """TensorFlow's "out of scope" is an eager cell that uses a graph's tensor."""
    notebook, cell = two
    assert explained(notebook, "x + 1") == (
        f"tfsess_magics: tensor 'x:0' was made in session 'prep' (generation 1, cell {cell}); this cell is eager. "
        "Go on there: %%tfsession prep"
    )


def test_of_an_older_generation(two: tuple[Notebook, int]) -> None:
    """Made before a reset."""
    notebook, cell = two
    notebook.ok("%tfsession reset prep")
    assert explained(notebook, "%%tfsession prep\ntf.constant(1.0) + x") == (
        f"tfsess_magics: tensor 'x:0' was made before the reset of 'prep' (generation 1, cell {cell}); "
        "this cell runs in 'prep'. Build it again in 'prep'."
    )


def test_of_a_closed_session(two: tuple[Notebook, int]) -> None:
    """Its name is still known."""
    two[0].ok("%tfsession close prep")
    assert "was made in session 'prep', which was closed since" in explained(two[0], "%%tfsession train\nx + y")


def test_of_the_graph_of_other_code(two: tuple[Notebook, int]) -> None:
    """The session that is on it, if there is one, and who made that."""
    notebook, _ = two
    cell = notebook.shell.execution_count
    notebook.ok("with tf.Graph().as_default():\n    z = tf.constant(1.0, name='z'); sess = v1.Session()")
    said = explained(notebook, "%%tfsession train\ny + z")
    assert re.search(rf"made in the graph of (#\d+), a session made by cell {cell} \(cell {cell}\)", said)
    assert re.search(r"To run it where it was made: %tfsession adopt #\d+ NAME", said)
    notebook.ok("sess.close()")
    assert "was made in no session that is open" in explained(notebook, "%%tfsession train\ny + z")
    notebook.ok("del sess, z")


def test_an_empty_graph_of_several_sessions_is_told_of_the_one_that_ran(notebook: Notebook) -> None:
    notebook.ok("import tensorflow as tf\ng = tf.Graph()")
    for name in "ab":
        notebook.ok(f"%%tfsession {name} --graph g\n1")
    for name in "ab":
        assert explained(notebook, f"%%tfsession {name}\ntf.compat.v1.get_default_session().run('x:0')") == (
            f"tfsess_magics: the graph of {name!r} (generation 1) has no operations yet. "
            f"Build them in it: %%tfsession {name}"
        )
