"""Interrupts of runs in real kernels, and who else hears of signals there."""

from __future__ import annotations

import pytest

from .harness import Kernel
from .train import BEFORE, HOLD, TOLD, VALUES


@pytest.mark.parametrize("between", ["sess.run(v)", "sum(range(1000))"], ids=["runs only", "runs and computing"])
def test_an_interrupt_of_a_loop_ends_it_wherever_it_comes(train: Kernel, between: str) -> None:
    body = f"%%tfsession train\nprint('go')\nwhile True:\n    sess.run(v)\n    {between}"
    for _ in range(10):
        outcome = train.run(body, interrupt_at="go")
        assert (outcome.status, outcome.ename) == ("error", "KeyboardInterrupt")
        assert train.value(VALUES) == BEFORE


def test_an_interrupt_between_two_runs_stops_neither(train: Kernel) -> None:
    body = "%%tfsession train\nsess.run(v)\ntry:\n    print('go')\n    while True: pass\nfinally: after = sess.run(v)"
    outcome = train.run(body, interrupt_at="go")
    assert (outcome.ename, outcome.evalue) == ("KeyboardInterrupt", "")
    assert train.value("[float(x) for x in after]") == BEFORE
    assert train.run("del after").status == "ok"


def test_a_third_interrupt_changes_nothing_while_the_second_is_dealt_with(train: Kernel) -> None:
    assert train.run(f"{HOLD}meter = tfsess_magics.process.registry.get_any('train').watched.meter").status == "ok"
    request = train.send("%%tfsession train\ngo_held()\nsess.run(holds)")
    train.said(request, "go")
    train.interrupt()
    train.said(request, TOLD)
    train.interrupt()
    with train.subshell() as subshell:
        begun = "while not (meter.stop and meter.stop.has_cut): time.sleep(0.001)"
        assert train.run(begun, subshell=subshell).status == "ok"
        train.interrupt()
        assert train.run("free.set()", subshell=subshell).status == "ok"
    outcome = train.outcome(request)
    assert outcome.ename == "KeyboardInterrupt"
    assert "Kept: 1 variable (48 B)" in outcome.evalue
    assert train.value(VALUES) == BEFORE


def test_a_signal_handler_of_the_users_has_the_interrupt_and_the_run_goes_on(train: Kernel) -> None:
    body = "got = []\nbefore = signal.signal(signal.SIGINT, lambda number, _: got.append(number))\ngo()\n"
    request = train.send(f"{body}try: sess.run(waits)\nfinally: own = signal.signal(signal.SIGINT, before)")
    train.said(request, "go")
    train.interrupt()
    with train.subshell() as subshell:
        stop = train.run("%tfsession stop train", subshell=subshell)
    assert stop.stream().startswith("stopped 'train': 1 run.")
    assert train.outcome(request).ename == "SessionStopped"
    assert train.value("(got == [signal.SIGINT], own.__name__)") == (True, "<lambda>")
    assert train.value(VALUES) == BEFORE


def test_a_wakeup_descriptor_of_the_users_is_told_of_the_interrupt(train: Kernel) -> None:
    body = "import os, socket\nours, theirs = socket.socketpair()\ntheirs.setblocking(False)\n"
    body += "before = signal.set_wakeup_fd(theirs.fileno())\ngo()\n"
    body += "try: sess.run(waits)\nfinally: is_theirs = signal.set_wakeup_fd(before) == theirs.fileno()"
    outcome = train.run(body, interrupt_at="go")
    assert outcome.ename == "KeyboardInterrupt"
    assert "Kept: 1 variable (48 B)" in outcome.evalue
    assert train.value("(is_theirs, ours.recv(1)[0] == signal.SIGINT)") == (True, True)
    assert train.run("ours.close(); theirs.close()").status == "ok"


def test_a_signal_handler_of_asyncio_is_called_for_a_signal_during_a_run(train: Kernel) -> None:
    body = "import asyncio, os\nheard = []\nloop = asyncio.get_running_loop()\n"
    body += "loop.add_signal_handler(signal.SIGUSR1, heard.append, 'it')\ngo()\nsess.run(waits)"
    request = train.send(body)
    train.said(request, "go")
    with train.subshell() as subshell:
        assert train.run("os.kill(os.getpid(), signal.SIGUSR1)", subshell=subshell).status == "ok"
    train.interrupt()
    outcome = train.outcome(request)
    assert outcome.ename == "KeyboardInterrupt"
    assert "Kept: 1 variable (48 B)" in outcome.evalue
    assert train.run("while not heard: await asyncio.sleep(0)").status == "ok"  # asyncio's loop has yet to read of it
    assert train.value("heard") == ["it"]
    assert train.run("loop.remove_signal_handler(signal.SIGUSR1)\n_ = signal.set_wakeup_fd(fd)").status == "ok"
