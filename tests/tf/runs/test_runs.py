"""Every run is seen, however it is started and ends, and ends as before."""

import functools
import re
import threading
import traceback
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2
from tensorflow.python.client import pywrap_tf_session

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.seeing import observed
from tfsess_magics import SessionInfo
from tfsess_magics.tf.backend import TensorFlow
from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1


def test_runs_are_counted_however_they_are_started(backend: TensorFlow, open_session: Open) -> None:
    """`run`, `eval`, `Operation.run`, every kind of callable, partial runs; from any thread; each once."""
    with tf.Graph().as_default(), v1.Session() as session:
        x, fed = tf.constant(1), v1.placeholder(tf.int32, [])
        y = fed + 1
        runs = [
            lambda: session.run(fetches=x),
            lambda: session.run(y, feed_dict={fed: 1}),
            x.eval,
            x.op.run,
            session.make_callable(x),
            session.make_callable(x.op),
            session.make_callable([x, x]),
            session.make_callable(x, accept_options=True),
            functools.partial(session.make_callable(y, [fed]), 1),
            session._make_callable_from_options(config_pb2.CallableOptions(fetch=[x.name])),
        ]
        for number, run in enumerate(runs, start=1):
            run()
            assert observed()[0].runs == number
        handle = session.partial_run_setup([y], [fed])
        session.partial_run(handle, y, {fed: 1})
        assert observed()[0].runs == len(runs) + 1
        thread = threading.Thread(target=x.eval, kwargs={"session": session})
        thread.start()
        thread.join()
        assert observed()[0].runs == len(runs) + 2
    with open_session("train") as train:
        x = tf.constant(1)
        train.run([x], feed_dict={})
        x.eval()
    assert tfsess_magics.sessions()[0].runs == 2


def test_a_failed_run_is_told_in_one_line(open_session: Open) -> None:
    """The line of TensorFlow's message that says what happened, not the one that says where."""
    with open_session("train") as train:
        v = v1.get_variable("v", [1])
        with pytest.raises(tf.errors.FailedPreconditionError):
            v.eval()
        with pytest.raises(tf.errors.InvalidArgumentError):
            tf.linalg.inv(tf.zeros([2, 2])).eval()
    (info,) = tfsess_magics.sessions()
    assert info.runs == 2
    assert info.last_error == "InvalidArgumentError: Input is not invertible."
    train.run(train.graph.get_operations()[0])
    assert tfsess_magics.sessions()[0].last_error == info.last_error


def test_what_fails_before_the_step_is_no_run(open_session: Open) -> None:
    """TensorFlow refuses it in Python; no step begins."""
    with open_session("train") as train:
        tf.constant(1)
    with pytest.raises(TypeError):
        train.run(7)
    (info,) = tfsess_magics.sessions()
    assert (info.runs, info.last_error) == (0, None)


def test_a_failing_run_shows_one_frame_of_ours(open_session: Open) -> None:
    """Outside IPython: one in all that is printed, in a file whose name says whose it is."""
    with open_session("train") as train:
        x = tf.linalg.inv(tf.zeros([2, 2]))
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        train.session.run(x)
    package = re.escape(str(Path(tfsess_magics.__file__).parent))
    printed = "".join(traceback.format_exception(error.value))
    assert re.findall(rf'File "{package}/(.*)", line', printed) == ["tf/instrument/steps.py"]


def after_a_run_that_raises(
    error: type[BaseException], train: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> SessionInfo:
    """Run where the runtime raises `error`, and return what is known of the session then."""

    def raises(*_: object) -> None:
        raise error

    with train:
        x = tf.constant(1)
    with monkeypatch.context() as patch:
        patch.setattr(pywrap_tf_session, "TF_SessionRun_wrapper", raises)
        with pytest.raises(error):
            train.run(x)
    return train.info()


def test_an_interrupted_run_ends(open_session: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that any exception leaves is no longer under way."""
    info = after_a_run_that_raises(KeyboardInterrupt, open_session("train"), monkeypatch)
    assert (info.runs, info.running_since, info.last_error) == (1, None, "KeyboardInterrupt")


def test_sessions_that_are_not_ours_need_not_be_hashable(open_session: Open) -> None:
    """A subclass of TensorFlow's session is run as it is without us."""

    class Comparable(v1.Session):  # type: ignore[misc,name-defined]  # noqa: PLW1641
        def __eq__(self, other: object) -> bool:
            return self is other

    open_session("train")
    with tf.Graph().as_default(), Comparable() as session:
        assert session.run(tf.constant(1)) == 1


def test_an_error_that_cannot_be_written_passes_on(open_session: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its own class does, it is what the user gets."""

    class Unspeakable(Exception):  # noqa: N818
        def __str__(self) -> str:
            raise ZeroDivisionError

    assert after_a_run_that_raises(Unspeakable, open_session("train"), monkeypatch).last_error == "Unspeakable"
