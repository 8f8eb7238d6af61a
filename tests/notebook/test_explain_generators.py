"""What is said of a generator that goes on outside of the graph or session that it was inside of."""

from collections.abc import Iterator

import pytest

from tests.notebook.conftest import Notebook, explained

STEPS = """\
def in_graph(then):
    with tf.Graph().as_default():
        x = tf.constant(1.0, name='x')
        yield
        then(x)

def in_session(then):
    with tf.Graph().as_default(), v1.Session():
        x = tf.constant(1.0, name='x')
        yield
        then(x)

def in_block(then):
    with tf.Graph().as_default():
        x = tf.constant(1.0, name='x')
        session = v1.Session()
    with session.as_default():
        yield
        then(x)
"""


@pytest.fixture
def steps(notebook: Notebook) -> Iterator[tuple[Notebook, int]]:
    """A notebook with generators that are suspended inside, and the cell that defines them."""
    notebook.ok("import tensorflow as tf\nv1 = tf.compat.v1")
    cell = notebook.shell.execution_count
    notebook.ok(STEPS)
    yield notebook, cell
    notebook.run("1 / 0")  # IPython keeps the last error, and with it the sessions of its frames


@pytest.mark.parametrize("header", ["", "%%tfsession train\n", "%%tfsession other\n"])
@pytest.mark.parametrize("generator", ["in_session(lambda x: x.eval())", "in_block(lambda x: x.eval())"])
def test_a_generator_that_was_inside_a_session(steps: tuple[Notebook, int], header: str, generator: str) -> None:
    """Wherever it goes on."""
    notebook, cell = steps
    notebook.ok(f"%%tfsession train\nstep = {generator}; next(step)")
    assert explained(notebook, f"{header}next(step)") == (
        f"tfsess_magics: {generator.split('(', maxsplit=1)[0]} (cell {cell}) had entered a graph or session, and was "
        "suspended in it when its cell ended: it is outside of it since. "
        "Let it come to its end in the cell that begins it."
    )
    notebook.ok("del step")


@pytest.mark.parametrize("then", ["x + 1.0", "x.eval()", "v1.placeholder(tf.float32)"])
def test_a_generator_that_was_inside_a_graph(steps: tuple[Notebook, int], then: str) -> None:
    """Whatever it does there."""
    notebook, _ = steps
    notebook.ok(f"%%tfsession train\nstep = in_graph(lambda x: {then}); next(step)")
    assert "had entered a graph or session, and was suspended in it" in explained(notebook, "next(step)")
    notebook.ok("del step")


def test_a_generator_that_begins_and_ends_in_one_cell_is_not_meant(steps: tuple[Notebook, int]) -> None:
    """Also of a function of which another generator was ended."""
    notebook, _ = steps
    notebook.ok("%%tfsession train\nended = in_graph(lambda x: None); next(ended)")
    said = explained(notebook, "%%tfsession train\nlist(in_graph(lambda x: x.eval()))")
    assert "was suspended" not in said
    assert "tensor 'x:0' was made in no session that is open" in said
    notebook.ok("del ended")
