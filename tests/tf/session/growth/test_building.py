"""A graph that is built in steps is not told."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf

from tests.tf.session.growth.growing import growth, loop, news, x
from tfsess_magics.tf.session.growth import _STEPS
from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1


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
