"""The requests by which front ends make and end subshells."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

_CREATE, _DELETE = "create_subshell_request", "delete_subshell_request"


class SubshellRequests:
    """Tells what was asked of a kernel's subshells, when it has been done and answered.

    `done` is called in the control channel's thread, with the id of the subshell that has ended, None if one was made.
    """

    def __init__(self, kernel: Any, done: Callable[[str | None], None]) -> None:
        self._handlers: dict[str, Callable[..., Any]] = kernel.control_handlers
        self._done = done
        self._own: dict[str, Callable[..., Any]] = {}

    def install(self) -> None:
        """Tell of every request from now on."""
        for type_ in (_CREATE, _DELETE):
            if handler := self._handlers.get(type_):
                self._own[type_] = handler
                self._handlers[type_] = functools.partial(self._handle, handler)

    def uninstall(self) -> None:
        """Leave the requests alone."""
        self._handlers.update(self._own)
        self._own.clear()

    async def _handle(self, handler: Callable[..., Any], socket: Any, ident: Any, request: Any) -> None:
        handled = handler(socket, ident, request)
        if inspect.isawaitable(handled):
            await handled
        self._done(request["content"].get("subshell_id"))
