"""What modules do to TensorFlow's defaults in ordinary cells is said once, with who it was."""

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notebook.conftest import Notebook

NOT_EAGER = "ordinary cells build in its graph and are not eager any more"


@pytest.fixture
def loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module that enters graphs and does not leave them."""
    (tmp_path / "loader.py").write_text(
        textwrap.dedent("""\
            import tensorflow as tf
            kept, running = [], None
            class Loader:
                def __init__(self):
                    self.manager = tf.Graph().as_default()
                    self.manager.__enter__()
            def load():
                kept.append(Loader())
            def batches():
                with tf.Graph().as_default():
                    yield
            def steps():
                with tf.compat.v1.Session(graph=tf.Graph()).as_default():
                    yield
            def start(generator):
                global running
                running = generator()
                next(running)
            """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield f"{tmp_path.name}/loader.py"
    sys.modules.pop("loader", None)


def test_a_graph_that_a_module_left_entered(tf_notebook: Notebook, loader: str) -> None:
    """The module is named by what holds the context manager."""
    tf_notebook.ok("import loader")
    assert tf_notebook.ok("loader.load()").out == (
        f"a context manager in loader.kept entered a graph and never left it; {NOT_EAGER}\n"
    )
    assert tf_notebook.ok("loader.kept.pop().manager.__exit__(None, None, None);").out == ""


def test_a_generator_that_is_suspended_inside_a_graph(tf_notebook: Notebook, loader: str) -> None:
    """With its place, also if another function resumed it."""
    tf_notebook.ok("import loader")
    assert tf_notebook.ok("loader.start(loader.batches)").out == (
        f"loader.batches ({loader}:11) is suspended inside a graph; {NOT_EAGER}\n"
    )
    assert tf_notebook.ok("loader.running.close()").out == ""


def test_a_generator_that_is_suspended_inside_a_session(tf_notebook: Notebook, loader: str) -> None:
    """With the session's number and maker."""
    tf_notebook.ok("import loader")
    out = tf_notebook.ok("loader.start(loader.steps)").out
    assert re.fullmatch(
        rf"loader\.steps \({re.escape(loader)}:14\) is suspended inside a session, #\d+, "
        rf"made by loader:steps {re.escape(loader)}:13; it stays the default session of ordinary cells\n",
        out,
    )
    assert tf_notebook.ok("loader.running.close()").out == ""


@pytest.fixture
def resetting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "resetting.py").write_text(
        textwrap.dedent("""\
            import tensorflow as tf
            def reset():
                tf.compat.v1.reset_default_graph()
            """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield f"{tmp_path.name}/resetting.py"
    sys.modules.pop("resetting", None)


def test_a_module_that_resets_the_notebooks_graph(tf_notebook: Notebook, resetting: str) -> None:
    """Only where something was in it, and only when it was not the cell itself."""
    tf_notebook.ok("import resetting")
    assert tf_notebook.ok("resetting.reset()").out == ""
    build = "with v1.get_default_graph().as_default():\n    tf.constant(1)\n"
    assert tf_notebook.ok(f"{build}resetting.reset()").out == (
        f"resetting.reset ({resetting}:3) called reset_default_graph: "
        "the default graph of ordinary cells is an empty one\n"
    )
    assert tf_notebook.ok(f"{build}v1.reset_default_graph()").out == ""
