"""The calls that are under way are found by their frames."""

import gc
import threading
import weakref
from collections.abc import Callable

from tfsess_magics.core.calls import Calls

CALLS = Calls()


@CALLS.follow
def call(then: Callable[[], object]) -> object:
    return then()


def test_each_call_of_each_thread_is_found_as_long_as_it_lasts() -> None:
    is_in, may_go = threading.Event(), threading.Event()

    def wait() -> None:
        is_in.set()
        may_go.wait(20)

    thread = threading.Thread(target=lambda: call(lambda: call(wait)))
    thread.start()
    assert is_in.wait(20)
    found = call(CALLS.by_thread)
    may_go.set()
    thread.join()
    assert isinstance(found, dict)
    assert (found[threading.get_ident()], found[thread.ident or 0]) == (1, 2)
    assert CALLS.by_thread().total() == 0


def test_the_depth_is_that_of_the_asking_thread() -> None:
    def depth() -> int:
        return CALLS.depth

    assert depth() == 0
    assert call(depth) == 1
    assert call(lambda: call(depth)) == 2


class Thing:
    """An object that a local variable of a function refers to."""


def test_a_look_keeps_no_local_variable_alive() -> None:
    def look() -> weakref.ref[Thing]:
        thing = Thing()
        CALLS.by_thread()
        return weakref.ref(thing)

    gc.collect()
    gc.disable()
    try:
        assert look()() is None
    finally:
        gc.enable()
