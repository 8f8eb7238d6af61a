"""A stop of a session that is connected to a server."""

import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfsess_magics
from tests.forks import Fork
from tests.in_runtime import wait_for_runs
from tests.server import serving
from tests.tf.conftest import Open
from tests.tf.running import Running, is_done_or_cuts, when_running
from tfsess_magics import SessionStopped
from tfsess_magics.core.settings import settings
from tfsess_magics.tf.runs.blocked_on import awaited
from tfsess_magics.tf.runs.concurrent import concurrent_runs
from tfsess_magics.tf.stopping import stopper

v1 = tf.compat.v1


@pytest.fixture
def server() -> Iterator[tuple[Fork, str]]:
    """A server in a process of its own, and its address."""
    with serving() as (process, target):
        yield process, target


class Remote:
    """A session of other code on a server, with a variable and what waits for ever."""

    def __init__(self, target: str) -> None:
        with tf.Graph().as_default():
            self.variable = v1.get_variable("v", initializer=np.arange(4.0))
            self.waits: Any = {
                "dequeue": v1.FIFOQueue(1, tf.float32, name="queue").dequeue(),
                "loop": tf.while_loop(lambda i: i >= 0, lambda i: i * 1, [tf.constant(1)])[0],
            }
            self.session = v1.Session(target)
        self.session.run(self.variable.initializer)
        self.observed = tfsess_magics.process.connect().find(self.session)


def test_runs_on_a_server_are_stopped_and_keep_their_values(server: tuple[Fork, str], open_session: Open) -> None:
    tfsess_magics.process.connect().observe()
    remote = Remote(server[1])
    for what, on in ("dequeue", "on dequeue from 'queue'"), ("loop", "on a loop"):
        thread = when_running(remote.observed, lambda: tfsess_magics.stop(remote.observed.name, now=True))
        with pytest.raises(SessionStopped, match=f"after .*{on}.* Kept: 1 variable"):
            remote.session.run(remote.waits[what])
        thread.join()
        assert remote.session.run(remote.variable).tolist() == [0.0, 1.0, 2.0, 3.0]
    remote.session.close()


def test_a_server_that_does_not_answer_is_said_before_anything_is_lost(
    server: tuple[Fork, str], open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it answers again the run goes on as it would have."""
    process, target = server
    tfsess_magics.process.connect().observe()
    remote = Remote(target)
    refused: list[BaseException] = []

    def act() -> None:
        process.send_signal(signal.SIGSTOP)
        with monkeypatch.context() as patch:
            patch.setattr(settings, "values_patience", 100)
            try:
                tfsess_magics.stop(remote.observed.name, now=True)
            except tfsess_magics.ValuesLostError as error:
                refused.append(error)
        process.send_signal(signal.SIGCONT)
        tfsess_magics.stop(remote.observed.name, now=True)

    thread = when_running(remote.observed, act)
    with pytest.raises(SessionStopped, match="Kept: 1 variable"):
        remote.session.run(remote.waits["dequeue"])
    thread.join()
    assert "was not stopped: its variables cannot be read (DeadlineExceededError" in str(refused[0])
    assert remote.session.run(remote.variable).tolist() == [0.0, 1.0, 2.0, 3.0]
    remote.session.close()


def test_a_run_on_a_server_that_was_killed_ends_when_there_is_one_at_its_address_again(
    server: tuple[Fork, str], open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TensorFlow waits for it without end, also to close the session, which is said."""
    monkeypatch.setattr(stopper, "is_done_soon", is_done_or_cuts)
    monkeypatch.setattr(settings, "stuck_after", 0.0)
    process, target = server
    tfsess_magics.process.connect().observe()
    remote = Remote(target)
    run = Running(remote.session, remote.waits["dequeue"])
    wait_for_runs(remote.observed)
    process.kill()
    process.wait()
    said = f"stopping: {target} has not answered yet."
    assert said in str(tfsess_magics.stop(remote.observed.name, on_stop="drop", now=True))
    assert remote.observed.info().mark.startswith(said)
    again = tf.distribute.Server({"local": [target.removeprefix("grpc://")]})
    run.join(60)
    assert not run.is_alive()
    assert isinstance(run.error, SessionStopped)
    assert "Kept: no variables (0 B). Not kept: the values of variables (--on-stop drop), queues" in str(run.error)
    remote.session.run(remote.variable.initializer)
    assert remote.session.run(remote.variable).tolist() == [0.0, 1.0, 2.0, 3.0]
    remote.session.close()
    del again


@pytest.fixture(scope="module")
def local_server() -> str:
    """A server in this process, which TensorFlow keeps as long as that lives."""
    return str(v1.train.Server.create_local_server().target)


class Worker:
    """A session with a queue and a lock that it has in common with others on its server."""

    def __init__(self, target: str, name: str, held: Callable[[], float], **config: Any) -> None:
        with tf.Graph().as_default():
            queue = v1.FIFOQueue(1, tf.double, [[]], shared_name="jobs", name=f"{name}_queue")
            section = tf.CriticalSection(shared_name="section", name=name)
            self.dequeue = queue.dequeue()
            self.enqueue = queue.enqueue(v1.py_func(held, [], tf.double))
            self.locks = section.execute(lambda: v1.py_func(held, [], tf.double))
            self.session = v1.Session(target, config=v1.ConfigProto(**config))
        self.observed = tfsess_magics.process.connect().find(self.session)


@pytest.mark.parametrize(
    ("waits", "holds", "said"),
    [
        ("dequeue", "enqueue", "dequeue from 'waiter_queue', which is empty, and {} enqueues"),
        ("locks", "locks", "the lock 'waiter', which {} holds or waits for"),
    ],
)
def test_a_session_of_the_same_server_that_could_end_the_wait_is_named(
    local_server: str, open_session: Open, waits: str, holds: str, said: str
) -> None:
    tfsess_magics.process.connect().observe()
    go, is_held = threading.Event(), threading.Event()

    def hold() -> float:
        is_held.set()
        return float(go.wait(20))

    waiter, holder = Worker(local_server, "waiter", lambda: 1.0), Worker(local_server, "holder", hold)
    thread = threading.Thread(target=lambda: holder.session.run(getattr(holder, holds)), name="worker")
    thread.start()
    assert is_held.wait(20)
    found: list[str] = []

    def look() -> None:
        meter = waiter.observed.watched.meter
        (run,) = meter.table.in_flight.values()
        found.append(awaited(waiter.session, run.step, None, concurrent_runs(meter, run.step)))
        go.set()

    looks = when_running(waiter.observed, look)
    assert waiter.session.run(getattr(waiter, waits)) == 1.0
    looks.join()
    thread.join()
    assert said.format(f"thread 'worker' in session {holder.observed.name}") in found[0]
    waiter.session.close()
    holder.session.close()


def test_a_session_that_isolates_its_state_has_nothing_in_common(local_server: str, open_session: Open) -> None:
    """What other processes do at the server is not known, and not denied."""
    tfsess_magics.process.connect().observe()
    go, is_held = threading.Event(), threading.Event()

    def hold() -> float:
        is_held.set()
        return float(go.wait(20))

    waiter = Worker(local_server, "waiter", lambda: 1.0, isolate_session_state=True)
    holder = Worker(local_server, "holder", hold)
    thread = threading.Thread(target=lambda: holder.session.run(holder.enqueue))
    thread.start()
    assert is_held.wait(20)
    stops = when_running(waiter.observed, lambda: tfsess_magics.stop(waiter.observed.name, now=True))
    with pytest.raises(SessionStopped, match="which is empty, and nothing here enqueues"):
        waiter.session.run(waiter.dequeue)
    stops.join()
    go.set()
    thread.join()
    holder.session.run(holder.dequeue)
    waiter.session.close()
    holder.session.close()
