"""A forked process is warned at its first use of a session that it has from its parent, and not before."""

import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from tfsess_magics.tf import fork

FORK = """
import os, sys
import tensorflow as tf
import tfsess_magics
with tfsess_magics.session("a") as a:
    x = tf.constant(1.0)
session = tf.compat.v1.Session(graph=a.graph)
if os.fork() == 0:
    print("forked", file=sys.stderr, flush=True)
    a.run(x)
    session.run(x)
    os._exit(0)
os._exit(0)
"""


def test_a_fork_is_warned_of_in_the_child() -> None:
    """At its first run, by name of the cause and of what to do instead."""
    env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", FORK]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env, start_new_session=True) as run:
        assert run.stderr is not None
        said = []
        for line in run.stderr:  # the run itself may wait for ever
            said.append(line)
            if "was forked from" in line:
                break
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
    at = next(i for i, line in enumerate(said) if line == "forked\n")
    assert not any("RuntimeWarning" in line for line in said[:at])
    assert "RuntimeWarning: process " in said[-1]
    assert "multiprocessing.get_context('spawn')" in said[-1]


def test_it_is_warned_of_once_and_never_raises() -> None:
    """Whatever filters there are, the run that brought it to light goes on."""
    then: list[int] = []
    warner = fork._Warner()
    with pytest.warns(RuntimeWarning, match="was forked from one with TensorFlow sessions"):
        warner(lambda: then.append(1))
    warner(lambda: then.append(2))
    fork._Warner()(lambda: then.append(3))
    assert then == [1, 2, 3]
