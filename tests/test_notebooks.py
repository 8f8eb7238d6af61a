"""The notebooks that users open."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from traitlets.config import Config

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@pytest.fixture(scope="module", params=["tour", "modules_in_control"])
def notebook(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    """Each notebook as it is stored."""
    return nbformat.read(NOTEBOOKS / f"{request.param}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def outputs(notebook: nbformat.NotebookNode, tmp_path_factory: pytest.TempPathFactory) -> list[nbformat.NotebookNode]:
    """What it shows when it is run."""
    executed = nbformat.from_dict(notebook)
    sockets = str(tmp_path_factory.mktemp("kernel") / "ipc")  # a port that was free a moment ago may be taken
    NotebookClient(
        executed,
        timeout=300,
        startup_timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": NOTEBOOKS}},
        config=Config({"ConnectionFileMixin": {"transport": "ipc", "ip": sockets}}),
    ).execute()
    return [output for cell in executed.cells if cell.cell_type == "code" for output in cell.outputs]


def test_a_notebook_is_stored_without_outputs(notebook: nbformat.NotebookNode) -> None:
    """What it shows is made on the reader's machine."""
    assert not [cell for cell in notebook.cells if cell.cell_type == "code" and (cell.outputs or cell.execution_count)]


def test_a_notebook_runs_and_says_nothing_on_stderr(outputs: list[nbformat.NotebookNode]) -> None:
    """Every cell runs, what it promises is asserted in it, and no output is an error or a warning."""
    assert outputs
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]


@pytest.mark.parametrize("notebook", ["tour"], indirect=True)
def test_the_tour_shows_plots(outputs: list[nbformat.NotebookNode]) -> None:
    """Plots people want to look at."""
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 4
