"""Hears of interrupts while the main thread is inside C code.

Python only notes a signal then, and tells its wakeup descriptor at once. The descriptor is ours only while the main
thread is in a run; what it gets is passed on to the one it was before.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

_log = logging.getLogger(__name__)


class Watcher:
    """Calls `interrupted`, in a thread of its own, when an interrupt comes while it is armed.

    Not where a signal handler of the user's takes the interrupt: what it means is that one's to say.
    """

    def __init__(self, interrupted: Callable[[], None]) -> None:
        self._interrupted = interrupted
        self._ends: tuple[socket.socket, socket.socket] | None = None
        self._fd = -1
        self._before = -1
        self._thread: threading.Thread | None = None
        self._process = 0

    def arm(self) -> int | None:
        """Become the wakeup descriptor, and return the one there was; the main thread's to call."""
        if self._thread is None or self._process != os.getpid():  # a fork has taken no thread along
            self._start()
        before = signal.set_wakeup_fd(self._fd, warn_on_full_buffer=False)
        if before != self._fd:
            self._before = before
        return before

    def close(self) -> None:
        """End the thread. Harmless when it is done already."""
        thread, self._thread = self._thread, None
        if thread is not None and self._ends is not None:
            self._ends[1].shutdown(socket.SHUT_RDWR)
            thread.join()
            for end in self._ends:
                end.close()

    def _start(self) -> None:
        self._process = os.getpid()
        self._ends = socket.socketpair()
        self._ends[1].setblocking(False)
        self._fd = self._ends[1].fileno()
        self._thread = threading.Thread(
            target=self._watch, args=(self._ends[0],), name="tfsess_magics wakeup", daemon=True
        )
        self._thread.start()

    def _watch(self, end: socket.socket) -> None:
        while signals := end.recv(64):
            if self._before >= 0:
                with suppress(OSError):
                    os.write(self._before, signals)
            if signal.SIGINT in signals and _interrupts():
                try:
                    self._interrupted()
                except Exception:  # noqa: BLE001 - the interrupt itself is Python's, and will come
                    _log.exception("a run could not be stopped")


def _interrupts() -> bool:
    """Say whether an interrupt is to raise `KeyboardInterrupt`, or is the kernel's own way to end a cell."""
    handler = signal.getsignal(signal.SIGINT)
    module = getattr(handler, "__module__", "") or ""
    return handler is signal.default_int_handler or module.startswith("ipykernel")
