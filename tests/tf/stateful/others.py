"""Other code, and other threads, that use a session."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

import tfsess_magics
from tests.tf.running import wait_for_stops
from tests.tf.stateful.rows import Row

v1 = tf.compat.v1


def make() -> Any:
    """Stand for other code that makes a session."""
    return v1.Session(graph=tf.Graph())


WAYS: dict[str, Callable[[Any, Any], Any]] = {
    "run": lambda session, fetch: session.run(fetch),
    "eval": lambda session, fetch: fetch.eval(session=session),
    "callable": lambda session, fetch: session.make_callable(fetch)(),
    "callable of a list": lambda session, fetch: session.make_callable([fetch])()[0],
}
"""How code runs a session."""


def add_and_run(session: Any, way: str = "run") -> None:
    """Stand for other code to which a session is passed: build, run, and leave the defaults alone."""
    with session.graph.as_default():
        total = tf.constant(1) + 1
    assert WAYS[way](session, total) == 2


class Blocked:
    """A thread whose run in a session waits for a queue that stays empty."""

    def __init__(self, row: Row) -> None:
        session = row.reference()
        with session.graph.as_default():
            self._variable = v1.get_variable(f"v{session.graph.num_operations()}", initializer=3.0)
            wait = v1.FIFOQueue(1, tf.float32).dequeue()
        session.run(self._variable.initializer)
        self._session = session
        self._said = ""
        self._thread = threading.Thread(target=self._run, args=(wait,))
        self._thread.start()

    def _run(self, wait: Any) -> None:
        try:
            self._session.run(wait)
        except tfsess_magics.SessionStopped as error:
            self._said = str(error)  # the error itself refers to all that was going on

    def end(self) -> None:
        """Look at what the stop left."""
        self._thread.join()
        assert "Kept: " in self._said
        assert self._session.run(self._variable) == 3.0
        wait_for_stops()  # their threads hold the session a moment longer


class Inside:
    """A thread that enters a named session, runs, and stays inside until it is told to leave."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self._entered, self._leave = threading.Event(), threading.Event()
        self._found: list[Any] = []
        self._thread = threading.Thread(target=self._activation)
        self._thread.start()
        self._entered.wait()

    def _activation(self) -> None:
        try:
            with self.row.named as entered:
                self._found += [(tf.constant(1) + 1).eval(), v1.get_default_session() is entered.session]
                self._entered.set()
                self._leave.wait()
            self._found += [v1.get_default_session(), tf.executing_eagerly(), ops._default_graph_stack.stack]
        finally:
            self._entered.set()

    def leave(self) -> None:
        """Have the thread leave, and look at what it found."""
        self._leave.set()
        self._thread.join()
        assert self._found == [2, True, None, True, []]
