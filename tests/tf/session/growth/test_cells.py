"""A graph that grows with every run of the same cell is told, with the line."""

import functools

import pytest
import tensorflow as tf

from tests.tf.conftest import Open
from tests.tf.session.growth.growing import ADD, added, growth, news, run_cell, x
from tfsess_magics.core.session import CellCode
from tfsess_magics.tf.session.growth import _CELLS, _STEPS
from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1


def test_the_operations_that_a_stay_has_added_are_known(open_session: Open) -> None:
    train = open_session("train")
    assert added(train) is None
    run_cell(train, 5, lambda: [tf.constant(1), tf.constant(2)], CellCode("a"))
    assert added(train) == (2, "cell 5")
    run_cell(train, 6, lambda: None, CellCode("b"))
    assert added(train) == (0, "cell 6")
    with train:
        tf.constant(3)
    assert added(train) == (1, "a with block")
    train.reset()
    assert added(train) is None


def test_what_a_cell_builds_after_a_reset_of_the_default_graph_is_what_it_has_added(train: NamedSession) -> None:
    def body() -> None:
        v1.reset_default_graph()
        tf.constant(1)

    for number in range(5):
        run_cell(train, number, body, CellCode("reset"))
        assert added(train) == (1, f"cell {number}")
    assert growth(train) == ""


def test_a_cell_that_adds_operations_three_times_is_told_with_its_line(train: NamedSession) -> None:
    for number in range(5, 5 + _CELLS - 1):
        run_cell(train, number, lambda: x() + 1, ADD)
        assert growth(train) == ""
    run_cell(train, 7, lambda: x() + 1, ADD)
    expected = "graph grows: each run of cell 7 adds 2 operations, most of them at growth/test_cells.py:"
    assert growth(train).startswith(expected)
    assert growth(train).endswith(": run_cell(train, 7, lambda: x() + 1, ADD)")
    assert news() == [f"train: {growth(train)}"]
    run_cell(train, 7, lambda: x() + 1, ADD)
    assert news() == []  # it is said once


def test_runs_of_other_cells_come_between(train: NamedSession) -> None:
    for number in range(_CELLS):
        run_cell(train, number, lambda: x() + 1, ADD)
        run_cell(train, number, lambda: train.run("x:0"), CellCode("show"))
    assert "each run of cell 2 adds" in growth(train)


def test_a_cell_that_adds_now_more_now_less_says_so(train: NamedSession) -> None:
    numbers = iter(range(_CELLS))
    for number in range(_CELLS):
        run_cell(train, number, lambda: [tf.constant(0) for _ in range(next(numbers) + 1)], ADD)
    assert growth(train).startswith("graph grows: each run of cell 2 adds 1 to 3 operations")


def test_different_cells_may_build_step_by_step(train: NamedSession) -> None:
    for number in range(2 * _STEPS):
        code = compile("train.run(x() + 1)", f"cell {number}", "exec")
        body = functools.partial(exec, code, {"train": train, "x": x})
        run_cell(train, number, body, CellCode(f"step {number}"))
        run_cell(train, number, body, CellCode(f"step {number}"))
    assert growth(train) == ""
    assert news() == []


@pytest.mark.parametrize("code", [ADD, CellCode("y.eval()", "id 1")], ids=["same", "edited"])
def test_the_mark_goes_when_the_cell_runs_without_growth(train: NamedSession, code: CellCode) -> None:
    """It may have been edited, where the front end says which cell it is."""
    for number in range(_CELLS):
        run_cell(train, number, lambda: x() + 1, ADD._replace(id="id 1"))
    assert growth(train)
    run_cell(train, 8, lambda: None, CellCode("another", "id 2"))
    assert growth(train)
    run_cell(train, 9, lambda: None, code)
    assert growth(train) == ""
    assert news() == []


def test_the_mark_goes_with_a_reset(train: NamedSession) -> None:
    for number in range(_CELLS):
        run_cell(train, number, lambda: x() + 1, ADD)
    train.reset()
    assert growth(train) == ""
    assert news() == []


def test_operations_that_do_not_remember_a_line_are_told_without_one(train: NamedSession) -> None:
    """Those of a graph that is imported."""
    with tf.Graph().as_default() as graph:
        tf.constant(1.0, name="c")
    definition = graph.as_graph_def()
    for number in range(_CELLS):
        run_cell(train, number, lambda: tf.import_graph_def(definition), ADD)
    assert growth(train) == "graph grows: each run of cell 2 adds 1 operation"
    assert len(news()) == 1
