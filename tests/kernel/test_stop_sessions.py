"""Stops in real kernels, by real signals: what they reach, and what they keep."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator

import pytest

from tests.server import serving

from .harness import Kernel
from .train import GO, TOLD

PREPARE = f"""%%tfsession kinds
{GO}
import os, signal, numpy, tensorflow as tf
v1 = tf.compat.v1
def in_thread(run):
    'Run it in a thread, and keep what it raised.'
    def work():
        try: run()
        except BaseException as error: raised.append(error)
    thread = threading.Thread(target=work)
    thread.start()
    return thread
raised = []
v1.get_variable("resource", initializer=numpy.arange(3.0))
v1.get_variable("reference", [3], initializer=v1.random_normal_initializer(seed=1), use_resource=False)
v1.get_variable("local", initializer=7, collections=[v1.GraphKeys.LOCAL_VARIABLES], use_resource=True)
v1.get_variable("nowhere", initializer="text", collections=[])
v1.get_variable("partitioned", [4, 2], partitioner=v1.fixed_size_partitioner(2))
v1.get_variable("unset", [3])
sess = v1.get_default_session()
sess.run([op for op in sess.graph.get_operations() if op.type in ("Assign", "AssignVariableOp")
          and not op.name.startswith("unset")])
handle = sess.graph.get_tensor_by_name("resource:0")
sess.run(tf.raw_ops.AssignAddVariableOp(resource=handle, value=tf.constant([1.0, 1.0, 1.0], tf.float64)))
variables = ["resource/Read/ReadVariableOp", "reference/read"]
variables += ["local/Read/ReadVariableOp", "nowhere/Read/ReadVariableOp"]
variables += ["partitioned/part_%d/Read/ReadVariableOp" % part for part in range(2)]
reads = [variable + ":0" for variable in variables]
waits = v1.FIFOQueue(1, tf.float32, name="queue").dequeue()
loops = tf.while_loop(lambda i: i >= 0, lambda i: i * 1, [tf.constant(1)])
sess.graph.finalize()
before, operations = sess.run(reads), len(sess.graph.get_operations())
def kept():
    'Whether every variable has its value, one has none, and the graph is what it was.'
    try: sess.run("unset/Read/ReadVariableOp:0")
    except tf.errors.FailedPreconditionError: pass
    else: return False
    same = all(numpy.array_equal(a, b) for a, b in zip(before, sess.run(reads)))
    return same and len(sess.graph.get_operations()) == operations
"""


@pytest.fixture(scope="module")
def prepared(kernel: Kernel) -> Iterator[Kernel]:
    """A kernel with a session that has variables of every kind, and what waits for ever."""
    assert kernel.run("%load_ext tfsess_magics").status == "ok"
    assert kernel.run(PREPARE).status == "ok"
    yield kernel
    assert kernel.run("%tfsession close --all").status == "ok"


def test_an_interrupt_keeps_variables_of_every_kind_in_a_finalized_graph(prepared: Kernel) -> None:
    for blocked, at in ("waits", ("go",)), ("loops", ("go", TOLD)):
        outcome = prepared.run(f"%%tfsession kinds\ngo(sess)\nsess.run({blocked})", interrupt_at=at)
        assert outcome.ename == "KeyboardInterrupt"
        assert "Kept: 6 variables" in outcome.evalue
        assert "Not kept: queues" in outcome.evalue
        assert prepared.value("kept()") is True


def test_an_interrupt_ends_the_runs_of_a_cell_and_of_threads_in_one_session(prepared: Kernel) -> None:
    body = (
        "raised.clear()\nthreads = [in_thread(lambda: sess.run(waits)) for _ in range(3)]\ngo(sess, 4)\nsess.run(loops)"
    )
    outcome = prepared.run(f"%%tfsession kinds\n{body}", interrupt_at=("go", TOLD))
    assert outcome.ename == "KeyboardInterrupt"
    assert "stopped a run in 'kinds'" in outcome.evalue
    also = outcome.stream("stderr").split("It also ends ")[1]
    assert len(re.findall(r"a run of 'queue_Dequeue' in thread 'Thread-\d+ \(work\)'", also)) == 3
    assert prepared.run("for thread in threads: thread.join()").status == "ok"
    assert prepared.value("[type(error).__name__ for error in raised]") == ["SessionStopped"] * 3
    assert prepared.value("all('an interrupt ended another run in' in str(error) for error in raised)") is True
    assert prepared.value("kept()") is True


@pytest.mark.needs("ipykernel>=7")
def test_a_run_in_a_thread_is_stopped_from_a_subshell_while_a_cell_runs(prepared: Kernel) -> None:
    """The cell itself is in no run, and goes on."""
    body = "raised.clear()\nthread = in_thread(lambda: sess.run(waits))\ngo(sess)\nthread.join()\nprint('went on')"
    request = prepared.send(body)
    prepared.said(request, "go")
    with prepared.subshell() as subshell:
        stop = prepared.run("%tfsession stop kinds", subshell=subshell)
    assert stop.stream().startswith("stopped 'kinds': 1 run. Kept: 6 variables")
    outcome = prepared.outcome(request)
    assert (outcome.status, "went on" in outcome.stream()) == ("ok", True)
    assert prepared.value("str(raised[0])").startswith("%tfsession stop")
    assert prepared.value("kept()") is True


@pytest.mark.parametrize("adopted", [False, True], ids=["observed", "adopted"])
def test_an_interrupt_stops_the_sessions_of_other_code(prepared: Kernel, adopted: bool) -> None:
    prepare = """
with tf.Graph().as_default() as graph:
    theirs = v1.get_variable("theirs", initializer=3.0)
    dequeue = v1.FIFOQueue(1, tf.float32).dequeue()
    other = v1.Session(graph=graph)
    other.run(theirs.initializer)
"""
    assert prepared.run(prepare).status == "ok"
    if adopted:
        assert prepared.run("%tfsession adopt other model").status == "ok"
    header, name = ("%%tfsession model\n", "'model'") if adopted else ("", "session #")
    outcome = prepared.run(f"{header}go(other)\nother.run(dequeue)", interrupt_at="go")
    assert outcome.ename == "KeyboardInterrupt"
    assert f"stopped a run in {name}" in outcome.evalue
    assert "Kept: 1 variable (4 B)" in outcome.evalue
    assert prepared.value("float(other.run(theirs))") == 3.0
    assert prepared.run("other.close(); del other, theirs, dequeue, graph").status == "ok"
    if adopted:
        assert prepared.run("%tfsession close model").status == "ok"


def test_values_are_dropped_where_the_session_says_so_and_kept_by_default(prepared: Kernel) -> None:
    body = "\nw = v1.get_variable('w', initializer=2.0)\nw.initializer.run()\n"
    body += "blocked = v1.FIFOQueue(1, tf.float32).dequeue()\nown = v1.get_default_session()"
    run = "go(own)\nown.run(blocked)"
    for option, said, has_value in ("drop", "Kept: no variables", False), ("keep", "Kept: 1 variable (4 B)", True):
        assert prepared.run(f"%%tfsession {option} --on-stop {option}{body}").status == "ok"
        outcome = prepared.run(f"%%tfsession {option}\n{run}", interrupt_at="go")
        assert outcome.ename == "KeyboardInterrupt"
        assert said in outcome.evalue
        assert ("the values of variables (--on-stop drop)" in outcome.evalue) is not has_value
        assert prepared.run(f"%%tfsession {option}\nw.eval()").status == ("ok" if has_value else "error")
        assert prepared.run(f"%tfsession close {option}\ndel w, blocked, own").status == "ok"


@pytest.mark.needs("ipykernel>=7")
def test_a_server_that_does_not_answer_is_said_and_the_run_goes_on_until_it_does(prepared: Kernel) -> None:
    with serving() as (process, target):
        prepare = f"""
tfsess_magics.core.settings.settings.values_patience = 500
with tf.Graph().as_default() as graph:
    theirs = v1.get_variable("theirs", initializer=3.0)
    dequeue = v1.FIFOQueue(1, tf.float32).dequeue()
    remote = v1.Session({target!r}, graph=graph)
    remote.run(theirs.initializer)
"""
        assert prepared.run(prepare).status == "ok"
        name = prepared.value("session_of(remote).name")
        request = prepared.send("go(remote)\nremote.run(dequeue)")
        prepared.said(request, "go")
        process.send_signal(signal.SIGSTOP)
        prepared.interrupt()
        prepared.said(request, TOLD)
        prepared.interrupt()
        prepared.said(request, f"session {name} was not stopped")
        with prepared.subshell() as subshell:
            over = "while session_of(remote).watched.meter.stopping.locked(): time.sleep(0.001)"
            assert prepared.run(over, subshell=subshell).status == "ok"
            stop = prepared.run(f"%tfsession stop {name} --now", subshell=subshell)
            restore = "tfsess_magics.core.settings.settings.values_patience = 10_000"
            assert prepared.run(restore, subshell=subshell).status == "ok"
        assert f"session {name} was not stopped: its variables cannot be read (DeadlineExceededError" in str(stop)
        process.send_signal(signal.SIGCONT)
        prepared.interrupt()
        prepared.said(request, TOLD, times=2)
        prepared.interrupt()
        outcome = prepared.outcome(request)
        assert outcome.ename == "KeyboardInterrupt"
        assert "Kept: 1 variable (4 B)" in outcome.evalue
        assert prepared.value("float(remote.run(theirs))") == 3.0
        assert prepared.run("remote.close(); del remote, theirs, dequeue, graph").status == "ok"
