"""Tells one listener which sessions have changed."""

from __future__ import annotations

from queue import Empty, SimpleQueue


class Changes:
    """The sessions that changed since the listener last took them.

    Any thread may `mark`, also inside the garbage collector: it takes no lock. A session that is marked already costs a
    look into a set. One thread takes.
    """

    def __init__(self) -> None:
        self._marked: SimpleQueue[int | None] = SimpleQueue()
        self._pending: set[int] = set()
        self.is_watched = False

    def mark(self, number: int) -> None:
        """Note that the session of that number has changed."""
        if self.is_watched and number not in self._pending:
            self._pending.add(number)
            self._marked.put(number)

    def wake(self) -> None:
        """Make a `take` that waits return."""
        self._marked.put(None)

    def take(self, timeout: float | None) -> set[int]:
        """Wait for a change, at most `timeout` seconds, and return the numbers of all that have changed."""
        taken: set[int] = set()
        try:
            number = self._marked.get(timeout=timeout)
            while True:
                if number is not None:
                    self._pending.discard(number)
                    taken.add(number)
                number = self._marked.get_nowait()
        except Empty:
            return taken
