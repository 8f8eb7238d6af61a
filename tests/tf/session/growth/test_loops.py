"""A graph that grows with every run of a loop is told, with the line."""

import gc
import re
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from tests.tf.session.growth.growing import ADD, growth, loop, news, run_cell, x
from tfsess_magics.core.session import CellCode
from tfsess_magics.tf.session.growth import _CELLS, _STEPS
from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1


def test_a_loop_of_runs_that_add_operations_is_told_with_its_line(train: NamedSession) -> None:
    def leak(_: int) -> None:
        train.run(tf.add(x(), 1))

    loop(train, leak, _STEPS - 1)
    assert growth(train) == ""
    loop(train, leak, 1)
    assert growth(train).startswith(
        "graph grows: each session.run adds 2 operations, most of them at growth/test_loops.py:"
    )
    assert growth(train).endswith(": train.run(tf.add(x(), 1))")
    assert news() == [f"train: {growth(train)}"]
    loop(train, leak)
    assert news() == []


LEAKS: dict[str, Callable[[Any], Callable[[int], object]]] = {
    "a constant each time": lambda s: lambda number: s.run(tf.constant(float(number))),
    "an element by its number": lambda s: lambda number: s.run(tf.reshape(x(), [1])[number % 1]),
    "after a step of training": lambda s: lambda _: (s.run("x:0"), s.run("x:0"), s.run(tf.negative(x()))),
    "two of them": lambda s: lambda _: (s.run(tf.add(x(), 1)), s.run(tf.multiply(x(), 2))),
    "in control dependencies": lambda s: lambda _: (tf.group(x()), s.run(tf.group(x()))),
    "a gradient": lambda s: lambda _: s.run(tf.gradients(tf.square(x()), x())),
    "an iterator": lambda s: (
        lambda number: s.run(v1.data.make_one_shot_iterator(tf.data.Dataset.from_tensors(number)).get_next())
    ),
    "a callable": lambda s: lambda _: s.make_callable(tf.add(x(), 1))(),
    "eval": lambda _: lambda _: tf.add(x(), 1).eval(),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_every_form_of_the_leak_is_seen(train: NamedSession, leak: str) -> None:
    loop(train, LEAKS[leak](train), _STEPS)
    assert re.search(r"each session\.run adds \d operations?, .*at growth/test_loops\.py:", growth(train))


@pytest.mark.parametrize("use_resource", [True, False])
def test_an_assignment_in_the_loop_is_seen_with_either_kind_of_variable(
    train: NamedSession, use_resource: bool
) -> None:
    with train:
        variable = v1.get_variable("v", initializer=0.0, use_resource=use_resource)
        train.run(variable.initializer)
    loop(train, lambda _: train.run(v1.assign_add(variable, 1.0)), _STEPS)
    assert "most of them at growth/test_loops.py:" in growth(train)


def test_the_mark_of_a_loop_goes_after_as_many_runs_without_it(train: NamedSession) -> None:
    loop(train, lambda _: train.run(tf.add(x(), 1)))
    loop(train, lambda _: train.run("x:0"), _STEPS - 1)
    assert growth(train)
    loop(train, lambda _: train.run("x:0"), 2)
    assert growth(train) == ""


def test_the_mark_of_a_loop_goes_when_its_cell_runs_without_growth(train: NamedSession) -> None:
    run_cell(train, 3, lambda: loop(train, lambda _: train.run(tf.add(x(), 1))), ADD._replace(id="id 1"))
    assert "each session.run adds" in growth(train)
    run_cell(train, 4, lambda: train.run("x:0"), CellCode("fixed", "id 1"))
    assert growth(train) == ""


def test_a_loop_in_a_cell_that_is_run_again_is_said_once(train: NamedSession) -> None:
    def body() -> None:
        loop(train, lambda _: train.run(tf.add(x(), 1)))

    for number in range(_CELLS):
        run_cell(train, number, body, ADD)
    assert len(news()) == 1
    assert "each session.run adds" in growth(train)


def test_nothing_of_the_graph_is_kept(train: NamedSession) -> None:
    for number in range(_CELLS):
        run_cell(train, number, lambda: x() + 1, ADD)
    loop(train, lambda _: train.run(tf.add(x(), 1)))
    growing, graph = train.watched.growth, weakref.ref(train.graph)
    train.reset()
    gc.collect()
    assert graph() is None
    assert growing.mark


def test_an_untouched_graph_is_not_looked_at(train: NamedSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run costs where nothing is added is in benchmarks/run.py."""
    told: list[int] = []
    monkeypatch.setattr(type(train.watched.growth), "extended", lambda _, begun: told.append(begun))
    loop(train, lambda _: train.run("x:0"))
    assert told == []
    loop(train, lambda _: train.run(tf.add(x(), 1)), 2)
    assert told == [1, 3]
