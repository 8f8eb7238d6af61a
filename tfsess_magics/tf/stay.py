"""One stay of one thread inside a named session."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfsess_magics.tf.generation import Generation
    from tfsess_magics.tf.session import NamedSession


class Stay:
    """A cell, or a ``with`` block, inside a named session; used by the thread that entered.

    Parameters
    ----------
    session, generation
        Where.
    by
        Who, as messages call it: ``cell 5``, ``a with block``.
    """

    def __init__(self, session: NamedSession, generation: Generation, by: str) -> None:
        self.session = session
        self.generation = generation
        self.by = by
        self.defaults = generation.defaults()

    def resume(self) -> None:
        """Install the session's defaults and remember those of the thread."""
        self.defaults.resume()

    def suspend(self) -> None:
        """Put the thread's defaults back and remember the session's for the next `resume`."""
        self.defaults.suspend()

    def end(self) -> None:
        """Leave for good, after the last `suspend`."""
        try:
            self.defaults.settle()
        finally:
            self.session.leave(self)


class StaysOfThread(threading.local):
    """The ``with`` blocks that this thread is in, in the order in which they were entered."""

    def __init__(self) -> None:
        self._stays: list[Stay] = []

    def resume(self, stay: Stay) -> None:
        """Enter `stay`."""
        try:
            stay.resume()
        except BaseException:
            stay.suspend()
            stay.end()
            raise
        self._stays.append(stay)

    def leave(self, session: NamedSession) -> None:
        """Leave the innermost stay in `session`, also when another session was entered after it.

        Raises
        ------
        RuntimeError
            If this thread is in none.
        """
        index = next((i for i in reversed(range(len(self._stays))) if self._stays[i].session is session), None)
        if index is None:
            raise RuntimeError(f"session {session.name!r} was not entered in this thread.")
        stay = self._stays.pop(index)
        try:
            if index < len(self._stays):
                stay.defaults.hand_over(self._stays[index].defaults)
            else:
                stay.suspend()
        finally:
            stay.end()
