"""The feed: it turns changes of sessions into messages, each at its time, and none when nothing changed.

A change of state goes at once, counters after `_COUNTERS` seconds. The feed asks which variables have a value only in
its own thread: after a cell, and seldom during a long one. It rests `_REST` times as long as it has worked, so that
thousands of new sessions do not slow the code that makes them.
"""

from __future__ import annotations

import functools
import logging
import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tfsess_magics.core.errors import ClosedSessionError
from tfsess_magics.core.history import CHANGE, MemoryHistory
from tfsess_magics.core.memory import KernelMemory
from tfsess_magics.core.memory_message import is_other, memory_message
from tfsess_magics.core.model import State
from tfsess_magics.core.protocol import (
    PROTOCOL_VERSION,
    MemoryChanged,
    Sample,
    SessionChanged,
    SessionClosed,
    SessionSummary,
    Snapshot,
)
from tfsess_magics.core.registry import SessionRegistry

_log = logging.getLogger(__name__)

_PAUSE = 0.02
"""Seconds between two looks for changes."""
_REST = 9
"""The least ratio of rest to work: with thousands of sessions the feed must not slow the code that makes them."""
_COUNTERS = 0.25
"""Seconds between two messages on a session of which only counters have changed."""
_SETTLE = 0.1
"""Seconds after which a session whose runs follow each other is no longer running."""
_FIRST_ASK, _LAST_ASK = 0.25, 30.0
"""Seconds between two questions which variables have a value, while a cell is in the session: doubled each time."""
_SHOWN = 30
"""Samples of each session in a snapshot, the latest."""
_MEMORY = 0.5
"""Seconds at least between two looks at the memory of the kernel."""

Message = Snapshot | SessionChanged | MemoryChanged | SessionClosed
Receive = Callable[[Message], None]
"""Called with each message, in the feed's thread; with the snapshot in the thread that asks for it."""


class Feed:
    """Sends every change of every session, with a revision, from a thread that lives while it has a receiver.

    Any thread may call it.

    Parameters
    ----------
    registry
        The sessions whose changes are sent.
    memory
        Returns the memory of the kernel now, None while there is nothing to report. `ask`: find out which variables
        have a value.
    """

    def __init__(self, registry: SessionRegistry[Any], memory: Callable[..., KernelMemory | None]) -> None:
        self._registry = registry
        self._read_memory = memory
        self.history = MemoryHistory()
        """The memory that each session held over time, recorded while there is a receiver."""
        self._sent_memory: KernelMemory | None = None
        self._is_to_look = False
        self._changing = threading.Lock()
        self._lock = registry.looking
        self._receivers: list[Receive] = []
        self._revision = 0
        self._known: set[int] = set()
        """Sessions that a receiver has heard of."""
        self._sent: dict[int, SessionSummary] = {}
        """The summary of each session that every receiver got last."""
        self._sent_at: dict[int, float] = {}
        self._ask_gap: dict[int, float] = {}
        self._asked_at: dict[int, float] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def subscribe(self, receive: Receive) -> Callable[[], None]:
        """Send a snapshot and then all that happens after it, and return what ends that; see `unsubscribe`."""
        with self._changing:
            self._start()
            self.send_snapshot(receive, then=lambda: self._receivers.append(receive))
        return functools.partial(self.unsubscribe, receive)

    def unsubscribe(self, receive: Receive) -> None:
        """Send no more. Harmless when it is done already."""
        with self._changing:
            if receive in self._receivers:
                self._receivers.remove(receive)
            if not self._receivers:
                self._stop()

    def send_snapshot(self, receive: Receive, then: Callable[[], None] = lambda: None) -> None:
        """Send every session to one receiver, and do `then` before any later message is sent."""
        with self._lock:
            summaries = (_summary(session) for session in self._registry.live())
            sessions = [summary for summary in summaries if summary is not None]
            for summary in sessions:
                self._known.add(summary.id)
                if not self._receivers:
                    self._sent[summary.id] = summary
                self._registry.changes.mark(summary.id)  # to find out, off this path, which variables have a value
            memory = None if self._sent_memory is None else memory_message(self._sent_memory)
            samples = [Sample(s.id, *sample) for s in sessions for sample in self.history.samples(s.id)[-_SHOWN:]]
            receive(Snapshot(PROTOCOL_VERSION, self._revision, time.time(), sessions, memory, samples))
            then()

    def _start(self) -> None:
        if self._thread is None:
            self._stopping = threading.Event()
            for memory in (self._known, self._sent, self._sent_at, self._ask_gap, self._asked_at):
                memory.clear()
            self.history.clear()
            self._sent_memory = None
            self._registry.changes.is_watched = True
            self._thread = threading.Thread(
                target=self._run, args=(self._stopping,), name="tfsess_magics feed", daemon=True
            )
            try:
                self._thread.start()
            except BaseException:
                self._stop()
                raise

    def _stop(self) -> None:
        if self._thread is not None:
            self._stopping.set()
            self._registry.changes.is_watched = False
            self._registry.changes.wake()
            if self._thread is not threading.current_thread():
                with suppress(RuntimeError):  # an interrupt has cut its start; if it runs, it ends by itself
                    self._thread.join()
            self._thread = None

    def _publish(self, message: Message) -> None:
        for receive in list(self._receivers):
            try:
                receive(message)
            except Exception:  # noqa: BLE001 - the other receivers still get the message
                _log.exception("a front end could not be told of a session")

    def _run(self, stopping: threading.Event) -> None:
        due: dict[int, float] = {}
        memory_due, looked_at = math.inf, -math.inf
        rest = _PAUSE
        while not stopping.wait(rest):
            next_due = min([memory_due, *due.values()])
            timeout = None if next_due == math.inf else max(0.0, next_due - time.monotonic())
            changed = self._registry.changes.take(timeout)
            used = time.thread_time()
            now = time.monotonic()
            if changed or self._is_to_look:
                self._is_to_look = False
                memory_due = min(memory_due, max(now, looked_at + _MEMORY))
            due |= dict.fromkeys(changed, now)
            for number in [number for number, at in due.items() if at <= now]:
                del due[number]
                try:
                    later = self._send(number, now)
                except Exception:  # noqa: BLE001 - the feed still sends the other sessions
                    _log.exception("what has changed of a session could not be told")
                    continue
                if later is not None:
                    due[number] = later
            if memory_due <= now:
                memory_due, looked_at = math.inf, now
                self._look_at_memory()
            rest = max(_PAUSE, _REST * (time.thread_time() - used))

    def _look_at_memory(self) -> None:
        try:
            with self._lock:
                memory = self._read_memory(ask=False)
        except Exception:  # noqa: BLE001 - the feed still sends the sessions
            _log.exception("the memory of the kernel could not be read")
        else:
            self._send_memory(memory, CHANGE)

    def look_at_memory(self) -> None:
        """Look at the memory of the kernel soon, as something may have changed it that is no session."""
        self._is_to_look = True
        self._registry.changes.wake()

    def memory(self) -> KernelMemory | None:
        """Return the memory of the kernel now, and have every front end show that."""
        memory = self._read_memory(ask=True)
        if self._receivers:
            self._send_memory(memory, 0.0)
        return memory

    def _send_memory(self, memory: KernelMemory | None, share: float) -> None:
        with self._lock:
            at = time.time()
            held = [(summary.id, summary.variables_nbytes) for summary in self._sent.values()]
            samples = [
                Sample(number, at, nbytes)
                for number, nbytes in held
                if nbytes is not None and self.history.add(number, at, nbytes)
            ]
            if memory is not None and (samples or is_other(self._sent_memory, memory, share)):
                self._sent_memory = memory
                self._revision += 1
                self._publish(MemoryChanged(self._revision, memory_message(memory), samples))

    def _send(self, number: int, now: float) -> float | None:
        """Send the changes of a session, and return when to look at it again, None if at its next change."""
        session = self._registry.find(number)
        with self._lock:
            summary = _summary(session) if session else None
            if session is None or summary is None:
                self._send_closed(number)
                return None
            before = self._sent.get(number)
            due = session.due
            if due == 0:
                self._registry.unused()
                summary = _summary(session) or summary
            wait = 0.0 if before is None else self._wait(before, summary, now - self._sent_at.get(number, 0.0))
            if wait > 0:
                return now + wait
            if (summary.variables or summary.target) and self._may_ask(summary, now):
                summary = _summary(session, ask=True) or summary
            if summary != before:
                self._known.add(number)
                self._sent[number], self._sent_at[number] = summary, now
                self._revision += 1
                self._publish(SessionChanged(self._revision, summary))
        return now + due if due else None

    def _send_closed(self, number: int) -> None:
        for memory in (self._sent, self._sent_at, self._ask_gap, self._asked_at):
            memory.pop(number, None)
        self.history.forget(number)
        if number in self._known:
            self._known.remove(number)
            self._revision += 1
            self._publish(SessionClosed(self._revision, number))

    @staticmethod
    def _wait(before: SessionSummary, summary: SessionSummary, since_sent: float) -> float:
        """Return for how long a message can wait: counters and the end of a run for a little, all else not at all."""
        if (before.state, summary.state) == (State.RUNNING, State.ENTERED):
            return _SETTLE - since_sent
        is_counters = (before.state, before.generation) == (summary.state, summary.generation)
        return _COUNTERS - since_sent if is_counters else 0.0

    def _may_ask(self, summary: SessionSummary, now: float) -> bool:
        """Say whether to ask which variables have a value: after a cell, and seldom during a long one."""
        if summary.state == State.IDLE:
            self._ask_gap.pop(summary.id, None)
            return True
        gap = self._ask_gap.get(summary.id, _FIRST_ASK)
        if now - self._asked_at.get(summary.id, 0.0) < gap:
            return False
        self._asked_at[summary.id], self._ask_gap[summary.id] = now, min(2 * gap, _LAST_ASK)
        return True


def _summary(session: Any, *, ask: bool = False) -> SessionSummary | None:
    """Return the summary of a session, None if it was closed meanwhile."""
    try:
        summary: SessionSummary = session.summary(ask=ask)
    except ClosedSessionError:
        return None
    return summary
