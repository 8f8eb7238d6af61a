"""Runs are seen, and TensorFlow behaves as before."""

import inspect
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import wrapt
from tensorflow.python.client.session import BaseSession

import tfsess_magics
from tests.tf.conftest import Open
from tfsess_magics.tf import observe

v1 = tf.compat.v1


@pytest.fixture
def unwrapped() -> Iterator[object]:
    original = BaseSession.__dict__["run"]
    yield original
    observe.uninstall()
    assert BaseSession.__dict__["run"] is original


def test_install_and_uninstall_twice_in_any_order(unwrapped: object) -> None:
    """Off, on, on, off, off: one wrapper at most, and none at the end."""
    observe.uninstall()
    observe.install()
    observe.install()
    assert BaseSession.__dict__["run"].__wrapped__ is unwrapped
    observe.uninstall()
    observe.uninstall()
    assert BaseSession.__dict__["run"] is unwrapped


def test_a_wrapper_of_other_code_over_ours_stays(unwrapped: object, open_session: Open) -> None:
    """Ours then passes calls on, and is used again when it is installed again."""
    with open_session("train") as train:
        x = tf.constant(1)
    ours = BaseSession.__dict__["run"]
    theirs = wrapt.FunctionWrapper(ours, lambda wrapped, _, args, kwargs: wrapped(*args, **kwargs))
    BaseSession.run = theirs
    observe.uninstall()
    assert BaseSession.__dict__["run"] is theirs
    train.run(x)
    assert tfsess_magics.sessions()[0].runs == 0
    observe.install()
    assert BaseSession.__dict__["run"] is theirs
    train.run(x)
    assert tfsess_magics.sessions()[0].runs == 1
    BaseSession.run = ours


def test_a_wrapper_of_other_code_under_ours_stays(unwrapped: Any) -> None:
    """We put back what we found."""
    theirs = wrapt.FunctionWrapper(unwrapped, lambda wrapped, _, args, kwargs: wrapped(*args, **kwargs))
    BaseSession.run = theirs
    observe.install()
    observe.uninstall()
    assert BaseSession.__dict__["run"] is theirs
    BaseSession.run = unwrapped


def test_signature_name_and_documentation_stay(unwrapped: object) -> None:
    """`help` and `inspect` see TensorFlow's own method."""
    before = (inspect.signature(BaseSession.run), BaseSession.run.__doc__, BaseSession.run.__qualname__)
    observe.install()
    assert (inspect.signature(BaseSession.run), BaseSession.run.__doc__, BaseSession.run.__qualname__) == before


def test_runs_are_counted_however_run_is_reached(open_session: Open) -> None:
    """`run`, `eval` and `Operation.run`, from any thread, with keywords too; other sessions count for nothing."""
    train = open_session("train")
    with v1.Session(graph=tf.Graph()) as other:
        other.run(tf.constant(1))
    with train:
        x = tf.constant(1)
        train.session.run(fetches=x)
        train.run([x], feed_dict={})
        x.eval()
        x.op.run()
        thread = threading.Thread(target=x.eval, kwargs={"session": train.session})
        thread.start()
        thread.join()
    assert tfsess_magics.sessions()[0].runs == 5


def test_a_failed_run_is_told_in_one_line(open_session: Open) -> None:
    """The line of TensorFlow's message that says what happened, not the one that says where."""
    with open_session("train") as train:
        v = v1.get_variable("v", [1])
        with pytest.raises(tf.errors.FailedPreconditionError):
            v.eval()
        with pytest.raises(tf.errors.InvalidArgumentError):
            tf.linalg.inv(tf.zeros([2, 2])).eval()
        with pytest.raises(TypeError):
            train.run(7)
    (info,) = tfsess_magics.sessions()
    assert info.runs == 3
    assert info.last_error is not None
    assert info.last_error.startswith("TypeError: Argument `fetch` = 7 has invalid type")
    train.run(train.graph.get_operations()[0])
    assert tfsess_magics.sessions()[0].last_error == info.last_error
    with pytest.raises(tf.errors.InvalidArgumentError):
        train.run(train.graph.get_tensor_by_name("MatrixInverse:0"))
    assert tfsess_magics.sessions()[0].last_error == "InvalidArgumentError: Input is not invertible."


def test_a_failing_run_shows_one_frame_of_ours(open_session: Open) -> None:
    """Outside IPython: one, in a file whose name says whose it is; the exception is the same."""
    with open_session("train") as train:
        tf.constant(1)
    with pytest.raises(TypeError) as error:
        train.session.run(7)
    package = Path(tfsess_magics.__file__).parent
    ours = [Path(entry.path) for entry in error.traceback if package in Path(entry.path).parents]
    assert ours == [package / "tf" / "observe.py"]


def test_an_interrupted_run_ends(open_session: Open) -> None:
    """A run that any exception leaves is no longer under way."""
    train = open_session("train")
    with train:
        x = v1.placeholder(tf.float32, [])

    class Interrupting:
        def __array__(self, *_: object, **__: object) -> object:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train.run(x, {x: Interrupting()})
    (info,) = tfsess_magics.sessions()
    assert (info.runs, info.running_since, info.last_error) == (1, None, "KeyboardInterrupt")


def test_sessions_that_are_not_ours_need_not_be_hashable(open_session: Open) -> None:
    """A subclass of TensorFlow's session is run as it is without us."""

    class Comparable(v1.Session):  # type: ignore[misc,name-defined]  # noqa: PLW1641
        def __eq__(self, other: object) -> bool:
            return self is other

    open_session("train")
    with tf.Graph().as_default(), Comparable() as session:
        assert session.run(tf.constant(1)) == 1


def test_a_run_counts_once_below_a_wrapper_that_hides_ours(unwrapped: Any, open_session: Open) -> None:
    """A plain function in place of `run` does not show what it calls; we do not wrap it a second time."""
    with open_session("train") as train:
        x = tf.constant(1)
    ours = BaseSession.__dict__["run"]

    def theirs(self: object, *args: Any, **kwargs: Any) -> Any:
        return ours.__get__(self)(*args, **kwargs)

    BaseSession.run = theirs
    open_session("other")
    train.run(x)
    assert tfsess_magics.sessions()[0].runs == 1
    BaseSession.run = ours
    tfsess_magics.close("train", "other")


def test_an_error_that_cannot_be_written_passes_on(open_session: Open) -> None:
    """Whatever its own class does, it is what the user gets."""

    class Unspeakable(Exception):  # noqa: N818
        def __str__(self) -> str:
            raise ZeroDivisionError

    class Feeding:
        def __array__(self, *_: object, **__: object) -> object:
            raise Unspeakable

    with open_session("train") as train:
        x = v1.placeholder(tf.float32, [])
    with pytest.raises(Unspeakable):
        train.run(x, {x: Feeding()})
    assert tfsess_magics.sessions()[0].last_error == "Unspeakable"
