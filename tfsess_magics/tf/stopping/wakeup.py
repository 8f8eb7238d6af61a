"""The wakeup descriptor by which the extension hears of interrupts while the main thread is inside C code.

Python only notes a signal then, and tells its wakeup descriptor at once. The descriptor is the extension's only while
the main thread is in a run. A thread reads it, and passes every byte on to the descriptor that was in force before.

An interrupt counts only where Python's own handler, or ipykernel's, is installed. Any other handler decides itself
what the signal means.

The thread may hear late of an interrupt that has ended its run already, and would stop the next run. So such a run
waits in `Watcher.settle` until the thread has caught up. After `Watcher.close` the descriptor remains open until the
present run has ended: another file would get its number, and the bytes.
"""

from __future__ import annotations

import functools
import logging
import os
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from tfsess_magics.core.late import TRIES

_log = logging.getLogger(__name__)
_SETTLE = b"\0"
"""A byte that stands for no signal."""
_POLL = 0.001
"""Seconds between two looks, in place of an event: an interrupt may cut it anywhere, which a lock does not survive."""
_set_wakeup_fd = functools.partial(signal.set_wakeup_fd, warn_on_full_buffer=False)


class _Line(NamedTuple):
    """A pair of sockets, and the thread that listens at the first of them."""

    ends: tuple[socket.socket, socket.socket]
    thread: threading.Thread

    def end(self) -> None:
        """End it. Harmless when it is done already."""
        with suppress(OSError):  # it is closed
            self.ends[1].shutdown(socket.SHUT_RDWR)
        self.thread.join()
        for end in self.ends:
            end.close()


class Watcher:
    """Calls `interrupted`, in a thread of its own, when an interrupt comes while it is armed.

    Not where a signal handler of the user's takes the interrupt: what it means is that one's to say.
    """

    def __init__(self, interrupted: Callable[[], None]) -> None:
        self._interrupted = interrupted
        self._line: _Line | None = None
        self._fd = -1
        self._before: list[int] = []
        """The wakeup descriptors that there were, one for each time it is armed."""
        self._put_back = -1
        """The one that is in force again: what the thread reads late is for it."""
        self._is_held = False
        """True if the main thread may have the descriptor in force: its number must not become another file's."""
        self._is_closed = False
        self._is_settled = True

    def arm(self) -> None:
        """Become the wakeup descriptor; the main thread's to call."""
        # First, as `close` looks at it last: it either leaves the line to `disarm`, or is seen here to end it.
        self._is_held = True
        if self._line is None or (self._is_closed and not self._before):
            self._start()
        # In one call: an interrupt between two would lose the descriptor that there was.
        self._before.extend(map(_set_wakeup_fd, (self._fd,)))

    def disarm(self, depth: int) -> None:
        """Be armed `depth` times only; the main thread's to call, and to call again where an interrupt came."""
        if len(self._before) > depth:
            self._put_back = self._before[depth]
            signal.set_wakeup_fd(self._put_back)
            del self._before[depth:]
        if not self._before:
            self._is_held = False
            if self._is_closed and self._line is not None:
                self._line.end()
                self._line = None

    def settle(self) -> None:
        """Wait until the interrupts that have come are dealt with; the main thread's to call."""
        line = self._line
        if line is None:
            return
        came: BaseException | None = None
        for _ in TRIES:
            try:
                self._is_settled = False
                with suppress(OSError):
                    line.ends[1].send(_SETTLE)
                    while not self._is_settled and not self._is_closed:
                        time.sleep(_POLL)
                break
            except KeyboardInterrupt:  # one is on its way already
                continue
            except BaseException as late:  # noqa: BLE001 - raised below
                came = late
        if came is not None:
            raise came

    def close(self) -> None:
        """End the thread; where the main thread is in a run, when that has ended. Harmless when it is done already."""
        line = self._line
        self._is_closed = True
        if line is not None and not self._is_held:
            line.end()

    def forked(self) -> None:
        """Leave all that there is to the parent, in a child that it has forked."""
        line, self._line = self._line, None
        self.disarm(0)
        for end in line.ends if line is not None else ():
            end.close()

    def _start(self) -> None:
        self._is_closed = False
        ends = socket.socketpair()
        ends[1].setblocking(False)
        thread = threading.Thread(target=self._watch, args=(ends[0],), name="tfsess_magics wakeup", daemon=True)
        thread.start()
        self._fd = ends[1].fileno()
        self._line = _Line(ends, thread)

    def _watch(self, end: socket.socket) -> None:
        while signals := end.recv(64):
            self._pass_on(signals.replace(_SETTLE, b""))
            if signal.SIGINT in signals and not self._is_closed and _interrupts():
                try:
                    self._interrupted()
                except Exception:  # noqa: BLE001 - the interrupt itself is Python's, and will come
                    _log.exception("a run could not be stopped")
            if _SETTLE in signals:
                self._is_settled = True

    def _pass_on(self, signals: bytes) -> None:
        """Tell the wakeup descriptor that there was, also where the main thread has put it back by now."""
        others = [fd for fd in self._before if fd not in (-1, self._fd)]
        fd = others[-1] if others else self._put_back
        if signals and fd not in (-1, self._fd):
            with suppress(OSError):
                # Once it is in force again its owner may close it, and a file may have its number.
                if others or not stat.S_ISREG(os.fstat(fd).st_mode):
                    os.write(fd, signals)


def _interrupts() -> bool:
    """Say whether an interrupt is to raise `KeyboardInterrupt`, or is the kernel's own way to end a cell."""
    handler = signal.getsignal(signal.SIGINT)
    module = getattr(handler, "__module__", "") or ""
    return handler is signal.default_int_handler or module.startswith("ipykernel")
