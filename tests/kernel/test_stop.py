"""Kernel > Interrupt, and a Stop that is ordered while a cell runs, in real kernels."""

from __future__ import annotations

import pytest

from .comm import opened
from .harness import Kernel
from .train import BEFORE, TOLD, VALUES

BODIES = {
    "dequeue": "go()\nsess.run(waits)",
    "eval": "go()\nwaits.eval(session=sess)",
    "try": "go()\nwhile True:\n    try: sess.run(waits)\n    except Exception: pass",
    "function": "def f():\n    go()\n    sess.run(waits)\nf()",
}


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("%%tfsession train\n", id="session"),
        pytest.param("", id="ordinary"),
        # Before, %%time shows the error of its cell, and lets it end as if all was well.
        pytest.param("%%time\n", id="timed", marks=pytest.mark.needs("IPython>=9")),
    ],
)
@pytest.mark.parametrize("body", BODIES)
def test_an_interrupt_ends_a_cell_that_waits(train: Kernel, header: str, body: str) -> None:
    outcome = train.run(header + BODIES[body], interrupt_at="go")
    assert (outcome.status, outcome.ename) == ("error", "KeyboardInterrupt")
    assert "stopped a run in 'train'" in outcome.traceback
    assert "Kept: 1 variable (48 B)" in outcome.traceback
    assert "tfsess_magics/" not in outcome.traceback
    assert train.value(VALUES) == BEFORE
    assert train.run("%%tfsession train\nbump.op.run()").status == "ok"
    assert train.value(VALUES) == [x + 1 for x in BEFORE]


@pytest.mark.parametrize("header", ["%%tfsession train\n", ""], ids=["session", "ordinary"])
def test_a_second_interrupt_ends_a_run_that_is_not_known_to_wait(train: Kernel, header: str) -> None:
    """The cell says what goes on and what a cut takes, once, and only an interrupt after that cuts."""
    body = f"{header}go()\nsess.run(loops)"
    outcome = train.run(body, interrupt_at=("go", TOLD))
    assert (outcome.status, outcome.ename) == ("error", "KeyboardInterrupt")
    assert "Kept: 1 variable (48 B)" in outcome.evalue
    (said,) = outcome.stream("stderr").splitlines()
    assert said.startswith("Interrupted: a run of 'while")
    assert "in 'train' goes on until it ends (" in said
    assert said.endswith(f"{TOLD}. That keeps 1 variable (48 B) and loses queues ('queue').")
    assert "tfsess_magics/" not in outcome.traceback
    assert train.value(VALUES) == BEFORE
    assert train.run("%%tfsession train\nbump.op.run()").status == "ok"
    assert train.value(VALUES) == [x + 1 for x in BEFORE]


def test_an_interrupt_ends_an_async_cell(train: Kernel) -> None:
    outcome = train.run(
        "%%tfsession train\nimport asyncio\nawait asyncio.sleep(0)\ngo()\nsess.run(waits)", interrupt_at="go"
    )
    assert (outcome.status, outcome.ename) == ("error", "KeyboardInterrupt")
    assert train.value(VALUES) == BEFORE


def test_an_interrupt_in_a_monitored_session(train: Kernel) -> None:
    body = """
with tf.Graph().as_default():
    step = v1.train.get_or_create_global_step()
    waits_too = v1.FIFOQueue(1, tf.float32).dequeue()
    with v1.train.MonitoredSession() as monitored:
        go(monitored._tf_sess())
        while not monitored.should_stop():
            monitored.run(waits_too)
"""
    outcome = train.run(body, interrupt_at="go")
    assert (outcome.status, outcome.ename) == ("error", "KeyboardInterrupt")


def test_an_interrupt_in_a_supervisors_loop(train: Kernel) -> None:
    body = """
with tf.Graph().as_default():
    step = v1.train.get_or_create_global_step()
    more, waits_too = step.assign_add(1), v1.FIFOQueue(1, tf.float32).dequeue()
    supervisor = v1.train.Supervisor(logdir=None)
    supervised = supervisor.prepare_or_wait_for_session()
    for _ in range(3):
        supervised.run(more)
    go(supervised)
    while not supervisor.should_stop():
        supervised.run(waits_too)
"""
    outcome = train.run(body, interrupt_at="go")
    assert (outcome.status, outcome.ename) == ("error", "KeyboardInterrupt")
    assert "Kept: 1 variable" in outcome.evalue
    assert train.value("int(supervised.run(step))") == 3
    assert train.run("supervisor.stop(); supervised.close(); del supervisor, supervised, step, more").status == "ok"


def test_an_interrupt_in_a_file_that_is_run(train: Kernel) -> None:
    written = train.run("%%writefile waiting.py\ngo()\nsess.run(waits)")
    assert written.status == "ok"
    outcome = train.run("%run -i waiting.py", interrupt_at="go")
    (shown,) = [output.content for output in outcome.outputs if output.type == "error"]
    assert shown["ename"] == "KeyboardInterrupt"
    assert "Kept: 1 variable (48 B)" in shown["evalue"]
    assert train.value(VALUES) == BEFORE


def test_a_cell_may_limit_its_runs(train: Kernel) -> None:
    """The limit is the cell's: a trace keeps the other options, and the next cell has none."""
    outcome = train.run("%%tfsession train --timeout 0.3\nsess.run(waits)")
    assert (outcome.status, outcome.ename) == ("error", "DeadlineExceededError")
    assert "A run of 'queue_Dequeue' was ended after" in outcome.evalue
    assert f"--timeout 0.3 of cell {outcome.execution_count}" in outcome.evalue
    assert "tfsess_magics/" not in outcome.traceback
    assert train.value(VALUES) == BEFORE
    late = "%%tfsession train\nimport threading\nq = waits.op.inputs[0]\nfill = tf.raw_ops.QueueEnqueueV2("
    late += "handle=q, components=[tf.constant(1.0)])\nthreading.Timer(0.6, lambda: sess.run(fill)).start()\n"
    assert train.run(f"{late}float(sess.run(waits))").status == "ok"
    refused = train.run("%%tfsession train --timeout soon\nprint('body')")
    assert "--timeout takes a number of seconds" in refused.stream("stderr")
    assert "body" not in refused.stream()


@pytest.mark.parametrize(("order", "done"), [("close", "closed"), ("reset", "reset")])
def test_close_and_reset_end_the_run_of_a_cell(train: Kernel, order: str, done: str) -> None:
    with opened(train) as (comm, snapshot):
        (session,) = [s for s in snapshot["sessions"] if s["name"] == "train"]
        request = train.send(
            "%%tfsession train\ngo()\nwhile True:\n    try: sess.run(waits)\n    except Exception: pass"
        )
        train.said(request, "go")
        reply = comm.order(order, id=session["id"], generation=session["generation"])
        assert reply["type"] == "done"
        outcome = train.outcome(request)
        assert outcome.ename == "SessionStopped"
        assert f"'train' was {done} during this run, by {order.capitalize()} in the panel, after" in outcome.evalue
        late = comm.order(order, id=session["id"], generation=session["generation"])
        assert (late["type"], late["code"]) == ("refused", "StaleOrderError")
    assert train.value("tf.executing_eagerly()") is True
    if order == "close":
        assert train.run("%tfsession new train").status == "ok"


@pytest.mark.parametrize(
    "channel",
    [
        pytest.param("shell", id="over a subshell", marks=pytest.mark.needs("ipykernel>=7")),
        pytest.param("control", id="over the control channel"),
    ],
)
def test_a_stop_that_is_ordered_while_a_cell_runs(train: Kernel, channel: str) -> None:
    with opened(train) as (comm, snapshot):
        (session,) = [s for s in snapshot["sessions"] if s["name"] == "train"]
        request = train.send(
            "%%tfsession train\ngo()\nwhile True:\n    try: sess.run(waits)\n    except Exception: pass"
        )
        train.said(request, "go")
        reply = comm.order("stop", channel=channel, id=session["id"], generation=session["generation"])
        assert reply["type"] == "done"
        assert reply["message"].startswith("stopped 'train': 1 run. Kept: 1 variable (48 B)")
        outcome = train.outcome(request)
        assert outcome.ename == "SessionStopped"
        assert "Stop in the panel stopped a run in 'train'" in outcome.evalue
    assert train.value(VALUES) == BEFORE


def test_a_stop_between_runs_ends_a_loop(train: Kernel) -> None:
    with opened(train) as (comm, snapshot):
        (session,) = [s for s in snapshot["sessions"] if s["name"] == "train"]
        request = train.send("%%tfsession train\nprint('go')\nwhile True: sess.run(v)")
        train.said(request, "go")
        assert comm.order("stop", id=session["id"], generation=session["generation"])["type"] == "done"
        assert train.outcome(request).ename == "SessionStopped"
    assert train.value(VALUES) == BEFORE


def test_an_interrupt_keeps_a_large_variable(train: Kernel) -> None:
    made = "%%tfsession train\nlarge = v1.get_variable('large', [2**26], initializer=v1.ones_initializer())\n"
    made += "large.initializer.run()\nlast = large.assign_add(tf.range(2.0**26) % 7.0, read_value=False)\nlast.run()"
    made += "\ntotal = tf.reduce_sum(tf.cast(large, tf.float64))\nbefore = sess.run(total)"
    assert train.run(made).status == "ok"
    outcome = train.run("%%tfsession train\ngo()\nsess.run(waits)", interrupt_at="go")
    assert outcome.ename == "KeyboardInterrupt"
    assert "Kept: 2 variables (256.0 MiB)" in outcome.evalue
    assert train.value("bool(sess.run(total) == before > 0)") is True
    assert train.run("del large, last, total, before").status == "ok"
