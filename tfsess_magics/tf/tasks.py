"""What a stop raises in a task: a `KeyboardInterrupt` that leaves one ends its event loop, which is the kernel's."""

from __future__ import annotations

import asyncio
import logging
import sys
from asyncio import events
from types import FrameType

from tfsess_magics.core.errors import SessionStopped

_log = logging.getLogger(__name__)


class TaskStopped(SessionStopped, asyncio.CancelledError):
    """A run that was stopped in a task, which ends as one that is cancelled; whoever waits for the task gets this."""


def for_task(error: BaseException) -> BaseException:
    """Return what to raise in place of `error`, which ends a run, so that it ends its task and not the event loop.

    It is logged, as nobody may ever wait for the task.
    """
    if not isinstance(error, KeyboardInterrupt) or not _leaves_loop():
        return error
    task = asyncio.current_task()
    _log.warning("%s ends: %s", "A callback of the event loop" if task is None else f"Task {task.get_name()!r}", error)
    return asyncio.CancelledError(str(error)) if task is None else TaskStopped(str(error))


def _leaves_loop() -> bool:
    """Say whether an event loop has called what runs here, and not a cell, whose errors IPython shows."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        code = frame.f_code
        if code.co_name == "run_code" and "IPython" in code.co_filename:
            return False
        if code.co_name == "_run" and code.co_filename == events.__file__:
            return True
        frame = frame.f_back
    return False
