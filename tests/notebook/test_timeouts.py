"""Timeouts that a signal handler raises as a cell ends."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
import tensorflow as tf

import tfsess_magics
from tests.notebook.conftest import Notebook

PACKAGE = str(Path(tfsess_magics.__file__).parent)
CELLS = 500
CELL = "%%tfsession bounded\nimport signal\n_ = signal.setitimer(signal.ITIMER_REAL, {seconds:.6f})"


@pytest.fixture
def alarms() -> Iterator[list[str]]:
    """Where the alarms have come that came in lines of ours: each raises a `TimeoutError` there, and only there."""
    came: list[str] = []

    def late(_: int, frame: FrameType | None) -> None:
        if frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
            came.append(frame.f_code.co_qualname)
            raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    yield came
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_timeouts_as_a_cell_ends_leave_no_session_entered(notebook: Notebook, alarms: list[str]) -> None:
    """IPython tells of those that hit its callbacks after a cell."""
    notebook.shell.showtraceback = lambda *_, **__: None
    chance = random.Random(1)
    try:
        for _ in range(CELLS):
            try:
                notebook.shell.run_cell(CELL.format(seconds=chance.uniform(0.00001, 0.0008)))
            except TimeoutError:
                pass
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            assert {info.state for info in tfsess_magics.sessions()} <= {"idle"}, alarms[-1]
            assert tf.executing_eagerly()
            assert tf.compat.v1.get_default_session() is None
    finally:
        del notebook.shell.showtraceback
    assert len(alarms) > CELLS // 50
    tfsess_magics.reset("bounded")
