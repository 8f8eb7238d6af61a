"""The memory that sessions held over time: a bounded number of samples of each.

The feed takes them in its own thread, after changes of sessions and after cells, at most twice a second. It takes and
sends only a change of over 1 %. So the feed's thread lives while the extension is loaded.
"""

from __future__ import annotations

from collections import deque

KEPT = 120
"""Samples of each session that the history keeps."""
CHANGE = 0.01
"""The smallest change that is worth a sample, as a share of the bytes before."""

Sample = tuple[float, int]
"""Seconds since the epoch, and bytes of initialized variables."""


def is_change(before: int | None, now: int | None, share: float = CHANGE) -> bool:
    """Say whether a number of bytes has changed by more than that share."""
    if before is None or now is None:
        return before is not now
    return abs(now - before) > share * max(before, now)


class MemoryHistory:
    """Samples of every session, oldest first. Any thread may read it; one adds."""

    def __init__(self) -> None:
        self._samples: dict[int, deque[Sample]] = {}

    def add(self, number: int, at: float, nbytes: int) -> bool:
        """Take a sample of the session of that number, if that is a change; return whether it was."""
        samples = self._samples.setdefault(number, deque(maxlen=KEPT))
        if samples and not is_change(samples[-1][1], nbytes):
            return False
        samples.append((at, nbytes))
        return True

    def forget(self, number: int) -> None:
        """Drop the samples of a session that is gone."""
        self._samples.pop(number, None)

    def clear(self) -> None:
        """Drop everything."""
        self._samples.clear()

    def samples(self, number: int) -> tuple[Sample, ...]:
        """Return the samples of the session of that number."""
        samples = self._samples.get(number)
        return () if samples is None else tuple(samples.copy())
