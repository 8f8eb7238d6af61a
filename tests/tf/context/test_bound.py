"""A bound function is in the session of the thread that bound it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open


def test_a_bound_function_is_in_the_session_in_any_thread(open_session: Open) -> None:
    """Graph, session and mode; the thread is afterwards as it was."""

    def read(factor: float, *, plus: float) -> tuple[float, object]:
        """Read it."""
        return (v * factor + plus).eval(), tf.compat.v1.get_default_session()

    with ThreadPoolExecutor(1) as pool:
        with open_session("a") as a:
            v = tf.compat.v1.get_variable("v", initializer=2.0)
            v.initializer.run()
            bound = tfsess_magics.bind(read)
            assert pool.submit(bound, 3.0, plus=1.0).result() == (7.0, a.session)
        assert pool.submit(bound, 1.0, plus=0.0).result() == (2.0, a.session)
        assert pool.submit(tf.executing_eagerly).result() is True
    assert (bound.__name__, bound.__doc__) == ("read", "Read it.")


def test_the_session_is_in_use_while_it_runs(open_session: Open) -> None:
    """It cannot be closed under a thread that works in it."""
    begun, end = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        end.wait()

    with open_session("a") as a:
        thread = threading.Thread(target=tfsess_magics.bind(work))
    thread.start()
    begun.wait()
    assert a.use() is not None
    with pytest.raises(tfsess_magics.SessionInUseError):
        tfsess_magics.close("a")
    end.set()
    thread.join()
    assert a.use() is None


def test_there_must_be_a_session(open_session: Open) -> None:
    """Outside of cells and blocks there is nothing to carry, and after its close nothing to enter."""
    with open_session("a"):
        bound = tfsess_magics.bind(print)
    with pytest.raises(tfsess_magics.NoSessionError, match="this thread is in none"):
        tfsess_magics.bind(print)
    tfsess_magics.close("a")
    with pytest.raises(tfsess_magics.ClosedSessionError, match="session 'a' was closed"):
        bound()
