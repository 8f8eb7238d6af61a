"""Front ends hear of sessions and give orders over comms of their own, also while a cell runs, and harm nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tfsess_magics.core.protocol import PROTOCOL_VERSION, TARGET

from .comm import Comm, opened
from .harness import Kernel

BUILD = "import tensorflow as tf\nv = tf.compat.v1.get_variable('v', [256])\nv.initializer.run()"
WAIT = "import sys\nprint('waiting', flush=True)\nwait_for_input = input('go? ')"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with Kernel(tmp_path_factory.mktemp("channel")) as kernel:
        assert kernel.run("%load_ext tfsess_magics\nimport tensorflow, tfsess_magics, threading").status == "ok"
        yield kernel


@pytest.fixture
def kernel(shared: Kernel) -> Iterator[Kernel]:
    """A kernel with the extension, whose sessions, comms and threads are gone after the test."""
    yield shared
    assert shared.run("%tfsession close --all").status == "ok"
    threads = shared.value("[t.name for t in threading.enumerate() if t.name.startswith(('tfsess', 'subshell'))]")
    # These live as long as the extension is loaded.
    assert set(threads) <= {"tfsess_magics wakeup", "tfsess_magics feed"}
    assert len(comms(shared)) == 1  # the beacon
    shared.came.clear()


def test_loading_announces_itself_and_leaves_a_beacon(tmp_path: Path) -> None:
    """Who is there hears of it, who comes later finds it by asking, also on the control channel."""
    with Kernel(tmp_path) as kernel:
        assert comms(kernel) == {}
        loading = kernel.send("%load_ext tfsess_magics")
        kernel.wait(lambda: kernel.unasked("comm_msg"), "the announcement")
        (announcement,) = kernel.unasked("comm_msg")
        assert announcement["content"]["data"] == {
            "type": "announcement",
            "target": TARGET,
            "version": PROTOCOL_VERSION,
        }
        assert not [m for m in kernel.came[loading] if m["msg_type"].startswith("comm")]
        kernel.outcome(loading)
        assert list(comms(kernel)) == [announcement["content"]["comm_id"]]
        kernel.run("%unload_ext tfsess_magics")
        assert comms(kernel) == {}
        kernel.run("%load_ext tfsess_magics")
        assert len(comms(kernel)) == 1


LOAD_HALF = """
from tfsess_magics.notebook.comm import {module}
def fail(*_):
    raise RuntimeError("half way")
own, {module}.{part} = {module}.{part}, fail
before = dict(get_ipython().kernel.control_handlers)
try:
    get_ipython().extension_manager.load_extension("tfsess_magics")
except RuntimeError as error:
    said = str(error)
finally:
    {module}.{part} = own
assert get_ipython().kernel.control_handlers == before
assert "tfsess_magics" not in get_ipython().kernel.comm_manager.targets
"""


def test_loading_that_fails_half_way_leaves_no_comm(tmp_path: Path) -> None:
    """The kernel answers no front end, and the next load is whole."""
    with Kernel(tmp_path) as kernel:
        for module, part in (("channel", "Announcement"), ("subshells", "SubshellRequests.install")):
            outcome = kernel.run(LOAD_HALF.format(module=module, part=part))
            assert outcome.status == "ok", outcome
            assert kernel.value("said") == "half way"
            assert comms(kernel) == {}
        assert kernel.run("%load_ext tfsess_magics\n%tfsession new train").status == "ok"
        assert len(comms(kernel)) == 1


def comms(kernel: Kernel) -> dict[str, object]:
    found: dict[str, object] = kernel.reply(kernel.request("control", "comm_info_request", {"target_name": TARGET}))[
        "comms"
    ]
    return found


def test_opening_answers_with_a_snapshot(kernel: Kernel) -> None:
    """Every live session, and the revision to go on from."""
    kernel.run(f"%%tfsession train\n{BUILD}")
    with opened(kernel) as (comm, snapshot):
        (train,) = snapshot["sessions"]
        assert (snapshot["version"], train["name"]) == (PROTOCOL_VERSION, "train")
        if train["variables_nbytes"] == 0:  # not asked yet which variables have a value
            comm.next_session(variables_nbytes=1024)
        kernel.run("%tfsession reset train")
        comm.next_session(generation=2)
        assert comm.revisions == list(range(snapshot["revision"], comm.revisions[-1] + 1))


def test_what_cells_do_is_pushed(kernel: Kernel) -> None:
    """Open, run, end, reset and close, each with the next revision, without being asked for."""
    with opened(kernel) as (comm, _):
        kernel.run(f"%%tfsession train\n{BUILD}")
        comm.next_session(state="idle", variables_nbytes=1024, runs=1, variables=1)
        kernel.run("%tfsession reset train")
        comm.next_session(generation=2, operations=0)
        kernel.run("%tfsession close train")
        comm.next("closed")
        assert comm.revisions == list(range(comm.revisions[0], comm.revisions[0] + len(comm.revisions)))


def test_a_running_cell_delays_neither_news_nor_orders(kernel: Kernel) -> None:
    """Orders go to a subshell or the control channel; what the cell forbids is refused at once, with the reason."""
    kernel.run(f"%%tfsession train\n{BUILD}")
    kernel.run(f"%%tfsession prep\n{BUILD}")
    with opened(kernel) as (comm, snapshot):
        train, prep = snapshot["sessions"]
        cell = kernel.send(f"%%tfsession train\n{WAIT}")
        kernel.said(cell, "waiting")
        comm.next_session(name="train", state="entered")
        details = comm.order("describe", id=train["id"])["details"]
        assert [variable["name"] for variable in details["variables"]] == ["v"]
        refused = comm.order("close", id=train["id"], generation=1)
        assert refused["code"] == "SessionInUseError"
        assert "is running in it" in refused["message"]
        done = comm.order("reset", id=prep["id"], generation=1)
        assert done["message"].startswith("reset prep: its graph is empty now")
        assert comm.order("close", id=prep["id"], generation=2)["type"] == "done"
        assert kernel.outcome(cell, answers=["on"]).status == "ok"
    assert kernel.value("[s.name for s in tfsess_magics.sessions()]") == ["train"]


def test_an_order_with_a_path_saves_first_while_a_cell_runs(kernel: Kernel, tmp_path: Path) -> None:
    """Nothing is reset where the save fails; a session that opens under that name gets the values back."""
    kernel.run(f"%%tfsession train\n{BUILD.replace('[256]', 'initializer=[1.0, 2.0]')}")
    with opened(kernel) as (comm, snapshot):
        (train,) = snapshot["sessions"]
        cell = kernel.send(WAIT)
        kernel.said(cell, "waiting")
        refused = comm.order("reset", id=train["id"], generation=1, save_to=f"{tmp_path}/nowhere/a")
        assert (refused["code"], refused["message"]) == (
            "NotSavedError",
            f"train was not saved to {tmp_path}/nowhere/a: there is no folder {tmp_path}/nowhere.",
        )
        reset = comm.order("reset", id=train["id"], generation=1, save_to=f"{tmp_path}/a")
        first, second = reset["message"].splitlines()
        assert first == f"saved 1 variable (8 B) of train to {tmp_path}/a"
        assert second.startswith("reset train: its graph is empty now (generation 2; each reset adds 1)")
        refused = comm.order("close", id=train["id"], generation=2, save_to=f"{tmp_path}/b")
        assert "it has no values of variables to save" in refused["message"]
        assert kernel.outcome(cell, answers=["on"]).status == "ok"
        kernel.run("%%tfsession train\nv = tf.compat.v1.get_variable('v', initializer=[0.0, 0.0])")
        assert kernel.run(f"%tfsession restore train {tmp_path}/a").status == "ok"
        closed = comm.order("close", id=train["id"], generation=2, save_to=f"{tmp_path}/b")
        assert closed["message"].splitlines()[0] == f"saved 1 variable (8 B) of train to {tmp_path}/b"
    assert kernel.value("[s.name for s in tfsess_magics.sessions()]") == []
    kernel.run(f"v = [float(x) for x in tf.train.load_checkpoint('{tmp_path}/b').get_tensor('v')]")
    assert kernel.value("v") == [1.0, 2.0]


def test_the_kernel_stays_busy_for_its_cell(kernel: Kernel) -> None:
    """After each message that is handled while a cell runs, the last that front ends hear is that it is busy."""
    with opened(kernel) as (comm, _):
        cell = kernel.send(WAIT)
        kernel.said(cell, "waiting")
        for message in (comm.send({"type": "refresh", "request": 1}), comm.send("nonsense")):
            kernel.idle(message)
            kernel.wait(lambda: busy_again(kernel, cell), "busy again")
            kernel.came[cell] = [m for m in kernel.came[cell] if m["msg_type"] != "status"]
        outcome = kernel.send("1")
        assert kernel.outcome(cell, answers=["on"]).status == "ok"
        assert kernel.outcome(outcome).status == "ok"


def busy_again(kernel: Kernel, cell: str) -> bool:
    return [m["content"]["execution_state"] for m in kernel.came[cell] if m["msg_type"] == "status"][-1:] == ["busy"]


@pytest.mark.needs("ipykernel>=7")
def test_a_page_that_comes_or_goes_leaves_the_kernel_busy(kernel: Kernel) -> None:
    """Making and ending a subshell while a cell runs is followed by busy, too."""
    cell = kernel.send(WAIT)
    kernel.said(cell, "waiting")
    kernel.came[cell] = [m for m in kernel.came[cell] if m["msg_type"] != "status"]
    with kernel.subshell():
        kernel.wait(lambda: busy_again(kernel, cell), "busy again")
        kernel.came[cell] = [m for m in kernel.came[cell] if m["msg_type"] != "status"]
    kernel.wait(lambda: busy_again(kernel, cell), "busy again")
    assert kernel.outcome(cell, answers=["on"]).status == "ok"


@pytest.mark.needs("ipykernel>=7")
def test_a_comm_ends_with_its_subshell(kernel: Kernel) -> None:
    """A page that goes while a cell runs is forgotten at once; others of the same kernel hear on."""
    with opened(kernel) as (staying, _):
        with kernel.subshell() as subshell:
            Comm(kernel, subshell).open()
            cell = kernel.send(f"%tfsession new news\n{WAIT}")
            kernel.said(cell, "waiting")
            assert len(comms(kernel)) == 3
        kernel.wait(lambda: len(comms(kernel)) == 2, "the end of the comm")
        assert staying.next("changed")["session"]["name"] == "news"
        assert kernel.outcome(cell, answers=["on"]).status == "ok"


def test_what_is_held_is_pushed(kernel: Kernel) -> None:
    """By session and device, as the magic shows it; the samples of a snapshot are those that were pushed."""
    with opened(kernel) as (comm, _):
        kernel.run(f"%%tfsession train\n{BUILD.replace('256', '2**20')}")
        held: list[Any] = []
        samples: list[Any] = []
        while not held or held[0]["nbytes"] != 1 << 22:
            pushed = comm.next("memory")
            held = pushed["memory"]["devices"][0]["held"]
            samples += pushed["samples"]
        (cpu,) = pushed["memory"]["devices"]
        assert cpu["in_use"] >= 1 << 22
        assert samples[-1]["nbytes"] == 1 << 22
        with opened(kernel) as (_, snapshot):
            for later in comm.waiting():
                if later["type"] == "memory" and later["revision"] <= snapshot["revision"]:
                    pushed = later
                    samples += later["samples"]
            assert snapshot["memory"]["devices"] == pushed["memory"]["devices"]
            assert snapshot["samples"] == samples


def test_messages_trigger_no_cell_events(kernel: Kernel) -> None:
    """Those of IPython would for example flush the figure that a running cell is drawing."""
    kernel.run(
        "fired = []\n"
        "count = lambda *_: fired.append(threading.current_thread().name)\n"
        "for event in ('pre_execute', 'post_execute'): get_ipython().events.register(event, count)"
    )
    with opened(kernel) as (comm, _):
        comm.order("refresh")
        comm.order("describe", id=0)
    others = kernel.value("[name for name in fired if name != threading.main_thread().name]")
    assert others == []
    kernel.run("for event in ('pre_execute', 'post_execute'): get_ipython().events.unregister(event, count)")


def test_every_window_has_its_own_comm(kernel: Kernel) -> None:
    """Each hears everything, an order of one is answered to it alone, and one that goes leaves the other."""
    with opened(kernel) as (first, _):
        with opened(kernel) as (second, _):
            kernel.run("%tfsession new train")
            session = first.next("changed")["session"]
            assert second.next("changed")["session"] == session
            assert first.order("close", id=session["id"], generation=1)["type"] == "done"
            first.next("closed")
            second.next("closed")
            assert second.order("close", id=session["id"], generation=1)["code"] == "StaleOrderError"
            assert not [message for message in first.waiting() if message["type"] in ("done", "refused")]
        kernel.run("%tfsession new prep")
        assert first.next("changed")["session"]["name"] == "prep"


def test_a_comm_that_is_opened_twice_is_one(kernel: Kernel) -> None:
    """Each message comes once, also when the first is collected, and its close leaves nothing."""
    receivers = "(gc.collect(), len(tfsess_magics.extension.feed._receivers))[1]"
    assert kernel.run("import gc").status == "ok"
    before = kernel.value(receivers)
    with opened(kernel) as (comm, _):
        comm.open()
        assert kernel.value(receivers) == before + 1
        kernel.run("%tfsession new train")
        number = comm.next("changed")["session"]["id"]
        assert comm.order("close", id=number, generation=1)["type"] == "done"
        comm.next("closed")
        assert comm.order("refresh")["type"] == "done"
        assert [message["type"] for message in comm.waiting()].count("closed") == 0
        assert not comm.is_closed_by_the_kernel()
    assert kernel.value(receivers) == before


def test_orders_on_the_main_shell_wait_for_the_cell(kernel: Kernel) -> None:
    """And are carried out after it."""
    comm = Comm(kernel, None)
    comm.open()
    cell = kernel.send(f"%%tfsession train\n{WAIT}")
    kernel.said(cell, "waiting")
    train = comm.next("changed")["session"]["id"]
    order = comm.send({"type": "close", "request": 1, "id": train, "generation": 1}, channel="shell")
    assert kernel.outcome(cell, answers=["on"]).status == "ok"
    kernel.idle(order)
    assert comm.next("done")["message"].startswith("closed train")
    kernel.idle(comm.close())


def test_unloading_closes_every_comm(kernel: Kernel) -> None:
    """Front ends learn that the extension is gone, and its thread ends; loading again starts anew."""
    with opened(kernel) as (comm, _):
        unloading = kernel.send("%unload_ext tfsess_magics")
        kernel.wait(comm.is_closed_by_the_kernel, "the close of the comm")
        assert kernel.outcome(unloading).status == "ok"
    kernel.run("%load_ext tfsess_magics")
    with opened(kernel) as (_, snapshot):
        assert snapshot["sessions"] == []


@pytest.mark.parametrize(
    ("version", "remedy"),
    [
        (
            PROTOCOL_VERSION + 1,
            "Upgrade tfsess_magics in this kernel (%pip install --upgrade tfsess_magics), and restart it",
        ),
        (
            PROTOCOL_VERSION - 1,
            ("Upgrade tfsess_magics in the environment in which JupyterLab runs, restart that, and reload the page"),
        ),
    ],
    ids=["newer", "older"],
)
def test_a_front_end_of_another_version_is_told_under_the_next_cell(kernel: Kernel, version: int, remedy: str) -> None:
    """Once, with what to upgrade; what it gets tells it the kernel's version."""
    comm = Comm(kernel, None)
    assert comm.open(version)["version"] == PROTOCOL_VERSION
    assert kernel.run("1", silent=True).stream() == ""
    assert kernel.run("print('one')").stream() == (
        "one\nthe TensorFlow Sessions panel cannot list the sessions of this kernel: the panel speaks version "
        f"{version} of the protocol, this kernel version {PROTOCOL_VERSION}. {remedy}\n"
    )
    assert kernel.run("print('two')").stream() == "two\n"
    kernel.idle(comm.close())


HELD = """
import threading
begun, ended, overtaken = threading.Event(), threading.Event(), []
feed, manager = tfsess_magics.extension.feed, get_ipython().kernel.comm_manager
snapshot, unregister = feed.send_snapshot, manager.unregister_target
def send_snapshot(receive, **then):
    snapshot(receive, **then)
    begun.wait()
    overtaken.append(ended.wait(0.5))
def unregister_target(*target):
    unregister(*target)
    begun.set()
feed.send_snapshot, manager.unregister_target = send_snapshot, unregister_target
"""


@pytest.mark.needs("ipykernel>=7")
def test_unloading_waits_for_a_front_end_that_is_being_answered(kernel: Kernel) -> None:
    """It has its snapshot, and its comm is closed, too."""
    kernel.run(HELD)
    with opened(kernel) as (comm, _):
        unloading = kernel.send("%unload_ext tfsess_magics\nended.set()")
        kernel.wait(comm.is_closed_by_the_kernel, "the close of the comm")
        assert kernel.outcome(unloading).status == "ok"
    assert kernel.value("overtaken") == [False]
    kernel.run("del feed.send_snapshot, manager.unregister_target\n%load_ext tfsess_magics")
