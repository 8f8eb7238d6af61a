"""What no stop can end is said, in real kernels, with what is left to do; and named sessions have less of it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tfsess_magics.core.protocol import RunMark
from tfsess_magics.core.text import run_mark

from .comm import Comm, opened
from .harness import Kernel
from .train import HOLD, TOLD

FOLDED = """import threading, tensorflow as tf
v1, began = tf.compat.v1, threading.Event()
def step(i):
    began.set()
    return i
def begin():
    'Say so, once the loop has begun.'
    def wait():
        began.wait()
        print("begun")
    threading.Thread(target=wait).start()
def endless():
    'A loop whose condition the optimizer finds to be constant, and which does not look then whether it is cancelled.'
    return tf.while_loop(
        lambda i: tf.constant(True), lambda i: tf.ensure_shape(v1.py_func(step, [i], tf.int32), []), [tf.constant(0)]
    )
"""
SOON = "tfsess_magics.core.settings.settings.stuck_after = tfsess_magics.core.settings.settings.looks_again = 0.5"
UNTIL_RESTART = "If it never does, restart the kernel"


def next_mark(comm: Comm, name: str) -> str:
    """Wait for the row of a session to say why it cannot be stopped."""
    while True:
        changed = comm.next("changed")["session"]
        if changed["name"] == name and changed["mark"] and changed["mark"]["type"] == "uncuttable":
            return run_mark(msgspec.convert(changed["mark"], RunMark))


def test_a_folded_loop_of_other_code_says_that_only_a_restart_is_left(tmp_path: Path) -> None:
    with Kernel(tmp_path) as kernel:
        assert kernel.run(f"%load_ext tfsess_magics\nimport tfsess_magics\n{SOON}").status == "ok"
        others = "graph = tf.Graph()\nwith graph.as_default(): loops = endless()\nsess = v1.Session(graph=graph)"
        assert kernel.run(FOLDED + others).status == "ok"
        with opened(kernel) as (comm, _):
            request = kernel.send("begin()\nsess.run(loops)")
            running = comm.next_session(state="running")["session"]
            kernel.said(request, "begun")
            reply = comm.order("stop", id=running["id"], generation=running["generation"], now=True)
            assert "cannot be stopped: a loop 'while" in reply["message"]
            assert reply["message"].endswith(UNTIL_RESTART)


def test_a_folded_loop_of_a_named_session_is_stopped(train: Kernel) -> None:
    outcome = train.run(
        f"%%tfsession train\n{FOLDED}loop = endless()\nbegin()\nsess.run(loop)", interrupt_at=("begun", TOLD)
    )
    assert outcome.ename == "KeyboardInterrupt"
    assert "Kept: 1 variable (48 B)" in outcome.evalue
    assert train.run("del loop, endless, began, begin, step").status == "ok"


@pytest.mark.parametrize("by", ["interrupt", "order"])
def test_a_py_func_that_does_not_return_is_named(train: Kernel, by: str) -> None:
    """When it returns after all, the cell ends as ever."""
    assert train.run(f"{HOLD}tfsess_magics.core.settings.settings.cut_patience = 1\n{SOON}").status == "ok"
    with opened(train) as (comm, snapshot):
        (session,) = [s for s in snapshot["sessions"] if s["name"] == "train"]
        request = train.send("%%tfsession train\ngo_held()\nsess.run(holds)")
        train.said(request, "go")
        if by == "interrupt":
            train.interrupt()
            train.said(request, TOLD)
            train.interrupt()
        else:
            reply = comm.order("stop", id=session["id"], generation=session["generation"], now=True)
            assert "cannot be stopped: PyFunc 'python' does not return. " + UNTIL_RESTART in reply["message"]
        mark = next_mark(comm, "train")
        assert mark == "cannot be stopped: PyFunc 'python' does not return. " + UNTIL_RESTART
        with train.subshell() as subshell:
            assert train.run("free.set()", subshell=subshell).status == "ok"
        assert train.outcome(request).ename == ("KeyboardInterrupt" if by == "interrupt" else "SessionStopped")
    assert train.value("[float(x) for x in sess.run(v)]") == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
