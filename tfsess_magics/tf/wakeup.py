"""Hears of interrupts while the main thread is inside C code.

Python only notes a signal then, and tells its wakeup descriptor at once. The descriptor is ours only while the main
thread is in a run; what it gets is passed on to the one it was before.
"""

from __future__ import annotations

import functools
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

_log = logging.getLogger(__name__)
_SETTLE = b"\0"
"""What no signal is."""
_POLL = 0.001
"""Seconds between two looks, in place of an event: an interrupt may cut it anywhere, which a lock does not survive."""
_set_wakeup_fd = functools.partial(signal.set_wakeup_fd, warn_on_full_buffer=False)


class Watcher:
    """Calls `interrupted`, in a thread of its own, when an interrupt comes while it is armed.

    Not where a signal handler of the user's takes the interrupt: what it means is that one's to say.
    """

    def __init__(self, interrupted: Callable[[], None]) -> None:
        self._interrupted = interrupted
        self._ends: tuple[socket.socket, socket.socket] | None = None
        self._fd = -1
        self._before: list[int] = []
        """The wakeup descriptors that there were, one for each time it is armed."""
        self._is_settled = True
        self._thread: threading.Thread | None = None

    def arm(self) -> None:
        """Become the wakeup descriptor; the main thread's to call."""
        if self._thread is None:
            self._start()
        # In one call: an interrupt between two would lose the descriptor that there was.
        self._before.extend(map(_set_wakeup_fd, (self._fd,)))

    def disarm(self, depth: int) -> None:
        """Be armed `depth` times only; the main thread's to call, and to call again where an interrupt came."""
        if len(self._before) > depth:
            signal.set_wakeup_fd(self._before[depth])
            del self._before[depth:]

    def settle(self) -> None:
        """Wait until the interrupts that have come are dealt with; the main thread's to call."""
        if self._thread is None or self._ends is None:
            return
        while True:
            try:
                self._is_settled = False
                with suppress(OSError):
                    self._ends[1].send(_SETTLE)
                    while not self._is_settled and self._thread is not None:
                        time.sleep(_POLL)
            except KeyboardInterrupt:  # one is on its way already
                continue
            return

    def close(self) -> None:
        """End the thread. Harmless when it is done already."""
        thread, self._thread = self._thread, None
        if thread is not None and self._ends is not None:
            self._ends[1].shutdown(socket.SHUT_RDWR)
            thread.join()
            for end in self._ends:
                end.close()

    def forked(self) -> None:
        """Leave all that there is to the parent, in a child that it has forked."""
        self.disarm(0)
        self._thread = None
        for end in self._ends or ():
            end.close()
        self._ends = None

    def _start(self) -> None:
        self._ends = socket.socketpair()
        self._ends[1].setblocking(False)
        self._fd = self._ends[1].fileno()
        thread = threading.Thread(target=self._watch, args=(self._ends[0],), name="tfsess_magics wakeup", daemon=True)
        thread.start()
        self._thread = thread

    def _watch(self, end: socket.socket) -> None:
        while signals := end.recv(64):
            others = [fd for fd in self._before if fd not in (-1, self._fd)]
            if others and (passed_on := signals.replace(_SETTLE, b"")):
                with suppress(OSError):
                    os.write(others[-1], passed_on)
            if signal.SIGINT in signals and _interrupts():
                try:
                    self._interrupted()
                except Exception:  # noqa: BLE001 - the interrupt itself is Python's, and will come
                    _log.exception("a run could not be stopped")
            if _SETTLE in signals:
                self._is_settled = True


def _interrupts() -> bool:
    """Say whether an interrupt is to raise `KeyboardInterrupt`, or is the kernel's own way to end a cell."""
    handler = signal.getsignal(signal.SIGINT)
    module = getattr(handler, "__module__", "") or ""
    return handler is signal.default_int_handler or module.startswith("ipykernel")
