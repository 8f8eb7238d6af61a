"""A stop of a run in a task of the kernel's event loop ends the task, and not the kernel."""

from __future__ import annotations

import pytest

from .harness import Kernel
from .train import BEFORE, VALUES

WORK = "import asyncio\nasync def work():\n    await asyncio.sleep(0)\n    go()\n    sess.run(waits)\n"
SAID = "stopped a run in 'train' after"


def order(train: Kernel, request: str) -> None:
    """Stop the run of a cell, once there is one."""
    train.said(request, "go")
    with train.subshell() as subshell:
        stop = train.run("%tfsession stop train", subshell=subshell)
    assert stop.stream().startswith("stopped 'train': 1 run. Kept: 1 variable (48 B)")


@pytest.mark.parametrize("header", ["%%tfsession train\n", ""], ids=["session", "ordinary"])
@pytest.mark.parametrize("wait", ["create_task(work())", "gather(work(), asyncio.sleep(0))"])
def test_a_cell_that_waits_for_the_task_is_told(train: Kernel, header: str, wait: str) -> None:
    for by in ("interrupt", "order"):
        request = train.send(f"{header}{WORK}await asyncio.{wait}")
        if by == "order":
            order(train, request)
        outcome = train.outcome(request, interrupt_at="go" if by == "interrupt" else ())
        assert outcome.ename == "TaskStopped"
        assert SAID in outcome.evalue
        assert "Kept: 1 variable (48 B)" in outcome.evalue
        assert "tfsess_magics/" not in outcome.traceback
        assert train.value(VALUES) == BEFORE


def test_a_task_that_waits_for_a_thread_of_the_loops_ends_too(train: Kernel) -> None:
    body = "import asyncio\nasync def aside(): await asyncio.to_thread(sess.run, waits)\ngo()\n"
    request = train.send(f"{body}await asyncio.gather(asyncio.create_task(aside()))")
    order(train, request)
    outcome = train.outcome(request)
    assert outcome.ename == "TaskStopped"
    assert f"%tfsession stop {SAID}" in outcome.evalue
    assert train.value(VALUES) == BEFORE


def test_a_task_that_nobody_waits_for_is_logged(train: Kernel) -> None:
    request = train.send(f"{WORK}task = asyncio.create_task(work(), name='work')")
    order(train, request)
    said = f"Task 'work' ends: %tfsession stop {SAID}"
    train.said(request, said)
    assert said in train.outcome(request).stream("stderr")
    assert train.value("task.cancelled()") is True
    assert train.value(VALUES) == BEFORE


def test_a_task_may_catch_the_stop(train: Kernel) -> None:
    """As it may in any cell."""
    for caught in ("KeyboardInterrupt", "tfsess_magics.SessionStopped", "asyncio.CancelledError"):
        body = f"{WORK}async def careful():\n    try: await work()\n    except Exception: pass\n"
        body += f"    except {caught}: return 'caught'\nawait asyncio.create_task(careful())"
        assert train.run(body, interrupt_at="go").result == "'caught'"


def test_a_callback_of_the_loop_is_logged(train: Kernel) -> None:
    callback = "def call():\n    go()\n    sess.run(waits)\n_ = asyncio.get_running_loop().call_soon(call)"
    request = train.send(f"import asyncio\n{callback}")
    order(train, request)
    said = f"A callback of the event loop ends: %tfsession stop {SAID}"
    train.said(request, said)
    assert said in train.outcome(request).stream("stderr")
    assert train.value(VALUES) == BEFORE


def test_a_stop_between_the_runs_of_a_task_ends_it(train: Kernel) -> None:
    loop = "import asyncio\nasync def steps():\n    while True:\n        sess.run(v)\n        await asyncio.sleep(0)\n"
    request = train.send(f"{loop}task = asyncio.create_task(steps())\nprint('go')\nawait asyncio.wait([task])")
    train.said(request, "go")
    with train.subshell() as subshell:
        assert train.run("%tfsession stop train", subshell=subshell).status == "ok"
    assert train.outcome(request).status == "ok"
    assert train.value("task.cancelled()") is True
    assert train.value(VALUES) == BEFORE
