"""Follows the cells that run in a kernel, and keeps front ends from believing that none does."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Coroutine
from threading import get_ident
from typing import Any

from tfsess_magics.core.running_cell import RunningCell

_REMEMBERED = 16
"""Cells that may be running at once, in subshells or awaiting."""


class RunningCells:
    """The cells of one kernel that have started and not ended.

    After a comm message that arrives while a cell runs, the kernel says ``idle`` for that message. JupyterLab and the
    server take it for the kernel's own. `say_busy` says ``busy`` for the cell again.

    The same goes for the requests by which pages make and end their subshells. Handlers of messages call
    `say_busy`, in the thread of their loop.
    """

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._cells: list[tuple[Coroutine[Any, Any, Any], Any, int]] = []
        """Each with the request that asked for it, and its thread."""

    def started(self, cell: Coroutine[Any, Any, Any]) -> None:
        """Note the coroutine of a cell, to look at it later; put no frame or callback around it."""
        if inspect.iscoroutine(cell):
            self._cells = [*self._cells[-_REMEMBERED:], (cell, self._kernel.get_parent("shell"), get_ident())]

    def cell_of(self, thread: int) -> RunningCell | None:
        """Return the cell that a thread runs, or that it ran last, whose tasks may go on; any thread may call it."""
        own = [(cell, parent) for cell, parent, of in self._cells if of == thread]
        if not own:
            return None
        cell, parent = next((one for one in reversed(own) if _is_running(one[0])), own[-1])
        is_person_there = bool(parent.get("content", {}).get("allow_stdin", False))
        return RunningCell(functools.partial(self._say, parent), is_person_there, functools.partial(_is_running, cell))

    def _say(self, parent: Any, text: str) -> None:
        self._send("stream", {"name": "stderr", "text": f"{text}\n"}, parent)

    def say_busy(self) -> None:
        """Tell front ends that the kernel is busy, if a cell is running, after the message that is being handled."""
        if any(_is_running(cell) for cell, *_ in self._cells):
            # The kernel says idle as soon as the handler has returned, before its loop turns.
            asyncio.get_running_loop().call_soon(self._say_busy)

    def _say_busy(self) -> None:
        for cell, parent, _ in self._cells:
            if _is_running(cell):
                self._send("status", {"execution_state": "busy"}, parent)
                if not _is_running(cell):
                    self._send("status", {"execution_state": "idle"}, parent)

    def _send(self, type_: str, content: dict[str, str], parent: Any) -> None:
        kernel = self._kernel
        kernel.session.send(kernel.iopub_socket, type_, content, parent=parent, ident=kernel._topic(type_))


def _is_running(cell: Coroutine[Any, Any, Any]) -> bool:
    return inspect.getcoroutinestate(cell) in (inspect.CORO_RUNNING, inspect.CORO_SUSPENDED)
