import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

import tfsess_magics


@dataclass(frozen=True)
class Outcome:
    """What a cell printed, its value and the error it failed with."""

    out: str
    err: str
    value: Any
    error: BaseException | None


class Notebook:
    """A real shell that runs cells."""

    def __init__(self, shell: InteractiveShell, capture: pytest.CaptureFixture[str]) -> None:
        self.shell = shell
        self._capture = capture

    def run(self, cell: str) -> Outcome:
        self._capture.readouterr()
        result = self.shell.run_cell(cell, store_history=True)
        captured = self._capture.readouterr()
        return Outcome(captured.out, captured.err, result.result, result.error_before_exec or result.error_in_exec)

    def ok(self, cell: str) -> Outcome:
        outcome = self.run(cell)
        assert outcome.error is None, outcome.error
        return outcome


@pytest.fixture(scope="session")
def shell() -> InteractiveShell:
    config = Config()
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    return InteractiveShell.instance(config=config)


@pytest.fixture
def plain_notebook(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Iterator[Notebook]:
    """A shell without the extension."""
    shell.display_formatter.active_types = ["text/plain"]
    yield Notebook(shell, capsys)
    shell.reset()
    tf.compat.v1.reset_default_graph()  # cells that are in no session build in it


@pytest.fixture
def notebook(plain_notebook: Notebook) -> Iterator[Notebook]:
    """A shell with the extension, whose sessions are closed after the test."""
    tfsess_magics.load_ipython_extension(plain_notebook.shell)
    yield plain_notebook
    tfsess_magics.close(*tfsess_magics.process.registry.names)
    tfsess_magics.unload_ipython_extension(plain_notebook.shell)


def note(error: BaseException | None) -> str:
    """Return the one note of the error, or of what it came from."""
    notes: list[str] = []
    while error is not None:
        notes += getattr(error, "__notes__", [])
        error = error.__cause__ or error.__context__
    (only,) = notes
    return only


def explained(notebook: Notebook, cell: str) -> str:
    """Run a cell that fails; its note is shown once, under the error."""
    outcome = notebook.run(cell)
    said = note(outcome.error)
    assert outcome.out.count(said) == 1
    return said


@pytest.fixture
def two(notebook: Notebook) -> Iterator[tuple[Notebook, int]]:
    """Sessions prep and train, each with a tensor, and the cell in which that of prep was made."""
    notebook.ok("import tensorflow as tf, tfsess_magics\nv1 = tf.compat.v1")
    cell = notebook.shell.execution_count
    notebook.ok("%%tfsession prep\nx = tf.constant(1.0, name='x')\nfed = v1.placeholder(tf.float32, [], name='fed')")
    notebook.ok("%%tfsession train\ny = tf.constant(2.0, name='y')")
    yield notebook, cell
    notebook.run("1 / 0")  # IPython keeps the last error, and with it the sessions of its frames


@pytest.fixture
def tf_notebook(notebook: Notebook) -> Notebook:
    """Where TensorFlow is imported."""
    notebook.ok("import tensorflow as tf\nv1 = tf.compat.v1")
    return notebook
