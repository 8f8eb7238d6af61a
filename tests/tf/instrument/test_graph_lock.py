"""The lock of a graph that an interrupt has left closed is opened, and one that is in use is not."""

import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.python.util.lock_util import GroupLock

from tests.forks import run
from tests.tf.conftest import Open
from tests.tf.interrupting import interrupted_at
from tfsess_magics.core.settings import settings
from tfsess_magics.tf.instrument import graph_lock
from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1
FILES = ("util/lock_util.py", "/threading.py", "tf/instrument/graph_lock.py")


@pytest.fixture
def locked(open_session: Open) -> NamedSession:
    locked = open_session("locked")
    with locked:
        tf.constant(1.0, name="one")
    locked.run("one:0")
    return locked


def build(session: NamedSession) -> tf.Tensor:
    with session.graph.as_default():
        return tf.raw_ops.Neg(x=session.graph.get_tensor_by_name("one:0"))


ACTS: dict[str, Callable[[NamedSession], object]] = {
    "run": lambda session: session.run("one:0"),
    "new operation": build,
    "run of a new operation": lambda session: session.run(build(session)),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_interrupt_at_any_line_of_the_lock_lets_the_graph_be_used(locked: NamedSession, act: str) -> None:
    line, errors = 1, list[BaseException]()

    def use() -> None:
        try:
            locked.run(build(locked))
        except BaseException as error:  # noqa: BLE001 - to be looked at
            errors.append(error)

    while interrupted_at(line, lambda: ACTS[act](locked), FILES) >= line:
        thread = threading.Thread(target=use, daemon=True)
        thread.start()
        thread.join(20)
        assert (thread.is_alive(), errors) == (False, [])
        line += 1
    assert line > 10
    assert locked.graph._group_lock._group_member_counts == [0, 0]


def test_a_lock_that_is_left_closed_inside_another_is_opened_where_that_is_given_back(locked: NamedSession) -> None:
    lock = locked.graph._group_lock
    with locked.graph._mutation_lock():
        lock._ready.acquire()  # as an interrupt leaves it
    assert (lock._ready._lock.locked(), lock._group_member_counts) == (False, [0, 0])


def test_a_function_that_works_before_it_takes_the_lock_finds_it_opened(locked: NamedSession) -> None:
    """As loops of version 1 do, which make tensors first."""
    built: list[object] = []

    def build_loop() -> None:
        with locked.graph.as_default():
            built.append(v1.while_loop(lambda i: i < 3, lambda i: i + 1, [0]))

    v1.disable_control_flow_v2()
    try:
        locked.graph._group_lock._group_member_counts[1] = 1  # as an interrupt leaves it
        thread = threading.Thread(target=build_loop, daemon=True)
        thread.start()
        thread.join(20)
    finally:
        v1.enable_control_flow_v2()
    assert not thread.is_alive()
    assert locked.run(built[0]) == 3


def test_a_thread_that_waits_in_tensorflow_for_a_lock_that_was_left_closed_goes_on_when_another_comes(
    locked: NamedSession,
) -> None:
    lock = locked.graph._group_lock
    lock._group_member_counts[1] = 1  # as an interrupt leaves it
    unwrapped = GroupLock.acquire.__wrapped__  # it came past our look before the interrupt
    waiting = threading.Thread(target=lambda: unwrapped(lock, 0), daemon=True)
    waiting.start()
    while not lock._ready._waiters:
        assert waiting.is_alive()
    other = threading.Thread(target=lambda: build(locked), daemon=True)
    other.start()
    for thread in (other, waiting):
        thread.join(20)
    assert not other.is_alive()
    assert not waiting.is_alive()
    lock.release(0)


def test_a_second_interrupt_while_a_lock_is_opened_leaves_it_to_the_next(locked: NamedSession) -> None:
    """Also to another thread."""
    lock = locked.graph._group_lock
    lock._ready.acquire()  # as the first leaves it
    graph_lock._opening[0].acquire()  # as the second does
    other = threading.Thread(target=lambda: build(locked), daemon=True)
    other.start()
    other.join(20)
    assert not other.is_alive()
    assert not graph_lock._opening[0].locked()


def test_a_lock_that_is_closed_for_a_moment_is_waited_for_without_a_look_at_threads(
    locked: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look takes the longer the more threads there are, and many threads of tiny runs close the lock often."""
    looks: list[object] = []
    polls = threading.Semaphore(0)
    is_closed = graph_lock._is_closed

    def polled(lock: Any, group: int | None) -> bool:
        polls.release()
        return is_closed(lock, group)

    def is_in_use(**_: object) -> bool:
        looks.append(threading.current_thread())
        return True

    monkeypatch.setattr(graph_lock, "_is_closed", polled)
    monkeypatch.setattr(graph_lock, "_is_in_use", is_in_use)
    monkeypatch.setattr(settings, "lock_patience", 10.0)
    lock = locked.graph._group_lock
    with lock._ready:
        other = threading.Thread(target=lambda: build(locked), daemon=True)
        other.start()
        for _ in range(5):
            assert polls.acquire(timeout=20)
    other.join(20)
    assert not other.is_alive()
    assert not looks


BURSTS = """
import os, random, signal, threading, time
import tensorflow as tf
import tfsess_magics
session = tfsess_magics.session("train")
with session:
    one = tf.constant(1.0)
session.run(one)
raises = begins = is_over = False

def interrupt(number, frame):
    if raises:
        raise KeyboardInterrupt

def burst():
    global raises, is_over
    while not begins:
        time.sleep(0.0005)
    time.sleep(random.random() * 0.004)
    raises = True
    for until in [time.perf_counter() + 5e-6 * number for number in range(1, 13)]:
        os.kill(os.getpid(), signal.SIGINT)
        while time.perf_counter() < until:
            pass
    time.sleep(0.005)
    raises = False
    is_over = True

def build():
    while not is_over:
        try:
            with session.graph.as_default():
                while not is_over:
                    tf.raw_ops.Neg(x=one)
        except KeyboardInterrupt:
            pass

def use():
    with session.graph.as_default():
        used.append(session.run(tf.raw_ops.Neg(x=one)))

signal.signal(signal.SIGINT, interrupt)
for number in range(200):
    begins = is_over = False
    used = []
    thread = threading.Thread(target=burst)
    thread.start()
    begins = True
    while not is_over:
        try:
            build()
        except KeyboardInterrupt:
            pass
    thread.join()
    other = threading.Thread(target=use, daemon=True)
    other.start()
    other.join(20)
    if used != [-1.0]:
        print("unusable after", number, flush=True)
        os._exit(1)
    use()
print("usable", flush=True)
os._exit(0)
"""


def test_bursts_of_interrupts_while_a_graph_is_built_let_it_be_used() -> None:
    """Twelve within 60 us, hundreds of times: the second may come in the lines that mend what the first has left."""
    done = run(BURSTS)
    assert done.stdout.splitlines() == ["usable"], done.stderr


def test_a_lock_of_that_kind_that_is_no_graphs_is_left_alone(locked: NamedSession) -> None:
    lock, is_taken = GroupLock(), threading.Event()

    def take() -> None:
        with lock.group(1):
            is_taken.set()

    with lock.group(0):
        thread = threading.Thread(target=take)
        thread.start()
        assert not is_taken.wait(0.3)
    thread.join(20)
    assert is_taken.is_set()
    with pytest.raises(ValueError, match="Received: group_id=5"):
        lock.acquire(5)


def test_a_run_waits_for_the_lock_that_another_thread_has(locked: NamedSession) -> None:
    is_taken, may_go, ran = threading.Event(), threading.Event(), threading.Event()

    def take() -> None:
        with locked.graph._mutation_lock():
            is_taken.set()
            may_go.wait(20)

    def run() -> None:
        locked.run("one:0")
        ran.set()

    threads = [threading.Thread(target=take), threading.Thread(target=run)]
    threads[0].start()
    assert is_taken.wait(20)
    threads[1].start()
    assert not ran.wait(0.3)
    assert locked.graph._group_lock._group_member_counts == [1, 0]
    may_go.set()
    for thread in threads:
        thread.join(20)
    assert ran.is_set()


class Thing:
    """What a thread has in hand."""


def test_who_waits_for_a_lock_keeps_nothing_of_what_other_threads_have_in_hand(locked: NamedSession) -> None:
    is_taken, may_go, things = threading.Event(), threading.Event(), list[weakref.ref[Thing]]()

    def take() -> None:
        thing = Thing()
        things.append(weakref.ref(thing))
        with locked.graph._mutation_lock():
            is_taken.set()
            may_go.wait(20)

    threads = [threading.Thread(target=take), threading.Thread(target=lambda: locked.run("one:0"))]
    gc.collect()
    gc.disable()
    try:
        threads[0].start()
        assert is_taken.wait(20)
        threads[1].start()
        threads[1].join(0.3)  # it looks at the frames of the other one meanwhile
        may_go.set()
        for thread in threads:
            thread.join(20)
        assert things[0]() is None
    finally:
        gc.enable()
