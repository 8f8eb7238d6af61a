"""A graph that grows with every run of the same code is told, with the line; one that is built in steps is not."""

import functools
import gc
import importlib.util
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tfsess_magics.core.model import Kind
from tfsess_magics.core.session import CellCode
from tfsess_magics.tf.growth import _CELLS, _STEPS
from tfsess_magics.tf.session import NamedSession

v1 = tf.compat.v1


@pytest.fixture
def train(open_session: Open) -> NamedSession:
    """A session with a tensor that has run."""
    train = open_session("train")
    with train:
        train.run(tf.constant(1.0, name="x"))
    return train


def growth(session: NamedSession) -> str:
    """Return what is said of the session's graph; lists and the panel say the same."""
    found = session.info().growth
    assert session.summary(ask=False).growth == found
    return found


def news() -> list[str]:
    """Return what would be said under a cell."""
    return tfsess_magics.process.news()


def run_cell(session: NamedSession, number: int, body: Callable[[], object], code: CellCode) -> None:
    """Run the body of a cell."""
    stay = session.enter(f"cell {number}", code=code)
    stay.resume()
    try:
        body()
    finally:
        stay.end()


def added(session: NamedSession) -> tuple[int, str] | None:
    return session.info().added


def loop(session: NamedSession, step: Callable[[int], object], times: int = 2 * _STEPS) -> None:
    """Do `step` in the session, as code in one loop does."""
    with session:
        for number in range(times):
            step(number)


def x() -> Any:
    return v1.get_default_graph().get_tensor_by_name("x:0")


ADD = CellCode("y = x + 1")


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
    expected = "graph grows: 2 operations with each run of cell 7; tf/test_growth.py:"
    assert growth(train).startswith(expected)
    assert growth(train).endswith(": run_cell(train, 7, lambda: x() + 1, ADD)")
    assert news() == [f"train: {growth(train)}"]
    run_cell(train, 7, lambda: x() + 1, ADD)
    assert news() == []  # it is said once


def test_runs_of_other_cells_come_between(train: NamedSession) -> None:
    for number in range(_CELLS):
        run_cell(train, number, lambda: x() + 1, ADD)
        run_cell(train, number, lambda: train.run("x:0"), CellCode("show"))
    assert "with each run of cell 2" in growth(train)


def test_a_cell_that_adds_now_more_now_less_says_so(train: NamedSession) -> None:
    numbers = iter(range(_CELLS))
    for number in range(_CELLS):
        run_cell(train, number, lambda: [tf.constant(0) for _ in range(next(numbers) + 1)], ADD)
    assert growth(train).startswith("graph grows: 1 to 3 operations with each run of cell 2")


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


def test_a_loop_of_runs_that_add_operations_is_told_with_its_line(train: NamedSession) -> None:
    def leak(_: int) -> None:
        train.run(tf.add(x(), 1))

    loop(train, leak, _STEPS - 1)
    assert growth(train) == ""
    loop(train, leak, 1)
    assert growth(train).startswith("graph grows: 2 operations with each session.run; tf/test_growth.py:")
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
    assert "with each session.run; tf/test_growth.py:" in growth(train)


@pytest.mark.parametrize("use_resource", [True, False])
def test_an_assignment_in_the_loop_is_seen_with_either_kind_of_variable(
    train: NamedSession, use_resource: bool
) -> None:
    with train:
        variable = v1.get_variable("v", initializer=0.0, use_resource=use_resource)
        train.run(variable.initializer)
    loop(train, lambda _: train.run(v1.assign_add(variable, 1.0)), _STEPS)
    assert "session.run; tf/test_growth.py:" in growth(train)


def build_layers(session: NamedSession) -> None:
    def layer(number: int) -> None:
        weights = v1.get_variable(f"weights{number}", [2, 2])
        layers.append(tf.matmul(layers[-1], weights))
        session.run(weights.initializer)
        session.run(layers[-1])

    layers = [tf.ones([1, 2])]
    loop(session, layer)


def build_a_chain(session: NamedSession) -> None:
    def link(_: int) -> None:
        links.append(tf.nn.relu(links[-1]))
        session.run(links[-1])

    links = [x()]
    loop(session, link)


def initialize_one_by_one(session: NamedSession) -> None:
    loop(session, lambda number: v1.get_variable(f"v{number}", initializer=1.0).initializer.run())


def load_weights(session: NamedSession) -> None:
    variables = [v1.get_variable(f"v{number}", initializer=1.0) for number in range(2 * _STEPS)]
    loop(session, lambda number: session.run(variables[number].assign(2.0)))


def look_at_gradients(session: NamedSession) -> None:
    variables = [v1.get_variable(f"v{number}", initializer=1.0) for number in range(2 * _STEPS)]
    session.run(v1.global_variables_initializer())
    loss = tf.add_n([tf.square(variable) for variable in variables])
    loop(session, lambda number: session.run(tf.gradients(loss, variables[number])))


def make_queues(session: NamedSession) -> None:
    loop(session, lambda number: session.run(v1.FIFOQueue(1, tf.float32, name=f"q{number}").enqueue(1.0)))


def make_tables(session: NamedSession) -> None:
    def table(number: int) -> None:
        values = tf.lookup.KeyValueTensorInitializer([f"{number}"], [number])
        session.run(v1.lookup.StaticHashTable(values, -1).initializer)

    loop(session, table)


def run_what_is_there(session: NamedSession) -> None:
    y = x() + 1
    loop(session, lambda _: session.run(y))


def save_and_summarize(session: NamedSession, folder: Path) -> None:
    variable = v1.get_variable("v", initializer=1.0)
    step = v1.assign_add(variable, 1.0)
    v1.summary.scalar("v", variable)
    merged, saver = v1.summary.merge_all(), v1.train.Saver(max_to_keep=1)
    session.run(v1.global_variables_initializer())
    with v1.summary.FileWriter(str(folder), session.graph) as writer:

        def train(number: int) -> None:
            session.run(step)
            writer.add_summary(session.run(merged), number)
            saver.save(session.session, str(folder / "model"), number)

        loop(session, train)


def evaluate_seldom(session: NamedSession) -> None:
    """What is added now and then is no leak that anybody would feel."""
    y = x() + 1
    loop(session, lambda number: session.run(y if number % 10 else tf.add(x(), 1)), 10 * _STEPS)


def few_classes(session: NamedSession) -> None:
    loop(session, lambda number: session.run(tf.equal(x(), float(number))), 10)


BUILDERS: list[Callable[[NamedSession], None]] = [
    build_layers,
    build_a_chain,
    initialize_one_by_one,
    load_weights,
    look_at_gradients,
    make_queues,
    make_tables,
    run_what_is_there,
    evaluate_seldom,
    few_classes,
]


@pytest.mark.parametrize("build", BUILDERS)
def test_code_that_builds_in_steps_is_not_marked(train: NamedSession, build: Callable[[NamedSession], None]) -> None:
    with train:
        build(train)
    assert growth(train) == ""
    assert news() == []


def test_training_with_summaries_and_checkpoints_is_not_marked(train: NamedSession, tmp_path: Path) -> None:
    with train:
        save_and_summarize(train, tmp_path)
    assert growth(train) == ""


def test_the_mark_of_a_loop_goes_after_as_many_runs_without_it(train: NamedSession) -> None:
    loop(train, lambda _: train.run(tf.add(x(), 1)))
    loop(train, lambda _: train.run("x:0"), _STEPS - 1)
    assert growth(train)
    loop(train, lambda _: train.run("x:0"), 2)
    assert growth(train) == ""


def test_the_mark_of_a_loop_goes_when_its_cell_runs_without_growth(train: NamedSession) -> None:
    run_cell(train, 3, lambda: loop(train, lambda _: train.run(tf.add(x(), 1))), ADD._replace(id="id 1"))
    assert "with each session.run" in growth(train)
    run_cell(train, 4, lambda: train.run("x:0"), CellCode("fixed", "id 1"))
    assert growth(train) == ""


def test_a_loop_in_a_cell_that_is_run_again_is_said_once(train: NamedSession) -> None:
    def body() -> None:
        loop(train, lambda _: train.run(tf.add(x(), 1)))

    for number in range(_CELLS):
        run_cell(train, number, body, ADD)
    assert len(news()) == 1
    assert "with each session.run" in growth(train)


MODULE = """\
import tensorflow as tf

def step(session):
    with session.graph.as_default():
        y = tf.square(session.graph.get_tensor_by_name("x:0"))
    return session.run(y)
"""


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    """Code of others, with a leak."""
    (tmp_path / "leaky.py").write_text(MODULE, "utf-8")
    spec = importlib.util.spec_from_file_location("leaky", tmp_path / "leaky.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def observed() -> Iterator[tf.compat.v1.Session]:
    """A session of other code."""
    tfsess_magics.process.connect().observe()
    with tf.Graph().as_default():
        tf.constant(1.0, name="x")
        session = v1.Session()
    yield session
    session.close()
    tfsess_magics.process.connect().unobserve()


def test_an_observed_session_says_which_line_of_a_module_it_is(
    observed: tf.compat.v1.Session, module: ModuleType
) -> None:
    for _ in range(_STEPS + 1):
        module.step(observed)
    (info,) = (info for info in tfsess_magics.sessions() if info.kind is Kind.OBSERVED)
    line = 'leaky.py:5: y = tf.square(session.graph.get_tensor_by_name("x:0"))'
    assert info.growth.startswith("graph grows: 1 operation with each session.run; ")
    assert info.growth.endswith(line)
    assert news() == [f"{info.name}: {info.growth}"]
    tfsess_magics.adopt(observed, "model")
    assert tfsess_magics.get("model").info().growth == info.growth
    tfsess_magics.close("model")


def test_an_adopted_session_knows_its_cells(observed: tf.compat.v1.Session) -> None:
    adopted = tfsess_magics.adopt(observed, "model")
    for number in range(_CELLS):
        run_cell(adopted, number, lambda: x() + 1, ADD)
    assert added(adopted) == (2, "cell 2")
    assert "with each run of cell 2" in growth(adopted)
    tfsess_magics.close("model")


def test_operations_that_do_not_remember_a_line_are_told_without_one(train: NamedSession) -> None:
    """Those of a graph that is imported."""
    with tf.Graph().as_default() as graph:
        tf.constant(1.0, name="c")
    definition = graph.as_graph_def()
    for number in range(_CELLS):
        run_cell(train, number, lambda: tf.import_graph_def(definition), ADD)
    assert growth(train) == "graph grows: 1 operation with each run of cell 2"
    assert len(news()) == 1


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
