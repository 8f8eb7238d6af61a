"""Work that an interrupt throws away, or waits for, as a whole."""

import threading
from collections.abc import Callable

import pytest

from tests.tf.running import interrupt
from tfsess_magics.tf.session.saving.uncut import AbandonedError, Work


def _when(event: threading.Event, act: Callable[[], object]) -> threading.Thread:
    def wait() -> None:
        assert event.wait(60)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_an_interrupt_before_the_last_steps_throws_the_work_away() -> None:
    """At once: it does not wait for what the work is doing."""
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()
    abandoned: list[bool] = []

    def do(commit: Callable[[], None]) -> None:
        begun.set()
        assert go_on.wait(60)
        try:
            commit()
        except AbandonedError:
            abandoned.append(True)
        ended.set()

    interrupting = _when(begun, interrupt)
    with pytest.raises(KeyboardInterrupt):
        Work(do).result(lambda: None)
    go_on.set()
    assert ended.wait(60)
    interrupting.join()
    assert abandoned == [True]


def test_an_interrupt_in_the_last_steps_waits_for_their_end() -> None:
    committed, has_left = threading.Event(), threading.Event()
    left: list[bool] = []

    def do(commit: Callable[[], None]) -> None:
        commit()
        committed.set()
        interrupting.join()
        left.append(has_left.wait(0.2))

    interrupting = _when(committed, interrupt)
    with pytest.raises(KeyboardInterrupt):
        Work(do).result(lambda: None)
    has_left.set()
    assert left == [False]


def test_an_error_of_the_work_is_raised_where_it_was_wanted() -> None:
    def do(_: Callable[[], None]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Work(do).result(lambda: None)
