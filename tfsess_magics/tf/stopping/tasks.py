"""The exception that a stop raises in a task of an event loop.

A ``KeyboardInterrupt`` that leaves a task goes on through asyncio's event loop. That loop is the kernel's, so the
kernel would end. `for_task` looks at the frames: where no cell is between the run and the loop, it returns
`TaskStopped`.

`TaskStopped` is a `SessionStopped` and a ``CancelledError``. So the task ends as a cancelled one does, and code that
awaits the task gets the message. In a bare callback of the loop a ``CancelledError`` alone has to do. `for_task` also
logs the message, as no code may ever await the task (`tests/kernel/test_stop_tasks.py`).
"""

from __future__ import annotations

import asyncio
import logging
import sys
from asyncio import events
from concurrent.futures import thread
from contextlib import suppress
from enum import Enum, auto
from types import FrameType

from tfsess_magics.core.errors import SessionStopped
from tfsess_magics.core.plain import quoted

_log = logging.getLogger(__name__)


class _Caller(Enum):
    """The first receiver of what is raised here."""

    CELL = auto()
    """A cell, whose errors IPython shows, or any other code."""
    LOOP = auto()
    """An event loop, which ends with it."""
    EXECUTOR = auto()
    """A thread that works for others, tasks perhaps, which get it in their turn."""


class TaskStopped(SessionStopped, asyncio.CancelledError):
    """A run that was stopped in a task, which ends as a cancelled one; code that awaits the task gets this."""


def for_task(error: BaseException) -> BaseException:
    """Return what to raise in place of `error`, which ends a run, so that it ends its task and not the event loop.

    A task gets that of a run which it has given to a thread. Else it is logged: perhaps no code ever awaits the task.
    """
    if not isinstance(error, KeyboardInterrupt) or (caller := _caller()) is _Caller.CELL:
        return error
    if caller is _Caller.EXECUTOR:
        return TaskStopped(str(error))
    task = None
    with suppress(RuntimeError):  # there is none, and no loop is known to run
        task = asyncio.current_task()
    _log.warning(
        "%s ends: %s", "A callback of the event loop" if task is None else f"Task {quoted(task.get_name())}", error
    )
    return asyncio.CancelledError(str(error)) if task is None else TaskStopped(str(error))


def _caller() -> _Caller:
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        code = frame.f_code
        if code.co_name == "run_code" and "IPython" in code.co_filename:
            break
        if code.co_name == "_run" and code.co_filename == events.__file__:
            return _Caller.LOOP
        if code.co_name == "run" and code.co_filename == thread.__file__:
            return _Caller.EXECUTOR
        frame = frame.f_back
    return _Caller.CELL
