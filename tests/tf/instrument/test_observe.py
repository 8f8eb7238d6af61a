"""Every session is seen, as long as it is open, and nothing of it is kept."""

import gc
import inspect
import re
import threading
import weakref
from typing import Any

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.seeing import Methods, observed
from tfsess_magics.tf.backend import TensorFlow
from tfsess_magics.tf.introspect.holders import how_entered
from tfsess_magics.tf.session.facts import Watched

v1 = tf.compat.v1


def here() -> tuple[str, int]:
    """Name and line of the function that is calling."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_code.co_name, frame.f_back.f_lineno


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
        assert str(info.origin).endswith(f"instrument/test_observe.py:{line}")
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


class Trainer:
    """Code that keeps a session."""


def test_what_refers_to_a_session_is_told_by_its_type_and_not_what_tensorflow_needs(backend: TensorFlow) -> None:
    session, trainer = v1.InteractiveSession(graph=tf.Graph()), Trainer()
    list(how_entered([session]))  # looks at the variables of TensorFlow's generators, as the guard does
    held = backend.find(session).held_by
    assert held() == ["code that is running", "the default sessions of a thread"]
    vars(trainer)["session"] = session
    sessions = {"train": session}
    assert {"a dict", f"an object of type {__name__}.Trainer"} < set(held())
    del sessions
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


def test_a_session_that_a_context_manager_of_tensorflow_makes_is_listed_with_its_maker(backend: TensorFlow) -> None:
    """Python's own code, which enters it, stands between the two."""
    with tf.Graph().as_default():
        supervisor = v1.train.Supervisor(logdir=None)
        with supervisor.managed_session() as session:
            assert [(info.origin.module, info.origin.file) for info in observed()] == [(__name__, __file__)]
        assert session._closed
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
    backend = tfsess_magics.process.connect()
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


def test_a_new_session_looks_at_none_of_those_alive(backend: TensorFlow, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it costs what it costs, however many there are; nor does the feed look at the others, or seeing them again."""
    registry, looks = tfsess_magics.process.registry, list[object]()
    alive = [v1.Session(graph=tf.Graph()) for _ in range(50)]

    def is_closed(watched: Watched) -> bool:
        looks.append(watched)
        return False

    monkeypatch.setattr(Watched, "is_closed", property(is_closed))
    alive.append(v1.Session(graph=tf.Graph()))
    assert not looks
    number = max(session.number for session in registry.observed)
    looks.clear()
    assert registry.get_live(number).number == number
    assert len(looks) == 1
    backend.unobserve()
    looks.clear()
    backend.observe()
    assert len(looks) <= len(alive)
    assert [session.number for session in registry.observed][-1] == number
