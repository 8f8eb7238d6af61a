"""Every session is seen, with its runs, and TensorFlow behaves as before."""

import functools
import gc
import inspect
import re
import threading
import traceback
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import wrapt
from tensorflow.core.protobuf import config_pb2
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.client.session import BaseSession

import tfsess_magics
from tests.tf.conftest import Open
from tfsess_magics import Kind
from tfsess_magics.tf import observe
from tfsess_magics.tf.backend import TensorFlow

v1 = tf.compat.v1

METHODS = [(owner, name) for owner, name, _ in observe._WRAPPED]
STEP = "_call_tf_sessionrun"

Methods = dict[tuple[type, str], Any]


def methods() -> Methods:
    return {(owner, name): vars(owner)[name] for owner, name in METHODS}


@pytest.fixture
def unwrapped() -> Iterator[Methods]:
    """TensorFlow's own methods, which a test must put back."""
    before = methods()
    yield before
    tfsess_magics.api._connect().unobserve()
    assert methods() == before


@pytest.fixture
def backend(unwrapped: Methods) -> TensorFlow:
    """Sees every session during a test."""
    backend = tfsess_magics.api._connect()
    backend.observe()
    return backend


def observed() -> list[tfsess_magics.SessionInfo]:
    return [info for info in tfsess_magics.sessions() if info.kind is Kind.OBSERVED]


def here() -> tuple[str, int]:
    """Name and line of the function that is calling."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_code.co_name, frame.f_back.f_lineno


def test_install_and_uninstall_twice_in_any_order(unwrapped: Methods) -> None:
    """Off, on, on, off, off: one wrapper at most, and none at the end."""
    backend = tfsess_magics.api._connect()
    backend.unobserve()
    backend.observe()
    backend.observe()
    assert {key: wrapper.__wrapped__ for key, wrapper in methods().items()} == unwrapped
    backend.unobserve()
    backend.unobserve()
    assert methods() == unwrapped


def test_a_wrapper_of_other_code_over_ours_stays(backend: TensorFlow, open_session: Open) -> None:
    """Ours then passes calls on, and is used again when it is installed again."""
    with open_session("train") as train:
        x = tf.constant(1)
    ours = vars(BaseSession)[STEP]
    theirs = wrapt.FunctionWrapper(ours, lambda wrapped, _, args, kwargs: wrapped(*args, **kwargs))
    setattr(BaseSession, STEP, theirs)
    backend.unobserve()
    assert vars(BaseSession)[STEP] is theirs
    train.run(x)
    assert tfsess_magics.sessions()[0].runs == 0
    backend.observe()
    assert vars(BaseSession)[STEP] is theirs
    train.run(x)
    assert tfsess_magics.sessions()[0].runs == 1
    setattr(BaseSession, STEP, ours)


def test_a_wrapper_of_other_code_under_ours_stays(unwrapped: Methods) -> None:
    """We put back what we found."""
    backend = tfsess_magics.api._connect()
    for (owner, name), original in unwrapped.items():
        setattr(owner, name, wrapt.FunctionWrapper(original, lambda wrapped, _, a, k: wrapped(*a, **k)))
    theirs = methods()
    backend.observe()
    backend.unobserve()
    assert methods() == theirs
    for (owner, name), original in unwrapped.items():
        setattr(owner, name, original)


@pytest.mark.parametrize(("owner", "name"), METHODS)
def test_signature_name_and_documentation_stay(unwrapped: Methods, owner: type, name: str) -> None:
    """`help` and `inspect` see TensorFlow's own function."""

    def seen() -> tuple[Any, ...]:
        method = getattr(owner, name)
        return type(method), inspect.signature(method), method.__doc__, method.__qualname__, inspect.getsource(method)

    before = seen()
    tfsess_magics.api._connect().observe()
    assert seen() == before


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
    assert re.findall(rf'File "{package}/(.*)", line', printed) == ["tf/observe.py"]


def test_an_interrupted_run_ends(open_session: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that any exception leaves is no longer under way."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with open_session("train") as train:
        x = tf.constant(1)
    monkeypatch.setattr(pywrap_tf_session, "TF_SessionRun_wrapper", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train.run(x)
    monkeypatch.undo()
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


def test_a_run_counts_once_below_a_wrapper_that_hides_ours(backend: TensorFlow, open_session: Open) -> None:
    """A plain function in its place does not show what it calls; we do not wrap it a second time."""
    with open_session("train") as train:
        x = tf.constant(1)
    ours = vars(BaseSession)[STEP]

    def theirs(self: object, *args: Any, **kwargs: Any) -> Any:
        return ours.__get__(self)(*args, **kwargs)

    setattr(BaseSession, STEP, theirs)
    backend.unobserve()
    backend.observe()
    train.run(x)
    assert tfsess_magics.sessions()[0].runs == 1
    setattr(BaseSession, STEP, ours)


def test_an_error_that_cannot_be_written_passes_on(open_session: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its own class does, it is what the user gets."""

    class Unspeakable(Exception):  # noqa: N818
        def __str__(self) -> str:
            raise ZeroDivisionError

    def fails(*_: object) -> None:
        raise Unspeakable

    with open_session("train") as train:
        x = tf.constant(1)
    monkeypatch.setattr(pywrap_tf_session, "TF_SessionRun_wrapper", fails)
    with pytest.raises(Unspeakable):
        train.run(x)
    monkeypatch.undo()
    assert tfsess_magics.sessions()[0].last_error == "Unspeakable"


def test_an_error_of_ours_is_logged_once_and_reaches_nobody(
    backend: TensorFlow, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A hook that fails costs the user nothing but the row."""
    monkeypatch.setattr(observe, "_has_failed", False)
    monkeypatch.setattr(observe, "_made", lambda *_: 1 / 0)
    for _ in range(3):
        with tf.Graph().as_default(), v1.Session() as session:
            assert session.run(tf.constant(1)) == 1
    assert [record.getMessage() for record in caplog.records if record.name == observe.__name__] == [
        "a session could not be observed; further errors of this kind are not logged"
    ]
    monkeypatch.undo()
    assert observed() == []


@pytest.mark.parametrize("make", [v1.Session, v1.InteractiveSession])
def test_a_session_is_listed_as_long_as_it_is_open(backend: TensorFlow, make: Any) -> None:
    """From its constructor to its close; with maker, line, target, devices, operations, variables, bytes, runs."""
    with tf.Graph().as_default():
        v = v1.get_variable("v", initializer=[1.0, 2.0])
        session, (function, line) = make(), here()
        session.run(v.initializer)
        (info,) = observed()
        assert re.fullmatch(r"#\d+", info.name)
        assert (info.origin.module, info.origin.function) == (__name__, function)
        assert (info.origin.file, info.origin.line) == (__file__, line)
        assert str(info.origin).endswith(f"tf/test_observe.py:{line}")
        assert (info.target, [device.name for device in info.devices]) == ("", ["CPU:0"])
        assert (info.operations, info.runs) == (session.graph.num_operations(), 1)
        assert (info.variables_nbytes, info.variables[0].name) == (8, "v")
        assert info.is_default is (make is v1.InteractiveSession)
        assert info.last_run is not None
        session.close()
        assert observed() == []


def test_a_session_is_listed_until_it_is_collected(backend: TensorFlow) -> None:
    """Nothing of ours keeps a session, its graph or a tensor alive, whatever was asked of it."""

    def use() -> list[Any]:
        with tf.Graph().as_default() as graph:
            v = v1.get_variable("v", initializer=[1.0])
            session = v1.Session()
            session.run(v.initializer)
        assert observed()[0].variables_nbytes == 4
        assert backend.find(session).held_by() == ["code that is running"]
        return [weakref.ref(thing) for thing in (session, graph, v)]

    references = use()
    assert observed() == []
    gc.collect()
    assert [reference() for reference in references] == [None, None, None]
    assert backend._registry._observed == {}


def test_a_session_that_another_thread_enters_is_a_default_session(backend: TensorFlow) -> None:
    """Whichever thread has it as its default session."""
    session = v1.Session(graph=tf.Graph())
    entered, leave = threading.Event(), threading.Event()

    def enter() -> None:
        with session.as_default():
            entered.set()
            leave.wait()

    def held_by() -> list[str]:
        return backend.find(session).held_by()

    thread = threading.Thread(target=enter)
    assert not observed()[0].is_default
    thread.start()
    entered.wait()
    assert observed()[0].is_default
    assert "the default sessions of a thread" in held_by()
    leave.set()
    thread.join()
    assert not observed()[0].is_default
    assert "the default sessions of a thread" not in held_by()
    session.close()


def test_a_monitored_session_is_listed_with_its_maker(backend: TensorFlow) -> None:
    """The session inside it is made deep in TensorFlow; its maker is who asked for it."""
    with tf.Graph().as_default():
        v1.train.create_global_step()
        with v1.train.MonitoredSession() as session:
            (info,) = observed()
            assert info.origin.module == __name__
            assert backend.find(session).session is session._tf_sess()
    assert observed() == []


def test_a_session_on_a_server_is_listed_with_its_target(backend: TensorFlow) -> None:
    """Runs count as ever; of its devices and values nothing is asked, since a server may not answer."""
    server = v1.train.Server.create_local_server()
    with tf.Graph().as_default(), v1.Session(server.target) as session:
        v = v1.get_variable("v", initializer=[1.0])
        session.run(v.initializer)
        assert session.run(v) == [1.0]
        (info,) = observed()
        assert info.target == server.target
        assert info.target.startswith("grpc://")
        assert (info.devices, info.runs, len(info.variables), info.variables_nbytes) == ((), 2, 1, 0)
    assert observed() == []


def test_sessions_that_were_there_before_are_found_once(unwrapped: Methods) -> None:
    """With what they hold; who made them is not known. The same row after unload and load."""
    with tf.Graph().as_default():
        v = v1.get_variable("v", initializer=[1.0, 2.0])
        session = v1.Session()
        session.run(v.initializer)
    backend = tfsess_magics.api._connect()
    backend.observe()
    (info,) = observed()
    assert (info.variables_nbytes, str(info.origin)) == (8, "code that ran before tfsess_magics was loaded")
    session.run(v)
    backend.unobserve()
    assert not [name for name in vars(session) if "tfsess" in name]
    session.run(v)
    backend.observe()
    assert [(again.name, again.runs) for again in observed()] == [(info.name, 1)]
    session.close()


def test_a_constructor_that_fails_leaves_nothing(backend: TensorFlow) -> None:
    """TensorFlow's error, and no row."""
    with pytest.raises(tf.errors.NotFoundError, match="No session factory registered"):
        v1.Session("nowhere://", graph=tf.Graph())
    assert observed() == []


def test_sessions_may_come_and_go_inside_the_collector_and_in_any_thread(backend: TensorFlow) -> None:
    """A session that garbage holds is closed by the collector, in whichever thread that runs."""

    class Holder:
        def __init__(self) -> None:
            self.session = v1.Session(graph=tf.Graph())
            self.me = self

    def make_and_collect() -> None:
        for _ in range(5):
            Holder()
        gc.collect()

    threads = [threading.Thread(target=make_and_collect) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        tfsess_magics.sessions()
    for thread in threads:
        thread.join()
    gc.collect()
    assert observed() == []
