"""Orders to stop in real kernels: two at once, late ones, and what the row of a waiting run says first."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tfsess_magics.core.protocol import AwaitedOperation, OtherRun, Waits

from .comm import opened
from .harness import Kernel
from .train import BEFORE, HOLD, TOLD, VALUES


@pytest.mark.needs("ipykernel>=7")
def test_of_two_windows_one_stops_and_the_other_is_told(train: Kernel) -> None:
    assert train.run(HOLD).status == "ok"
    with opened(train) as (first, snapshot), opened(train) as (second, _):
        (session,) = [s for s in snapshot["sessions"] if s["name"] == "train"]
        order = {"type": "stop", "id": session["id"], "generation": session["generation"], "now": True}
        request = train.send("%%tfsession train\ngo_held()\nsess.run(holds)")
        train.said(request, "go")
        first.send({**order, "request": 101})
        with train.subshell() as subshell:
            begun = "meter = tfsess_magics.process.registry.get_any('train').watched.meter\n"
            begun += "while not (meter.stop and meter.stop.has_cut): time.sleep(0.001)"
            assert train.run(begun, subshell=subshell).status == "ok"
            reply = second.order("stop", id=session["id"], generation=session["generation"])
            assert reply["message"] == "'train' is being stopped already, by Stop in the panel"
            assert train.run("free.set()", subshell=subshell).status == "ok"
        assert first.next("done")["message"].startswith("stopped 'train': 1 run. Kept: 1 variable (48 B)")
        assert train.outcome(request).ename == "SessionStopped"
    assert train.value(VALUES) == BEFORE


def test_a_stop_waits_for_a_run_that_is_not_known_to_wait_and_another_one_cuts_it(train: Kernel) -> None:
    """Every page is told that it waits, and what a cut would lose."""
    assert train.run("tfsess_magics.core.settings.settings.reply_after = 1").status == "ok"
    with opened(train) as (comm, snapshot):
        (session,) = [s for s in snapshot["sessions"] if s["name"] == "train"]
        order = {"id": session["id"], "generation": session["generation"]}
        request = train.send("%%tfsession train\ngo()\nsess.run(loops)")
        train.said(request, "go")
        reply = comm.order("stop", **order)
        assert reply["type"] == "waiting"
        assert reply["message"].startswith("'train' stops when it can. A run of 'while")
        line = "ends it at once. That keeps 1 variable (48 B) and loses queues ('queue')."
        assert reply["message"].endswith(line)
        comm.next_session(is_stopping=True)
        again = comm.order("stop", **order)
        assert again["message"].startswith("'train' was told to stop already, by Stop in the panel. A run of 'while")
        reply = comm.order("stop", **order, now=True)
        assert (reply["type"], reply["message"].partition(".")[0]) == ("done", "stopped 'train': 1 run")
        assert train.outcome(request).ename == "SessionStopped"
        comm.next_session(is_stopping=False)
    assert train.value(VALUES) == BEFORE
    assert train.run("%%tfsession train\nbump.op.run()").status == "ok"


def test_a_stop_of_a_loop_lets_its_run_end_and_stops_the_next_one(train: Kernel) -> None:
    """Nothing is cut, and nothing is lost."""
    with opened(train) as (comm, snapshot):
        (session,) = [s for s in snapshot["sessions"] if s["name"] == "train"]
        build = "x = tf.random.stateless_normal([1000, 1000], [1, 2])\nheavy = tf.reduce_sum(x @ x @ x @ x)\n"
        request = train.send(f"%%tfsession train\n{build}go()\nwhile True: sess.run([heavy, bump])")
        train.said(request, "go")
        reply = comm.order("stop", id=session["id"], generation=session["generation"])
        assert (reply["type"], "nothing was lost" in reply["message"]) == ("done", True)
        outcome = train.outcome(request)
        assert outcome.ename == "SessionStopped"
        assert outcome.evalue == "Stop in the panel stopped 'train' before this run began; nothing was lost."
    assert train.run("del x, heavy").status == "ok"


@pytest.mark.needs("ipykernel>=7")
def test_an_order_whose_cell_has_ended_does_not_stop_the_next_cell(train: Kernel) -> None:
    """Its run has ended by itself, and there was none after it in that cell."""
    assert train.run("tfsess_magics.core.settings.settings.reply_after = 0.1").status == "ok"
    assert train.run(HOLD).status == "ok"
    request = train.send("go_held()\nfloat(sess.run(holds))")
    train.said(request, "go")
    with train.subshell() as subshell:
        stop = train.run("%tfsession stop train", subshell=subshell)
        assert stop.stream().startswith(
            "'train' stops when it can. A run of 'python' in 'train' goes on until it ends ("
        )
        assert train.run("free.set()", subshell=subshell).status == "ok"
    assert train.outcome(request).result == "1.0"
    assert train.value(VALUES) == BEFORE


def test_an_order_where_nothing_runs_says_so_and_the_next_cell_runs(train: Kernel) -> None:
    stop = train.run("%tfsession stop train").stream()
    assert stop.startswith("nothing runs in 'train', and there is nothing to stop. If another thread begins a run ")
    assert train.value(VALUES) == BEFORE


@pytest.mark.needs("ipykernel>=7")
def test_the_button_says_the_same_where_no_cell_runs(train: Kernel) -> None:
    with opened(train) as (comm, snapshot):
        (session,) = [s for s in snapshot["sessions"] if s["name"] == "train"]
        reply = comm.order("stop", id=session["id"], generation=session["generation"])
        assert reply["message"].startswith("nothing runs in 'train', and there is nothing to stop. If another thread ")
    assert train.value(VALUES) == BEFORE


@pytest.mark.needs("ipykernel>=7")
def test_nothing_is_cut_once_the_extension_is_unloaded(train: Kernel) -> None:
    """Neither by an order that waits nor by an interrupt."""
    assert train.run(f"{HOLD}tfsess_magics.core.settings.settings.reply_after = 0.1").status == "ok"
    request = train.send("%%tfsession train\ngo_held()\nfloat(sess.run(holds))")
    train.said(request, "go")
    with train.subshell() as subshell:
        assert "stops when it can" in train.run("%tfsession stop train", subshell=subshell).stream()
        train.interrupt()
        train.said(request, TOLD)
        assert train.run("%unload_ext tfsess_magics", subshell=subshell).status == "ok"
        train.interrupt()
        assert train.run("free.set()", subshell=subshell).status == "ok"
    outcome = train.outcome(request)
    assert (outcome.ename, outcome.evalue) == ("KeyboardInterrupt", "")
    assert train.run("%load_ext tfsess_magics").status == "ok"
    assert train.value(VALUES) == BEFORE


@pytest.mark.needs("ipykernel>=7")
def test_an_order_for_an_older_generation_is_refused_and_the_run_goes_on(train: Kernel) -> None:
    assert train.run("%tfsession reset train").status == "ok"
    assert train.run("%%tfsession train\nq = v1.FIFOQueue(1, tf.float32, shapes=[[]], name='next')\n").status == "ok"
    built = "%%tfsession train\nfill, take = q.enqueue([2.0]), q.dequeue()\nsess = v1.get_default_session()"
    assert train.run(built).status == "ok"
    with opened(train) as (comm, snapshot):
        (session,) = [s for s in snapshot["sessions"] if s["name"] == "train"]
        request = train.send("%%tfsession train\ngo(sess)\nfloat(sess.run(take))")
        train.said(request, "go")
        for order in "stop", "reset", "close":
            reply = comm.order(order, id=session["id"], generation=session["generation"] - 1)
            assert (reply["type"], reply["code"]) == ("refused", "StaleOrderError")
        with train.subshell() as subshell:
            assert train.run("sess.run(fill)", subshell=subshell).status == "ok"
        assert train.outcome(request).result == "2.0"
    assert train.run("del q, fill, take").status == "ok"


def waits_to_dequeue(*others: OtherRun) -> dict[str, Any]:
    """Return the mark of a run that waits for an element, which those `others` enqueue."""
    operation = AwaitedOperation("dequeue", "QueueDequeueV2", "fed", False, list(others), False)
    mark: dict[str, Any] = msgspec.to_builtins(Waits([operation], 0))
    return mark


@pytest.mark.needs("ipykernel>=7")
def test_a_run_that_waits_says_on_what_and_who_could_end_that(train: Kernel) -> None:
    prepare = "q = v1.FIFOQueue(1, tf.double, shapes=[[]], name='fed')\n"
    prepare += "fill, take = q.enqueue([v1.py_func(lambda: float(free.wait()), [], tf.double)]), q.dequeue()\n"
    prepare += "filler = threading.Thread(target=lambda: sess.run(fill), name='filler')"
    assert train.run("%config SessionMagics.waits_after = 0.2").status == "ok"
    assert train.run(HOLD + prepare).status == "ok"
    with opened(train) as (comm, snapshot), train.subshell() as subshell:
        (session,) = [s for s in snapshot["sessions"] if s["name"] == "train"]
        request = train.send("%%tfsession train\nsess.run(take)")
        comm.next_session(mark=waits_to_dequeue())
        comm.order("stop", id=session["id"], generation=session["generation"])
        stopped = train.outcome(request)
        assert "on dequeue from 'fed', which is empty, and nothing enqueues" in stopped.evalue
        request = train.send("%%tfsession train\ngo()\nfloat(sess.run(take))")
        train.said(request, "go")
        assert train.run("filler.start()", subshell=subshell).status == "ok"
        comm.next_session(mark=waits_to_dequeue(OtherRun("filler", "")))
        assert train.run("free.set()", subshell=subshell).status == "ok"
        assert train.outcome(request).result == "1.0"
    assert train.run("filler.join()\n%config SessionMagics.waits_after = 10").status == "ok"
    assert train.value(VALUES) == BEFORE
