"""The notebook that a newcomer opens first."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

TOUR = Path(__file__).parents[1] / "notebooks" / "tour.ipynb"


@pytest.fixture(scope="module")
def executed() -> nbformat.NotebookNode:
    notebook = nbformat.read(TOUR, as_version=4)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": TOUR.parent}}
    ).execute()
    return notebook


def test_the_tour_is_stored_without_outputs() -> None:
    """What it shows is made on the reader's machine."""
    notebook = nbformat.read(TOUR, as_version=4)
    assert not [cell for cell in notebook.cells if cell.cell_type == "code" and (cell.outputs or cell.execution_count)]


def test_the_tour_runs_and_says_nothing_on_stderr(executed: nbformat.NotebookNode) -> None:
    """Every cell runs, the network's accuracy is asserted in it, and no output is an error or a warning."""
    outputs = [output for cell in executed.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]


def test_the_tour_shows_plots(executed: nbformat.NotebookNode) -> None:
    """Plots people want to look at."""
    outputs = [output for cell in executed.cells if cell.cell_type == "code" for output in cell.outputs]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 4
