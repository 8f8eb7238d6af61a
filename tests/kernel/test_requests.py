"""Several requests at a time: queued cells and subshells."""

from __future__ import annotations

import pytest

from .harness import TIMEOUT, Kernel
from .outcome import Outcome
from .pair import IN_SESSION, require_outside


def _run_all(kernel: Kernel, *cells: str) -> list[Outcome]:
    """Queue cells behind one that waits until the kernel has them all, and return how they ended."""
    with kernel.subshell() as subshell:
        gate = kernel.send("input('wait');")
        queued = [kernel.send(cell) for cell in cells]
        # The kernel takes requests in order: once a subshell has answered, it holds all that were sent before.
        kernel.reply(kernel.request("shell", "kernel_info_request", {}, subshell=subshell))
        kernel.outcome(gate, answers=["go on"])
        return [kernel.outcome(request) for request in queued]


@pytest.mark.parametrize("header", ["# header", "%%tfsession queue"], ids=["plain", "session"])
@pytest.mark.parametrize("failure", ["1/0", "raise KeyboardInterrupt", "await asyncio.sleep(0); 1/0", "x = ("])
def test_failing_body_aborts_the_queued_cells(kernel: Kernel, header: str, failure: str) -> None:
    """Run All ends at a failing body as it ends at a failing cell."""
    outcomes = _run_all(kernel, f"{header}\n{failure}", f"{header}\nprint('queued')", "print('queued')")
    assert [outcome.status for outcome in outcomes] == ["error", "aborted", "aborted"]
    require_outside(kernel)


@pytest.mark.parametrize(
    "header", ["", "queue --treads 2", "two names", "queue --threads 7", "queue --config 1/0", "9"]
)
def test_wrong_header_aborts_the_queued_cells(kernel: Kernel, header: str) -> None:
    """Run All ends at a header that will not do: one line, no body, status error."""
    assert kernel.run("%%tfsession queue").status == "ok"
    wrong, queued = _run_all(kernel, f"%%tfsession {header}\nmark()", "print('queued')")
    assert (wrong.status, wrong.ename) == ("error", "UsageError")
    assert wrong.stream("stderr").startswith("UsageError: ")
    assert (wrong.stream("stderr").count("\n"), wrong.traceback, wrong.stream()) == (1, "", "")
    assert queued.status == "aborted"
    require_outside(kernel)


MEET = f"import threading\nbarrier = threading.Barrier(2, timeout={TIMEOUT})\nfound = {{}}"
MEETING = """\
%%tfsession {name}
{first}
v = tf.compat.v1.constant({number}, name='{name}')
barrier.wait()
found['{name}'] = (
    tf.compat.v1.get_default_graph().get_operation_by_name('{name}').name,
    int(tf.compat.v1.get_default_session().run('{name}:0')),
    tf.executing_eagerly(),
)
barrier.wait()
mark()"""


@pytest.mark.parametrize("first", ["", "await asyncio.sleep(0)"], ids=["sync", "async"])
def test_two_subshells_run_two_sessions_at_once(kernel: Kernel, first: str) -> None:
    """Each subshell's body has its own graph and session while the other's runs; both are eager afterwards."""
    assert kernel.run(MEET).status == "ok"
    with kernel.subshell() as left, kernel.subshell() as right:
        requests = [
            kernel.send(MEETING.format(name=name, number=number, first=first), subshell=subshell)
            for name, number, subshell in (("left", 1, left), ("right", 2, right))
        ]
        outcomes = [kernel.outcome(request) for request in requests]
        assert [(outcome.status, outcome.traceback) for outcome in outcomes] == [("ok", "")] * 2
        assert kernel.value("found") == {"left": ("left", 1, False), "right": ("right", 2, False)}
        for subshell in (left, right):
            outside = kernel.value("(tf.executing_eagerly(), tf.compat.v1.get_default_session())", subshell=subshell)
            assert outside == (True, None)
    assert kernel.run("%tfsession close left right").status == "ok"
    require_outside(kernel, IN_SESSION)


def test_subshell_enters_the_session_that_a_waiting_cell_is_in(kernel: Kernel) -> None:
    """A body that awaits does not keep another shell out of its session."""
    begin = "%%tfsession queue\nloop, go = asyncio.get_running_loop(), asyncio.Event()"
    wait = f"{begin}\nprint('in')\nawait go.wait()\nmark()"
    with kernel.subshell() as subshell:
        waiting = kernel.send(wait)
        kernel.said(waiting, "in")
        entered = kernel.run("%%tfsession queue\nmark()\nloop.call_soon_threadsafe(go.set);", subshell=subshell)
        assert (entered.status, entered.traceback) == ("ok", "")
        assert kernel.outcome(waiting).status == "ok"
    require_outside(kernel, IN_SESSION)


def test_subshell_lists_sessions_while_a_body_runs(kernel: Kernel) -> None:
    """%tfsession answers from a subshell while the main shell's body runs, and says that it does."""
    with kernel.subshell() as subshell:
        running = kernel.send(
            f"%%tfsession queue\nimport threading\nleave = threading.Event()\nprint('in')\nleave.wait({TIMEOUT})"
        )
        kernel.said(running, "in")
        listed = kernel.run("%tfsession\nleave.set()", subshell=subshell)
        assert kernel.outcome(running).status == "ok"
    assert "queue" in listed.text
    assert "entered" in listed.text
    require_outside(kernel)
