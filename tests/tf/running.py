"""Runs that are under way, and what is done to them then."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any


class Running(threading.Thread):
    """A thread with a run, which keeps what that raises."""

    def __init__(self, session: Any, fetch: str) -> None:
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


def wait_for_runs(session: Any, runs: int = 1) -> None:
    """Return once so many runs are under way."""
    while _in_tensorflow(session) < runs:
        time.sleep(0.001)
    time.sleep(0.02)  # from there to its C code there is nothing to be seen


def _in_tensorflow(session: Any) -> int:
    """Return how many runs are below the wrappers."""
    threads = [run[2] for run in list(session.watched.meter.in_flight.values())]
    frames = sys._current_frames()
    files = [frames[thread].f_code.co_filename for thread in threads if thread in frames]
    return sum(file.endswith("client/session.py") for file in files)


def when_running(session: Any, act: Callable[[], object], runs: int = 1) -> threading.Thread:
    """Do something, in another thread, once so many runs are under way."""

    def wait() -> None:
        wait_for_runs(session, runs)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)
