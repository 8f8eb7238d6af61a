"""``%%tfsession`` cells under nbclient, as nbconvert, papermill and jupyter execute run them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from .harness import ENVIRONMENT, TIMEOUT

_CELLS = {
    "prepare": "%load_ext tfsess_magics\nimport tensorflow as tf",
    "ok": "%%tfsession book\nx = tf.compat.v1.placeholder(tf.float32, name='x')\nx.name",
    "error": "%%tfsession book\nx = 1\n1/0",
    "async-error": "%%tfsession book\nimport asyncio\nawait asyncio.sleep(0)\n1/0",
    "header-error": "%%tfsession book --treads 2\nprint('body')",
    "syntax-error": "%%tfsession book\nx = (",
    "after": "tf.executing_eagerly(), tf.compat.v1.get_default_session()",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotebookClient]:
    """A notebook in a running kernel, its cells still to be run."""
    home: Path = tmp_path_factory.mktemp("nbclient")
    notebook = new_notebook(cells=[new_code_cell(source) for source in _CELLS.values()])
    patience = int(TIMEOUT)
    resources = {"metadata": {"path": str(home)}}
    client = NotebookClient(notebook, timeout=patience, iopub_timeout=patience, resources=resources)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**ENVIRONMENT, "IPYTHONDIR": str(home)}.items():
            patch.setenv(name, value)
        with client.setup_kernel():
            _execute(client, "prepare")
            yield client


def _execute(client: NotebookClient, name: str) -> list[dict[str, object]]:
    index = list(_CELLS).index(name)
    return list(client.execute_cell(client.nb.cells[index], index)["outputs"])


def test_body_runs(client: NotebookClient) -> None:
    """A body's value is the cell's output, and later cells are eager."""
    assert _execute(client, "ok")[0]["data"] == {"text/plain": "'x:0'"}
    assert _execute(client, "after")[0]["data"] == {"text/plain": "(True, None)"}


@pytest.mark.parametrize(
    ("name", "ename"),
    [
        ("error", "ZeroDivisionError"),
        ("async-error", "ZeroDivisionError"),
        ("header-error", "UsageError"),
        ("syntax-error", "SyntaxError"),
    ],
)
def test_failing_cell_ends_the_notebook(client: NotebookClient, name: str, ename: str) -> None:
    """An error in the body or in the header raises CellExecutionError, and the kernel is left eager."""
    with pytest.raises(CellExecutionError) as raised:
        _execute(client, name)
    assert raised.value.ename == ename
    assert _execute(client, "after")[0]["data"] == {"text/plain": "(True, None)"}
