"""Which cells are running in a kernel, and keeps front ends from believing that none is."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any

_SUBSHELL_REQUESTS = ("create_subshell_request", "delete_subshell_request")
_REMEMBERED = 16
"""Cells that may be running at once, in subshells or awaiting."""


class RunningCells:
    """The cells of one kernel that have started and not ended.

    A comm message that arrives while a cell runs is followed by the kernel's ``idle`` for that message, which
    JupyterLab and the server take for the kernel's own. `say_busy` says ``busy`` for the cell again.

    The same goes for the requests by which pages make and end their subshells; `install` and `uninstall` put `say_busy`
    behind those. `say_busy` is called by handlers of messages, in the thread of their loop.
    """

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._handlers: dict[str, Callable[..., Any]] = {}
        self._cells: list[tuple[Coroutine[Any, Any, Any], Any]] = []

    def install(self) -> None:
        """Say busy after every request for a subshell, too."""
        for type_ in _SUBSHELL_REQUESTS:
            if handler := self._kernel.control_handlers.get(type_):
                self._handlers[type_] = handler
                self._kernel.control_handlers[type_] = functools.partial(self._handle, handler)

    def uninstall(self) -> None:
        """Leave those requests alone."""
        self._kernel.control_handlers.update(self._handlers)
        self._handlers.clear()

    async def _handle(self, handler: Callable[..., Any], *request: Any) -> None:
        handled = handler(*request)
        if inspect.isawaitable(handled):
            await handled
        self.say_busy()

    def started(self, cell: Coroutine[Any, Any, Any]) -> None:
        """Note the coroutine of a cell; it is looked at later, no frame or callback is put around it."""
        if inspect.iscoroutine(cell):
            self._cells = [*self._cells[-_REMEMBERED:], (cell, self._kernel.get_parent("shell"))]

    def say_busy(self) -> None:
        """Tell front ends that the kernel is busy, if a cell is running, after the message that is being handled."""
        if any(_is_running(cell) for cell, _ in self._cells):
            # The kernel says idle as soon as the handler has returned, before its loop turns.
            asyncio.get_running_loop().call_soon(self._say_busy)

    def _say_busy(self) -> None:
        for cell, parent in self._cells:
            if _is_running(cell):
                self._send("busy", parent)
                if not _is_running(cell):
                    self._send("idle", parent)

    def _send(self, state: str, parent: Any) -> None:
        kernel = self._kernel
        kernel.session.send(
            kernel.iopub_socket,
            "status",
            {"execution_state": state},
            parent=parent,
            ident=kernel._topic("status"),
        )


def _is_running(cell: Coroutine[Any, Any, Any]) -> bool:
    return inspect.getcoroutinestate(cell) in (inspect.CORO_RUNNING, inspect.CORO_SUSPENDED)
