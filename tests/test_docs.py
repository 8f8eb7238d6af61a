"""The README and the pages of docs: short, true, and executable."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from traitlets.config import Config

from docs.generate_reference import FILE, generate

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
WORDS = 900


def _cells(page: Path) -> list[str]:
    """Return the blocks of Python of a page, but for those that install."""
    blocks = [code.rstrip() for language, code in BLOCK.findall(page.read_text("utf-8")) if language == "python"]
    return [code for code in blocks if "pip install" not in code]


def _execute(cells: list[str], folder: Path) -> list[nbformat.NotebookNode]:
    """Run cells in a fresh kernel and return them with their outputs."""
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    NotebookClient(
        notebook,
        timeout=300,
        startup_timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": folder}},
        config=Config({"ConnectionFileMixin": {"transport": "ipc", "ip": str(folder / "ipc")}}),
    ).execute()
    executed: list[nbformat.NotebookNode] = notebook.cells
    return executed


@pytest.mark.parametrize("page", [page for page in PAGES if _cells(page)], ids=lambda page: page.name)
def test_the_blocks_of_a_page_run_in_their_order(page: Path, tmp_path: Path) -> None:
    """As cells of one notebook. A block of text behind one is the text that it shows."""
    cells = _execute(_cells(page), tmp_path)
    text = page.read_text("utf-8")
    for cell in cells:
        _, _, behind = text.partition(f"```python\n{cell.source}\n```\n")
        if shown := re.match(r"\n```\n(.*?)\n```$", behind, re.DOTALL | re.MULTILINE):
            assert [output["data"]["text/plain"] for output in cell.outputs] == [shown[1]]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").split()) < WORDS


def test_the_reference_is_up_to_date() -> None:
    """``reference.md`` is what ``python -m docs.generate_reference`` writes; it should be this text."""
    assert FILE.read_text("utf-8") == generate(), generate()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
