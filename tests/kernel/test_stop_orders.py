"""Orders to stop in real kernels: two at once, late ones, and what the row of a waiting run says first."""

from __future__ import annotations

import pytest

from .comm import opened
from .harness import Kernel
from .train import BEFORE, HOLD, VALUES


@pytest.mark.needs("ipykernel>=7")
def test_of_two_windows_one_stops_and_the_other_is_told(train: Kernel) -> None:
    assert train.run(HOLD).status == "ok"
    with opened(train) as (first, snapshot), opened(train) as (second, _):
        (session,) = [s for s in snapshot["sessions"] if s["name"] == "train"]
        order = {"type": "stop", "id": session["id"], "generation": session["generation"]}
        request = train.send("%%tfsession train\ngo_held()\nsess.run(holds)")
        train.said(request, "go")
        first.send({**order, "request": 101})
        with train.subshell() as subshell:
            begun = "meter = tfsess_magics.process.registry.get_any('train').watched.meter\n"
            assert train.run(f"{begun}while not meter.stop: time.sleep(0.001)", subshell=subshell).status == "ok"
            reply = second.order("stop", id=session["id"], generation=session["generation"])
            assert reply["message"] == "'train' is being stopped already, by Stop in the panel"
            assert train.run("free.set()", subshell=subshell).status == "ok"
        assert first.next("done")["message"].startswith("stopped 'train': 1 run. Kept: 1 variable (48 B)")
        assert train.outcome(request).ename == "SessionStopped"
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
        comm.next_session(mark="waiting on dequeue from 'fed', which is empty, and nothing enqueues")
        comm.order("stop", id=session["id"], generation=session["generation"])
        stopped = train.outcome(request)
        assert "on dequeue from 'fed', which is empty, and nothing enqueues" in stopped.evalue
        request = train.send("%%tfsession train\ngo()\nfloat(sess.run(take))")
        train.said(request, "go")
        assert train.run("filler.start()", subshell=subshell).status == "ok"
        comm.next_session(mark="waiting on dequeue from 'fed', which is empty, and thread 'filler' enqueues")
        assert train.run("free.set()", subshell=subshell).status == "ok"
        assert train.outcome(request).result == "1.0"
    assert train.run("filler.join()\n%config SessionMagics.waits_after = 10").status == "ok"
    assert train.value(VALUES) == BEFORE
