"""Sessions on a server: what it tells of them, and that nothing waits for it."""

import gc
import queue
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfsess_magics
from tests.forks import Fork, run
from tests.server import serving
from tests.tf.conftest import Open, asking
from tests.tf.stopping.test_stop_on_server import Remote, server  # noqa: F401 - a fixture
from tfsess_magics.core import text
from tfsess_magics.core.feed import Feed
from tfsess_magics.core.model import SessionInfo
from tfsess_magics.core.orders import carry_out
from tfsess_magics.core.protocol import Describe, Done, SessionSummary
from tfsess_magics.core.settings import settings
from tfsess_magics.notebook.views.sessions import SessionDetails, SessionTable

v1 = tf.compat.v1

Serving = tuple[Fork, str]
_LONG = 180_000
"""Milliseconds that no test takes."""


@pytest.fixture(autouse=True)
def observed(open_session: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions of other code are listed, and servers have time to answer."""
    monkeypatch.setattr(settings, "server_patience", _LONG)
    tfsess_magics.process.connect().observe()


@contextmanager
def panel() -> Iterator[Callable[[Callable[[SessionSummary], bool]], SessionSummary]]:
    """Open a panel; give what waits for the first row that is as it is described."""
    messages: queue.Queue[Any] = queue.Queue()

    def await_row(is_it: Callable[[SessionSummary], bool]) -> SessionSummary:
        while True:
            row = getattr(messages.get(timeout=30), "session", None)
            if isinstance(row, SessionSummary) and is_it(row):
                return row

    close = Feed(tfsess_magics.process.registry, tfsess_magics.memory).subscribe(messages.put)
    try:
        yield await_row
    finally:
        close()


def info() -> SessionInfo:
    """Return what is known of the one session there is."""
    (found,) = tfsess_magics.sessions()
    return found


def described() -> list[str]:
    """Return the devices that an open row is told of the one session there is."""
    reply = carry_out(Describe(1, info().id), tfsess_magics.process.registry)
    assert isinstance(reply, Done)
    assert reply.details
    return [device.name for device in reply.details.devices]


def test_a_server_is_asked_once_a_run_has_succeeded(server: Serving) -> None:  # noqa: F811
    """Until then it is not known that variables have no value: others may have given them one."""
    gc.collect()  # eager variables that garbage of other tests holds would be listed
    with tf.Graph().as_default():
        v = v1.get_variable("v", [4])
        v1.get_variable("w", [4])
        session = v1.Session(server[1])
    with pytest.raises(tf.errors.FailedPreconditionError):
        session.run(v)
    before = info()
    assert asking() == []
    assert (before.answers, before.devices, {v.initialized for v in before.variables}) == (None, (), {None})
    assert "not known yet (2)" in repr(SessionTable([before]))
    assert re.search("devices +not known yet", repr(SessionDetails(before, [])))
    assert re.search("variables +2, 32 B in all; not known which are initialized", repr(SessionDetails(before, [])))
    (listed,) = tfsess_magics.process.registry.live()
    assert listed.summary(ask=True).variables_nbytes is None
    assert (described(), listed.summary(ask=False).answers) == ([], None)
    with panel() as await_row:
        session.run(v.initializer)
        row = await_row(lambda row: row.variables_nbytes == 16 and bool(row.devices))
    assert (row.target, row.devices, row.variables_nbytes, row.runs) == (server[1], ["CPU:0"], 16, 2)
    after = info()
    assert [(v.name, v.initialized, v.device) for v in after.variables] == [
        ("v", True, "CPU:0"),
        ("w", False, "CPU:0"),
    ]
    assert "16 B (2)" in repr(SessionTable([after]))
    assert described() == ["CPU:0"]
    session.close()


def test_a_variable_that_no_run_has_shown_to_the_server_is_not_known(server: Serving) -> None:  # noqa: F811
    """It may have a value there, and to show it would keep TensorFlow from changing the graph."""
    remote = Remote(server[1])
    with panel() as await_row:
        await_row(lambda row: row.variables_nbytes == 32)
    with remote.session.graph.as_default():
        v1.get_variable("w", [2])
    assert {v.name: v.initialized for v in info().variables} == {"v": True, "w": None}
    remote.session.close()


def test_a_value_that_another_session_gave_is_seen(server: Serving) -> None:  # noqa: F811
    """The variables of a server are all its sessions'."""
    Remote(server[1]).session.close()
    with tf.Graph().as_default():
        variable = v1.get_variable("v", initializer=np.arange(4.0))
        is_there = variable.is_initialized()
        session = v1.Session(server[1])
    assert session.run(is_there)
    with panel() as await_row:
        await_row(lambda row: row.variables_nbytes == 32)
    session.close()


CLUSTER = """
import socket, sys, tensorflow as tf
sockets = [socket.create_server(("localhost", 0)) for _ in range(2)]
hosts = ["localhost:%d" % opened.getsockname()[1] for opened in sockets]
for opened in sockets:
    opened.close()
servers = [tf.compat.v1.train.Server({"worker": hosts}, "worker", task) for task in range(2)]
print(servers[0].target, flush=True)
sys.stdin.read()
"""


def test_devices_of_a_cluster_are_told_with_their_tasks() -> None:
    """They are those that the session lists."""
    with serving(CLUSTER) as (_, target), tf.Graph().as_default(), v1.Session(target) as session:
        session.run(tf.constant(1))
        with panel() as await_row:
            row = await_row(lambda row: bool(row.devices))
        assert row.devices == ["/job:worker/task:0/CPU:0", "/job:worker/task:1/CPU:0"]
        listed = [device.name for device in session.list_devices()]
        assert listed == [f"/job:worker/replica:0/task:{task}/device:CPU:0" for task in range(2)]


def test_a_server_that_does_not_answer_is_said(
    server: Serving,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After it has answered again, the next look asks it again."""
    monkeypatch.setattr(settings, "server_patience", 200)
    process, target = server
    remote = Remote(target)
    process.send_signal(signal.SIGSTOP)
    with panel() as await_row:
        row = await_row(lambda row: row.answers is False)
        assert row.target == target
        assert text.server(row.target, row.answers) == f"{target}, which does not answer"
        shown = info()
        assert shown.target == target
        assert re.search(f"target +{target}, which does not answer", repr(SessionDetails(shown, [])))
        assert "not known (1)" in repr(SessionTable([shown]))
        assert described() == []
        monkeypatch.setattr(settings, "server_patience", _LONG)
        process.send_signal(signal.SIGCONT)
        info()
        await_row(lambda row: row.variables_nbytes == 32 and row.answers is True)
    remote.session.close()


@pytest.mark.parametrize("is_asked", ["its variables", "its devices"])
def test_nothing_waits_with_who_asks_a_server(
    server: Serving,  # noqa: F811
    is_asked: str,
) -> None:
    """Neither lists nor sessions nor the feed; and what comes next is asked when it answers."""
    process, target = server
    with tf.Graph().as_default():
        variable = v1.get_variable("v", [4]) if is_asked == "its variables" else None
        session = v1.Session(target)
        session.run(tf.constant(1) if variable is None else variable.initializer)
    process.send_signal(signal.SIGSTOP)
    info()
    (thread,) = asking()
    with panel() as await_row:
        with tf.Graph().as_default(), v1.Session() as local:
            assert local.run(tf.constant(2)) == 2
            await_row(lambda row: row.target == "" and row.runs == 1)
        assert info().devices == ()
        assert asking() == [thread]
        process.send_signal(signal.SIGCONT)
        await_row(lambda row: row.devices == ["CPU:0"])
    session.close()


ENDS = """
import gc, os, signal, sys, threading, weakref
import tensorflow as tf, tfsess_magics
from tfsess_magics.core.frames import current_frames
tfsess_magics.process.connect().observe()
v1 = tf.compat.v1
target, process = sys.argv[1], int(sys.argv[2])
with tf.Graph().as_default():
    session = v1.Session(target, config=v1.ConfigProto(operation_timeout_in_ms=5000))  # what its own close may take
    session.run(tf.constant(1))
os.kill(process, signal.SIGSTOP)
tfsess_magics.sessions()
while all(frame.f_code.co_name != "list_devices" for frame in current_frames().values()):
    os.sched_yield()
gone = threading.Event()
weakref.finalize(session, gone.set)
del session
gc.collect()
print(gone.wait(30), [thread.name for thread in threading.enumerate() if "asks" in thread.name] != [], flush=True)
"""


def test_who_asks_a_server_keeps_neither_the_session_nor_the_process(server: Serving) -> None:  # noqa: F811
    """The thread is at it still when the session is collected and the interpreter ends."""
    process, target = server
    # A server's time is long here: what ends before it has not waited for it.
    long = f"from tfsess_magics.core.settings import settings; settings.server_patience = {_LONG}\n"
    done = run(long + ENDS, target, str(process.pid))
    assert (done.returncode, done.stdout) == (0, "True True\n"), done.stderr
