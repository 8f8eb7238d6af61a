"""Stops that are ordered, during a run and between two."""

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.every_kind import READS, same
from tests.tf.running import in_thread, is_done_or_cuts, when_running
from tfsess_magics import SessionStopped
from tfsess_magics.core.settings import settings
from tfsess_magics.core.text import run_mark
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.stopping import stopper
from tfsess_magics.tf.variables.graph_variables import GraphVariables
from tfsess_magics.tf.variables.values import Values

v1 = tf.compat.v1


def test_a_stop_by_order_is_an_error_that_except_exception_lets_pass(train: NamedSession) -> None:
    said: list[str] = []
    thread = when_running(train, lambda: said.append(str(tfsess_magics.stop("train", now=True))))

    def step() -> None:
        with contextlib.suppress(Exception):  # what a training loop does
            train.run("waits:0")

    with pytest.raises(SessionStopped, match=r"^tfsess_magics.stop stopped a run in 'train' after"):
        step()
    thread.join()
    assert said[0].startswith("stopped 'train': 1 run. Kept: 6 variables")


def test_a_stop_between_two_runs_stops_the_next_one(train: NamedSession) -> None:
    before = train.run(READS)
    with train:
        assert "the order stops its next one before it begins" in str(tfsess_magics.stop("train"))
        with pytest.raises(SessionStopped, match="before this run began; nothing was lost"):
            train.run("double")
    assert same(before, train.run(READS))


def test_a_stop_for_a_run_that_does_not_come_is_forgotten_with_the_cell(train: NamedSession) -> None:
    with train:
        tfsess_magics.stop("train")
    train.run("double")


def test_a_stop_for_code_that_may_be_between_two_runs_is_forgotten_soon(
    train: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "the order stops its next one, within 5 s, before" in in_thread(lambda: tfsess_magics.stop("train"))
    monkeypatch.setattr(settings, "order_lasts", 500.0)
    assert "the order stops its next one, within 500 s, before" in in_thread(lambda: tfsess_magics.stop("train"))
    with pytest.raises(SessionStopped):
        train.run("double")
    monkeypatch.setattr(settings, "order_lasts", -1.0)
    in_thread(lambda: tfsess_magics.stop("train"))
    train.run("double")


def test_the_order_of_the_main_thread_itself_is_for_runs_of_other_threads(
    train: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of its own runs, and what it runs later is not meant."""
    monkeypatch.setattr(settings, "order_lasts", 500.0)
    for now in False, True:
        assert str(tfsess_magics.stop("train", now=now)) == (
            "nothing runs in 'train', and there is nothing to stop. If another thread begins a run in it within 500 s, "
            "the order stops that"
        )
        train.run("double")
        assert "before this run began; nothing was lost" in in_thread(lambda: train.run("double"))
        train.run("double")
        assert in_thread(lambda: train.run(READS)) == str(train.run(READS))


def test_a_finished_training_loop_of_another_thread_is_stopped(
    train: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "order_lasts", 500.0)  # the order may be for the next run
    errors: list[BaseException] = []

    def loop() -> None:
        try:
            while True:
                train.run(READS)
        except BaseException as error:  # noqa: BLE001 - to be looked at
            errors.append(error)

    thread = threading.Thread(target=loop)
    thread.start()
    while not train.watched.meter.runs:
        time.sleep(0.001)
    tfsess_magics.stop("train")
    thread.join()
    assert isinstance(errors[0], SessionStopped)


def test_an_eager_scope_has_nothing_to_stop() -> None:
    tfsess_magics.session("e", eager=True)
    with pytest.raises(tfsess_magics.NoRunsError, match="it is a scope for eager code"):
        tfsess_magics.stop("e")
    tfsess_magics.close("e")
    tfsess_magics.process.connect().unobserve()


def be_stopped(train: NamedSession, act: Callable[[], object]) -> None:
    """Run what waits until it is stopped, with `act` meanwhile."""
    thread = when_running(train, act)
    with pytest.raises(SessionStopped):
        train.run("waits:0")
    thread.join()


def test_of_two_orders_at_once_one_stops_and_the_other_is_told(
    train: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = train.run(READS)
    read, is_reading, may_go_on = GraphVariables.kept_by, threading.Event(), threading.Event()

    def kept_by(*args: Any) -> Any:
        is_reading.set()
        assert may_go_on.wait(20)
        return read(*args)

    monkeypatch.setattr(GraphVariables, "kept_by", kept_by)
    said: list[str] = []
    first = threading.Thread(target=lambda: said.append(str(tfsess_magics.stop("train", now=True))))

    def act() -> None:
        first.start()
        assert is_reading.wait(20)
        said.append(str(tfsess_magics.stop("train")))
        may_go_on.set()

    be_stopped(train, act)
    first.join()
    assert said[0] == "'train' is being stopped already, by tfsess_magics.stop"
    assert said[1].startswith("stopped 'train': 1 run.")
    assert same(before, train.run(READS))


def test_a_stop_that_takes_long_says_what_it_is_at(train: NamedSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "cut_patience", 0.01)
    said: list[str] = []
    read, give, go = GraphVariables.kept_by, Values.give, threading.Event()

    def kept_by(*args: Any) -> Any:
        assert go.wait(20)
        return read(*args)

    def slowly(*args: Any, **named: Any) -> Values:
        stopping = train.watched.meter.stop
        assert stopping is not None
        said.append(run_mark(stopping.why_not_yet(train.watched.meter)))
        return give(*args, **named)

    monkeypatch.setattr(GraphVariables, "kept_by", kept_by)
    monkeypatch.setattr(Values, "give", slowly)

    def act() -> None:
        said.append(str(tfsess_magics.stop("train", now=True)))
        go.set()

    be_stopped(train, act)
    assert said == [
        "'train': stopping: copies the values of its variables",
        "stopping: copies the values of its variables",
    ]


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A file, and what reads from it: an operation that writes more than a pipe holds waits for that, at most."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as end:
        yield path, end


def test_an_operation_that_works_has_to_finish_first_and_nothing_runs_after_it(
    open_session: Open, pipe: tuple[Path, BinaryIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopper, "is_done_soon", is_done_or_cuts)
    path, end = pipe
    works = open_session("works")
    with works:
        steps = v1.get_variable("steps", initializer=0)
        steps.initializer.run()
        with tf.control_dependencies([tf.io.write_file(str(path), "x" * 2**20)]):
            after = steps.assign_add(1, read_value=False, name="after")
    said: list[str] = []

    def act() -> None:
        assert select.select([end], [], [], 20)[0]
        said.append(str(tfsess_magics.stop("works", now=True)))
        os.set_blocking(end.fileno(), True)
        assert len(end.read()) == 2**20

    thread = when_running(works, act)
    with pytest.raises(SessionStopped, match="Kept: 1 variable"):
        works.run(after)
    thread.join()
    assert said == ["'works': stopping: an operation that 'after' needs has to finish first"]
    assert works.run(steps) == 0
