"""What is said, in cells, lists and details, of a graph that grows with every run of the same code."""

import re
from collections.abc import Callable

import pytest

import tfsess_magics
from tests.notebook.conftest import Notebook
from tfsess_magics.core.model import Kind

GROWS = "%%tfsession train\nz = 1\ny = x + 1\ny.eval();"
LOOP = "for _ in range(21):\n    session.run(tf.add(x, 1))"


@pytest.fixture
def cells(notebook: Notebook) -> Notebook:
    notebook.ok(
        "%%tfsession train\nimport tensorflow as tf\nx = tf.constant(1)\nsession = tf.compat.v1.get_default_session()"
    )
    return notebook


def last_cell(cells: Notebook) -> int:
    return int(cells.shell.execution_count) - 1


def test_a_cell_that_grows_the_graph_three_times_says_so_once_with_its_line(cells: Notebook) -> None:
    assert [cells.ok(GROWS).out for _ in range(2)] == ["", ""]
    out = cells.ok(GROWS).out
    cell = last_cell(cells)
    mark = f"graph grows: each run of cell {cell} adds 2 operations, most of them at cell {cell}, line 3: y = x + 1"
    assert out == f"train: {mark}\n"
    assert mark in cells.ok("%tfsession").out
    assert re.search(f"^mark +{re.escape(mark)}$", cells.ok("%tfsession info train").out, re.MULTILINE)
    assert cells.ok(GROWS).out == ""
    assert f"each run of cell {last_cell(cells)} adds " in cells.ok("%tfsession").out


def test_info_says_how_many_operations_the_last_cell_has_added(cells: Notebook) -> None:
    def operations() -> str:
        found = re.search(r"^operations +(.*)$", cells.ok("%tfsession info train").out, re.MULTILINE)
        assert found
        return found[1]

    assert operations() == "1 (1 added by cell 1)"
    cells.ok("%%tfsession train\nfor _ in range(1203): tf.raw_ops.Neg(x=x)")
    cell = last_cell(cells)
    assert operations() == f"1,204 (1,203 added by cell {cell})"
    cells.ok("%%tfsession train\n1")
    cell = last_cell(cells)
    assert operations() == f"1,204 (none added by cell {cell})"
    cells.ok("%tfsession reset train")
    assert operations() == "none: the graph is empty"


@pytest.mark.parametrize(
    "end",
    [
        lambda cells: cells.ok("%tfsession reset train"),
        lambda cells: cells.shell.run_cell("%%tfsession train\ny.eval()", store_history=True, cell_id="id"),
    ],
    ids=["reset", "edited"],
)
def test_the_mark_goes(cells: Notebook, end: Callable[[Notebook], object]) -> None:
    for _ in range(3):
        cells.shell.run_cell(GROWS, store_history=True, cell_id="id")
    assert "graph grows" in cells.ok("%tfsession").out
    end(cells)
    assert "graph grows" not in cells.ok("%tfsession").out
    assert "graph grows" not in cells.ok("%tfsession info train").out


def test_a_cell_under_another_magic_is_known_again(cells: Notebook) -> None:
    """``%%time`` gives no line away but its number."""
    out = [cells.ok(f"%%time\n{GROWS}").out for _ in range(3)]
    assert "grows" not in out[1]
    expected = (
        f"train: graph grows: each run of cell {last_cell(cells)} adds 2 operations, most of them at <timed exec>:3\n"
    )
    assert out[2].endswith(expected)


def test_a_loop_says_so_under_its_cell(cells: Notebook) -> None:
    out = cells.ok(f"%%tfsession train\n{LOOP}").out
    cell = last_cell(cells)
    expected = f"each session.run adds 2 operations, most of them at cell {cell}, line 3: session.run(tf.add(x, 1))"
    assert out == f"train: graph grows: {expected}\n"
    assert expected in cells.ok("%tfsession").out


def test_an_observed_session_says_so_under_an_ordinary_cell(cells: Notebook) -> None:
    cells.ok(
        "graph = tf.Graph()\nwith graph.as_default(): x = tf.constant(1)\nsession = tf.compat.v1.Session(graph=graph)"
    )
    (name,) = (info.name for info in tfsess_magics.sessions() if info.kind is Kind.OBSERVED)
    loop = "with graph.as_default():\n    for _ in range(21):\n        session.run(tf.add(x, 1))"
    out = cells.ok(loop).out
    cell = last_cell(cells)
    expected = f"each session.run adds 2 operations, most of them at cell {cell}, line 3: session.run(tf.add(x, 1))"
    assert out == f"{name}: graph grows: {expected}\n"
    assert expected in cells.ok(f"%tfsession info {name}").out
    assert cells.ok(loop).out == ""
    cells.ok("session.close()")


@pytest.mark.parametrize("silent", [True, False])
def test_a_silent_cell_leaves_it_to_the_next_one(cells: Notebook, silent: bool) -> None:
    for _ in range(3):
        cells.shell.run_cell(GROWS, silent=silent)
    assert ("graph grows" in cells.ok("pass").out) is silent


def test_building_by_hand_is_not_marked(cells: Notebook) -> None:
    """One look at the same thing in each of many cells."""
    for number in range(25):
        assert cells.ok(f"%%tfsession train\n(x + 1).eval();  # {number}").out == ""
    assert "graph grows" not in cells.ok("%tfsession").out


def test_a_cell_that_fails_after_it_has_built_is_marked_too(cells: Notebook) -> None:
    out = [cells.run("%%tfsession train\ny = x * 2\n1 / 0").out for _ in range(3)]
    assert "each run of cell" not in out[1]
    assert out[2].endswith(f"cell {last_cell(cells)}, line 2: y = x * 2\n")


def test_the_widget_shows_it(cells: Notebook) -> None:
    from tfsess_magics.extension import feed
    from tfsess_magics.notebook.views.widget import Panel

    for _ in range(3):
        cells.ok(GROWS)
    panel = Panel(tfsess_magics.process.registry, feed)
    try:
        (row,) = panel._rows.values()
        assert f"graph grows: each run of cell {last_cell(cells)} adds 2 operations, " in row._text.value
    finally:
        panel.close()
