"""What is looked for among all objects, while other threads make new ones."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.running import when_running
from tfsess_magics import SessionStopped, SessionWarning
from tfsess_magics.tf.introspect.objects import generators, instances

v1 = tf.compat.v1


class Base:
    """A class to look for."""


class Derived(Base):
    """One of its subclasses."""


def count() -> Iterator[int]:
    yield 1
    yield 2


def test_instances_of_subclasses_are_found_and_no_others() -> None:
    things = [Base(), Derived(), object()]
    assert {id(found) for found in instances(Base)} == {id(thing) for thing in things[:2]}
    assert instances(Derived) == [things[1]]


def test_generators_are_found_by_their_code() -> None:
    begun, fresh = count(), count()
    next(begun)
    assert {id(found) for found in generators([count.__code__])} == {id(begun), id(fresh)}


def looks(open_session: Open) -> dict[str, Callable[[], Any]]:
    """Return what looks among all objects."""
    session = open_session("a")
    with session:
        waits = v1.FIFOQueue(1, tf.float32).dequeue()

    def stop() -> None:
        thread = when_running(session, lambda: tfsess_magics.stop("a", now=True))
        with pytest.raises(SessionStopped):
            session.run(waits)
        thread.join()

    def leave_open() -> None:
        with pytest.warns(SessionWarning, match="left"), session:
            v1.Session(graph=tf.Graph()).__enter__()

    return {"a stop": stop, "a block that leaves a session open": leave_open}


@pytest.mark.parametrize("what", ["a stop", "a block that leaves a session open"])
def test_tuples_that_other_threads_make_of_generators_come_to_their_end(open_session: Open, what: str) -> None:
    """A tuple that has a second reference cannot grow."""
    look = looks(open_session)[what]
    is_done = threading.Event()
    errors: list[SystemError] = []
    made = 0

    def make_tuples() -> None:
        nonlocal made
        while not is_done.is_set():
            try:
                tuple(number for number in range(100))
            except SystemError as error:
                errors.append(error)
            made += 1

    thread = threading.Thread(target=make_tuples)
    thread.start()
    try:
        for _ in range(10):
            look()
    finally:
        is_done.set()
        thread.join()
    assert made
    assert not errors
