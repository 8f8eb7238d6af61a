"""A run that waits is told from one that computes, and from one that cannot be stopped."""

import itertools
import threading
import time
from collections.abc import Iterator

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.running import is_done_or_cuts, when_running
from tfsess_magics import SessionStopped
from tfsess_magics.core.settings import settings
from tfsess_magics.tf.runs.blocked_on import awaited
from tfsess_magics.tf.runs.concurrent import concurrent_runs
from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1


@pytest.fixture
def train(open_session: Open, monkeypatch: pytest.MonkeyPatch) -> Iterator[NamedSession]:
    """A session whose runs are looked at early."""
    monkeypatch.setattr(settings, "waits_after", 0.1)
    monkeypatch.setattr(settings, "looks_for", 0.2)
    monkeypatch.setattr(settings, "looks_again", 0.2)
    tfsess_magics.process.connect().observe()
    train = open_session("train")
    with train:
        queue = v1.FIFOQueue(1, tf.float32, shapes=[[]], name="queue")
        tf.identity(queue.dequeue(), name="waits")
        queue.enqueue([1.0], name="fill")
        tf.identity(tf.while_loop(lambda i: i >= 0, lambda i: i * 1, [tf.constant(1)])[0], name="loops")
    yield train
    tfsess_magics.process.connect().unobserve()


def mark(session: NamedSession) -> str:
    """Look, as the panel does, until there is something to be said of the run; empty when it has ended first."""
    while session.info().running_since is not None:
        if found := session.info().mark:
            return found
        time.sleep(session.due or 0.0)
    return ""


def marked(session: NamedSession, fetch: str) -> str:
    """Return what is said of a run that is then stopped."""
    found: list[str] = []

    def look() -> None:
        found.append(mark(session))
        tfsess_magics.stop(session.name, now=True)

    thread = when_running(session, look)
    with pytest.raises(SessionStopped):
        session.run(fetch)
    thread.join()
    return found[0]


def test_a_run_that_waits_names_the_operation(train: NamedSession) -> None:
    assert marked(train, "waits:0") == "waiting on dequeue from 'queue', which is empty, and nothing enqueues"
    assert train.info().mark == ""
    assert train.due is None


def test_threads_that_could_end_the_wait_are_named(train: NamedSession) -> None:
    """The thread that is to enqueue waits itself."""
    go = threading.Event()
    with train, tf.control_dependencies([v1.py_func(lambda: float(go.wait()), [], tf.double)]):
        late = tf.raw_ops.QueueEnqueueV2(
            handle=train.graph.get_operation_by_name("queue").outputs[0], components=[tf.constant(7.0)]
        )
    filler = threading.Thread(target=lambda: train.run(late), name="filler")
    found: list[str] = []

    def look() -> None:
        filler.start()
        while len(train.watched.meter.table.in_flight) < 2:
            time.sleep(0.001)
        found.append(mark(train))
        go.set()

    thread = when_running(train, look)
    assert train.run("waits:0") == 7.0
    thread.join()
    filler.join()
    assert found == ["waiting on dequeue from 'queue', which is empty, and thread 'filler' enqueues"]


def test_a_lock_names_who_has_it(train: NamedSession) -> None:
    holding, go = threading.Event(), threading.Event()

    def hold() -> float:
        holding.set()
        return float(go.wait())

    with train:
        section = tf.CriticalSection(name="section")
        holds = section.execute(lambda: v1.py_func(hold, [], tf.double))
        waits = section.execute(lambda: tf.constant(1.0))
    holder = threading.Thread(target=lambda: train.run(holds), name="holder")
    holder.start()
    holding.wait()
    found: list[str] = []

    def look() -> None:
        meter = train.watched.meter
        _, run = meter.table.in_flight.values()
        found.append(awaited(train.session, run.step, None, concurrent_runs(meter, run.step)))
        go.set()

    thread = when_running(train, look, runs=2)
    assert train.run(waits) == 1.0
    thread.join()
    holder.join()
    assert found == ["the lock 'section', which thread 'holder' holds or waits for"]


def test_a_run_that_computes_does_not_wait(train: NamedSession, monkeypatch: pytest.MonkeyPatch) -> None:
    marks: list[str] = []
    used = itertools.count(step=1000)
    monkeypatch.setattr(time, "process_time", lambda: next(used))  # whatever others leave of the processor

    def look() -> None:
        for _ in range(4):
            marks.append(train.info().mark)
            time.sleep(train.due or 0.0)
        tfsess_magics.stop("train", now=True)

    thread = when_running(train, look)
    with pytest.raises(SessionStopped):
        train.run("loops:0")
    thread.join()
    assert marks == [""] * 4


def test_a_run_that_cannot_be_stopped_says_why(train: NamedSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfsess_magics.tf.stopping.stopper.is_done_soon", is_done_or_cuts)
    monkeypatch.setattr(settings, "stuck_after", 0.0)
    is_held, go = threading.Event(), threading.Event()

    def hold() -> float:
        is_held.set()
        return float(go.wait())

    with train:
        tf.identity(v1.py_func(hold, [], tf.double, name="python"), name="holds")
    said: list[str] = []

    def stop() -> None:
        assert is_held.wait(20)
        said.append(str(tfsess_magics.stop("train", now=True)))
        said.append(train.info().mark)
        go.set()

    thread = when_running(train, stop)
    with pytest.raises(SessionStopped):
        train.run("holds:0")
    thread.join()
    why = "cannot be stopped: PyFunc 'python' does not return. If it never does, restart the kernel"
    assert said == [f"'train': {why}", why]
    assert train.info().mark == ""
