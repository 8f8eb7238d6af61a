"""A stop of a session that is connected to a server."""

import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfsess_magics
from tests.server import serving
from tests.tf.conftest import Open
from tests.tf.test_stop import when_running
from tfsess_magics import SessionStopped
from tfsess_magics.tf import variables

v1 = tf.compat.v1


@pytest.fixture
def server() -> Iterator[tuple[subprocess.Popen[str], str]]:
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
        self.observed = tfsess_magics.api._connect().find(self.session)


def test_runs_on_a_server_are_stopped_and_keep_their_values(
    server: tuple[subprocess.Popen[str], str], open_session: Open
) -> None:
    tfsess_magics.api._connect().observe()
    remote = Remote(server[1])
    for what, said in ("dequeue", "on dequeue from 'queue'"), ("loop", "on a loop"):
        thread = when_running(remote.observed, lambda: tfsess_magics.stop(remote.observed.name))
        with pytest.raises(SessionStopped, match=f"{said}.* Kept: 1 variable"):
            remote.session.run(remote.waits[what])
        thread.join()
        assert remote.session.run(remote.variable).tolist() == [0.0, 1.0, 2.0, 3.0]
    remote.session.close()


def test_a_server_that_does_not_answer_is_said_before_anything_is_lost(
    server: tuple[subprocess.Popen[str], str], open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it answers again the run goes on as it would have."""
    monkeypatch.setattr(variables, "_SERVER", 100)
    process, target = server
    tfsess_magics.api._connect().observe()
    remote = Remote(target)
    refused: list[BaseException] = []

    def act() -> None:
        process.send_signal(signal.SIGSTOP)
        try:
            tfsess_magics.stop(remote.observed.name)
        except tfsess_magics.ValuesLostError as error:
            refused.append(error)
        process.send_signal(signal.SIGCONT)
        tfsess_magics.stop(remote.observed.name)

    thread = when_running(remote.observed, act)
    with pytest.raises(SessionStopped, match="Kept: 1 variable"):
        remote.session.run(remote.waits["dequeue"])
    thread.join()
    assert "was not stopped: its variables cannot be read (DeadlineExceededError" in str(refused[0])
    assert remote.session.run(remote.variable).tolist() == [0.0, 1.0, 2.0, 3.0]
    remote.session.close()
