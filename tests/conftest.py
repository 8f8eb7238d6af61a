"""What every test finds, and must leave behind: nothing."""

import importlib.metadata
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.requirements import Requirement

from tests.frozen import freeze

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # Started in the background of a script, as CI may do: every shell and kernel of the tests would inherit it,
    # while a user's terminal ignores no Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# TensorFlow's default depends on the processor; without it the allocator of the CPUs counts nothing.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"


_QUICK = Path(__file__).parent / "core"
_COLLECTING = ("test_stateful.py", "test_interrupts.py", "test_extension.py")
"""Files that begin, as they collect garbage very often: it takes the longer, the more tests a worker has run before."""
_LEFT_OUT = pytest.StashKey[Counter[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--older", action="store_true", help="leave out the tests whose marks ask for newer packages")
    parser.addoption("--every-line", action="store_true", help="raise exceptions of every type at every line of ours")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "needs(*requirements): the packages that a test is about; without them it fails, or with --older is left out",
    )
    config.stash[_LEFT_OUT] = Counter()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that workers end together; leave out what an older environment cannot have."""
    items.sort(key=_order)
    if not config.getoption("--older"):
        return
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        missing = next((one for mark in item.iter_markers("needs") for one in mark.args if not _is_met(one)), None)
        (kept if missing is None else left_out).append(item)
        if missing is not None:
            config.stash[_LEFT_OUT][missing] += 1
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


def pytest_collection_finish() -> None:
    if "tensorflow" in sys.modules:
        freeze()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for requirement, number in config.stash[_LEFT_OUT].items():
        terminalreporter.write_line(f"left out, for lack of {requirement}: {number}")


def _order(item: pytest.Item) -> int:
    if item.path.name in _COLLECTING:
        return _COLLECTING.index(item.path.name)
    return len(_COLLECTING) + item.path.is_relative_to(_QUICK)


def _is_met(requirement: str) -> bool:
    wanted = Requirement(requirement)
    try:
        return wanted.specifier.contains(importlib.metadata.version(wanted.name), prereleases=True)
    except importlib.metadata.PackageNotFoundError:
        return False


def _state() -> dict[str, Any]:
    """Return what a test may change and must put back."""
    state: dict[str, Any] = {"hook of threads": threading.excepthook}
    if process := sys.modules.get("tfsess_magics.process"):
        state["sessions"] = [str(session) for session in process.registry.live()]
    if extension := sys.modules.get("tfsess_magics.extension"):
        state["shells"] = list(extension._undo)
    if "tensorflow.python.client.session" in sys.modules:
        from tensorflow.python.client.session import BaseSession
        from tensorflow.python.eager import context
        from tensorflow.python.framework import ops, stack

        state["methods"] = dict(vars(BaseSession))
        state["graphs"] = list(ops._default_graph_stack.stack)
        state["default sessions"] = list(stack._default_session_stack.stack)
        state["eager"] = context.executing_eagerly()
    return state


class Alarm(BaseException):
    """An exception that only a bare ``except`` catches."""


class Raised(NamedTuple):
    """The exception that a signal handler of the user's raises in a test."""

    error: type[BaseException]
    every: int
    """In how many lines it is raised once."""


@pytest.fixture(params=[KeyboardInterrupt, TimeoutError, Alarm])
def raised(request: pytest.FixtureRequest) -> Raised:
    """The exception in the middle of our lines: an interrupt in each fifth, others in each 25th, or all in each."""
    if request.config.getoption("--every-line"):
        return Raised(request.param, 1)
    return Raised(request.param, 5 if request.param is KeyboardInterrupt else 25)


@pytest.fixture(autouse=True)
def nothing_leaks() -> Iterator[None]:
    """Fail a test that leaves a session, a wrapper, a loaded shell, a thread or other TensorFlow defaults behind."""
    before, threads = _state(), set(threading.enumerate())
    yield
    begun = set(threading.enumerate()) - threads
    for thread in begun:
        thread.join(20)  # one that has done its work ends a moment later
    assert not [thread for thread in begun if thread.is_alive()]
    after = _state()
    clean = {"sessions": [], "shells": [], "graphs": [], "default sessions": [], "eager": True} | before
    leaked = {key: value for key, value in after.items() if key in clean and value != clean[key]}
    assert not leaked
