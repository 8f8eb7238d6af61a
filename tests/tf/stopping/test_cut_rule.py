"""The rule by which a run may be cut without a second word."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

from tests.in_runtime import wait_for_runs
from tests.tf.conftest import Open
from tests.tf.running import Running
from tfsess_magics.core.protocol import OtherRun
from tfsess_magics.tf.runs.blocked_on import can_wait
from tfsess_magics.tf.runs.callables import CallableStep, names_of
from tfsess_magics.tf.runs.concurrent import ConcurrentRun
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.stopping import cut_rule
from tfsess_magics.tf.stopping.cut_rule import CutRule

v1 = tf.compat.v1


@pytest.fixture
def works(open_session: Open) -> NamedSession:
    """A session with a queue of one element at most, that its fetch waits for, and what takes a given time."""
    works = open_session("works")
    with works:
        seconds = v1.placeholder(tf.float64, [], name="seconds")
        slept = v1.py_func(sleep, [seconds], tf.float64, name="sleep")
        queue = v1.FIFOQueue(1, tf.float64, shapes=[[]], name="queue")
        queue.enqueue(slept, name="fill")
        tf.identity(queue.dequeue(), name="take")
        tf.add(slept, 1.0, name="more")
        tf.identity(slept, name="same")
    return works


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def fill_and_take(works: NamedSession) -> None:
    works.run("fill", {"seconds:0": 0.0})
    works.run("take:0")


def rule_of(works: NamedSession) -> CutRule:
    """Return the rule for the run that waits for an element, and end that run."""
    run = Running(works, "take:0")
    wait_for_runs(works)
    rule = CutRule(works.watched.meter, max(works.watched.meter.table.in_flight))
    works.run("fill", {"seconds:0": 0.0})
    run.join()
    assert run.error is None
    return rule


def sleeping(works: NamedSession, seconds: float) -> CutRule:
    """Return the rule for a run of a Python function that takes so long, looked at until it has ended."""
    run = threading.Thread(target=lambda: works.run("same:0", {"seconds:0": seconds}))
    run.start()
    wait_for_runs(works)
    rule = CutRule(works.watched.meter, max(works.watched.meter.table.in_flight))
    while run.is_alive():
        assert not rule.verdict().may_cut
        time.sleep(0.01)
    run.join()
    return rule


def test_the_first_run_of_its_like_and_one_that_failed_tell_nothing(works: NamedSession) -> None:
    """The first one prepares the step, and takes longer."""
    assert rule_of(works).limit is None
    assert rule_of(works).limit is None
    with pytest.raises(tf.errors.DeadlineExceededError):
        works.run("take:0", options=v1.RunOptions(timeout_in_ms=900))
    limit = rule_of(works).limit
    assert limit is not None
    assert limit < 2.7


def test_a_run_is_too_old_after_three_times_the_longest_of_its_like(works: NamedSession) -> None:
    """A quarter of a second at least; its like has the same fetches and the same feeds, of whatever value."""
    meter = works.watched.meter
    for seconds in (0.0, 1.0, 0.01):
        works.run("same:0", {"seconds:0": seconds})
    works.run("more:0", {"seconds:0": 1.2})
    works.run("same:0", {"sleep:0": 9.0})
    limit = sleeping(works, 0.5).limit
    _, second, third = (seconds for _, seconds in meter.durations[:3])
    assert limit == 3 * max(second, third)


def test_a_short_run_is_not_too_old_before_a_quarter_of_a_second(works: NamedSession) -> None:
    for _ in range(3):
        fill_and_take(works)
    assert rule_of(works).limit == 0.25


def test_calls_of_a_callable_are_alike(works: NamedSession) -> None:
    call = works.session._make_callable_from_options(config_pb2.CallableOptions(fetch=["take:0"]))
    for _ in range(3):
        works.run("fill", {"seconds:0": 0.0})
        call()
    calls = [fetches for fetches, _ in works.watched.meter.durations if isinstance(fetches, CallableStep)]
    assert len(calls) == 3
    assert len(set(map(names_of, calls))) == 1


def test_a_run_is_known_to_wait_once_the_process_is_idle(works: NamedSession) -> None:
    run = Running(works, "take:0")
    wait_for_runs(works)
    rule, began = CutRule(works.watched.meter, max(works.watched.meter.table.in_flight)), time.perf_counter()
    while not (verdict := rule.verdict()).may_cut:
        time.sleep(0.01)
    assert time.perf_counter() - began >= 0.3
    assert verdict.waits_on == "dequeue from 'queue', which is empty, and nothing enqueues"
    works.run("fill", {"seconds:0": 0.0})
    run.join()


def test_what_a_verdict_says_is_of_one_look(works: NamedSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads of the process may be busy in every moment but that look."""
    idle = itertools.chain([False], itertools.repeat(True))
    monkeypatch.setattr(cut_rule, "has_busy_threads", lambda: next(idle))
    run = Running(works, "take:0")
    wait_for_runs(works)
    rule = CutRule(works.watched.meter, max(works.watched.meter.table.in_flight))
    while not (verdict := rule.verdict()).may_cut:
        time.sleep(0.01)
    assert verdict.waits_on == "dequeue from 'queue', which is empty, and nothing enqueues"
    works.run("fill", {"seconds:0": 0.0})
    run.join()


def test_a_python_function_is_not_known_to_wait(works: NamedSession) -> None:
    """It ends by itself, and no cut would end it sooner."""
    assert sleeping(works, 1.0).limit is None


def test_what_a_function_waits_for_counts_and_a_loop_alone_does_not(works: NamedSession) -> None:
    """A loop goes round, however little of the processor it gets."""

    def body(i: tf.Tensor) -> tf.Tensor:
        return tf.ensure_shape(v1.py_func(abs, [i], tf.int32), [])

    with works:
        queue = v1.FIFOQueue(1, tf.float32, shapes=[[]])
        calls = tf.function(lambda: queue.dequeue() + 1.0)()
        loops = tf.while_loop(lambda i: i >= 0, lambda i: i * 1, [tf.constant(1)])[0]
        waits = tf.while_loop(lambda i: i >= 0.0, lambda i: i + queue.dequeue(), [tf.constant(1.0)])[0]
        sleeps = tf.while_loop(lambda i: i >= 0, body, [tf.constant(1)])[0]
    found = [can_wait(works.session, CallableStep((), (tensor.op.name,))) for tensor in (calls, loops, waits, sleeps)]
    assert found == [True, False, True, False]


def test_runs_with_feeds_of_other_shapes_are_not_alike(works: NamedSession) -> None:
    """A batch of another size takes another time."""
    with works:
        batch = v1.placeholder(tf.float64, [None], name="batch")
        tf.add(tf.reduce_sum(batch), works.graph.get_tensor_by_name("sleep:0"), name="trains")

    def fetches(feeds: Mapping[str, object]) -> object:
        works.run("trains:0", feeds)
        return names_of(works.watched.meter.durations[-1][0])

    small, large = {"batch:0": [1.0], "seconds:0": 0.0}, {"batch:0": [1.0, 2.0], "seconds:0": 0.0}
    assert fetches(small) == fetches({**small, "batch:0": [3.0]})
    assert fetches(small) != fetches(large)
    options = config_pb2.CallableOptions(fetch=["trains:0"], feed=["batch:0", "seconds:0"])
    call = works.session._make_callable_from_options(options)
    found = []
    for size in (1, 1, 2):
        call(np.ones(size), np.float64(0.0))
        found.append(names_of(works.watched.meter.durations[-1][0]))
    assert found[0] == found[1] != found[2]


def test_what_comes_back_is_not_known_to_wait(works: NamedSession) -> None:
    """An input pipeline, a Python function beside a queue, and a queue that another run fills."""
    with works:
        element = v1.data.make_one_shot_iterator(tf.data.Dataset.range(9)).get_next()
        queue = v1.FIFOQueue(1, tf.float32, shapes=[[]])
        empty, fill = queue.dequeue(), queue.enqueue([1.0])
        slept = v1.py_func(abs, [empty], tf.float32)
        gradient = v1.ConditionalAccumulator(tf.float32, []).take_grad(1)

    def step(name: str) -> CallableStep:
        return CallableStep((), (name,))

    waiting = [can_wait(works.session, step(tensor.op.name)) for tensor in (element, empty, slept, gradient)]
    assert waiting == [False, True, False, True]
    filler = ConcurrentRun(OtherRun("filler", ""), works.graph, step(fill.name))
    assert not can_wait(works.session, step(empty.op.name), [filler])


def test_a_process_that_was_stopped_is_not_idle(works: NamedSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known of the time between two looks that are far apart."""
    run = Running(works, "take:0")
    wait_for_runs(works)
    rule = CutRule(works.watched.meter, max(works.watched.meter.table.in_flight))
    clock = iter([0.0, 1.5, 1.51])
    own_time = SimpleNamespace(perf_counter=lambda: next(clock), process_time=time.process_time)
    monkeypatch.setattr(cut_rule, "time", own_time)
    assert [rule.verdict().may_cut for _ in range(3)] == [False] * 3
    works.run("fill", {"seconds:0": 0.0})
    run.join()


def test_a_process_that_hardly_gets_a_processor_is_not_idle(
    works: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its threads can run, and so nothing says that the run waits."""
    own_time = SimpleNamespace(perf_counter=time.perf_counter, process_time=lambda: 0.0)
    monkeypatch.setattr(cut_rule, "time", own_time)  # as on a machine with many busy processes
    is_over = threading.Event()

    def compute() -> None:
        while not is_over.is_set():
            pass

    run, computes = Running(works, "take:0"), threading.Thread(target=compute)
    computes.start()
    wait_for_runs(works)
    rule, began = CutRule(works.watched.meter, max(works.watched.meter.table.in_flight)), time.perf_counter()
    while time.perf_counter() - began < 0.6:
        assert not rule.verdict().may_cut
        time.sleep(0.01)
    is_over.set()
    computes.join()
    while not rule.verdict().may_cut:
        time.sleep(0.01)
    works.run("fill", {"seconds:0": 0.0})
    run.join()
