"""Runs that are under way, and what is done to them then."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.in_runtime import wait_for_runs
from tfsess_magics.core.errors import SessionStopped
from tfsess_magics.core.running_cell import RunningCell
from tfsess_magics.tf.stopping.busy_threads import has_busy_threads
from tfsess_magics.tf.stopping.stop import Stop


class Running(threading.Thread):
    """A thread with a run, which keeps what that raises."""

    def __init__(self, session: Any, fetch: Any) -> None:
        super().__init__()
        self._session = session
        self._fetch = fetch
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._session.run(self._fetch)
        except BaseException as error:  # noqa: BLE001 - to be looked at
            self.error = error


def when_running(session: Any, act: Callable[[], object], runs: int = 1) -> threading.Thread:
    """Do something, in another thread, once so many runs are under way."""

    def wait() -> None:
        wait_for_runs(session, runs)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def when_waiting(session: Any, act: Callable[[], object]) -> threading.Thread:
    """Do something, in another thread, once a run is under way and its operations have nothing left but to wait."""

    def act_when_idle() -> None:
        while has_busy_threads():
            time.sleep(0.001)
        act()

    return when_running(session, act_when_idle)


def is_done_or_cuts(stop: Stop) -> bool:
    """Stand for `is_done_soon` in a test whose stop has to wait: return once that has begun to end the steps."""
    while not (stop.has_cut or stop.done.is_set()):
        time.sleep(0.001)
    return stop.done.is_set()


def in_thread(act: Callable[[], object]) -> str:
    """Return what another thread gets, or raises as it is stopped, as text."""
    said: list[str] = []

    def note() -> None:
        try:
            said.append(str(act()))
        except SessionStopped as stopped:
            said.append(str(stopped))

    thread = threading.Thread(target=note)
    thread.start()
    thread.join(60)
    return said[0]


def wait_for_stops() -> None:
    """Return once the threads of stops have ended, which they do a moment after the stops."""
    for thread in threading.enumerate():
        if thread.name in ("tfsess_magics stop", "tfsess_magics interrupt", "tfsess_magics order"):
            thread.join(20)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


class Person:
    """The user of a cell in the main thread, who is told and interrupts; `cell` is what `add_cell_finder` takes."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._is_told = threading.Event()

    def cell(self, _: int) -> RunningCell:
        return RunningCell(self._hear, can_interrupt_again=True)

    def _hear(self, text: str) -> None:
        self.told.append(text)
        self._is_told.set()

    def interrupt_twice(self) -> None:
        """Interrupt, and once more when told that this cuts the run."""
        self._is_told.clear()
        interrupt()
        assert self._is_told.wait(60)
        interrupt()
