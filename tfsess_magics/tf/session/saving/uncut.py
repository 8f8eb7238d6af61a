"""Work in a thread of its own, which no exception of a signal handler cuts in the middle.

The thread that wants the work waits for it, and signal handlers raise there. The work asks `Work.commit` before its
last steps, which have to be done whole or not at all. An exception before that has the work thrown away. After that
the waiting thread waits for the end of these steps, and raises then.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

LONG = 1.0
"""Seconds after which work is said to take long."""
_POLL = 0.002
"""Seconds between two looks for its end. The lock of an event does not survive an interrupt in its own lines."""


class AbandonedError(Exception):
    """The thread that wanted the work does not wait for it any more."""


class Work(Generic[T]):
    """One piece of work, for the thread that makes it.

    Parameters
    ----------
    do
        The work; it calls the function that it is given before the steps that have to be done whole.
    """

    def __init__(self, do: Callable[[Callable[[], None]], T]) -> None:
        self._do = do
        self._result: list[T] = []
        self._error: BaseException | None = None
        self._is_committed = False
        self._is_abandoned = False
        self._is_done = False

    def result(self, when_long: Callable[[], None]) -> T:
        """Do the work and return its result; call `when_long` where it takes longer than `LONG`.

        Raises
        ------
        Exception
            That of the work.
        """
        since = time.perf_counter()
        is_long = False
        try:
            threading.Thread(target=self._carry_out, name="tfsess_magics values").start()
            while not self._is_done:
                time.sleep(_POLL)
                if not is_long and time.perf_counter() - since > LONG:
                    is_long = True
                    when_long()
        except BaseException:
            self._is_abandoned = True
            while self._is_committed and not self._is_done:
                time.sleep(_POLL)
            raise
        if self._error is None:
            return self._result[0]
        try:
            raise self._error
        finally:
            self._error = None  # this frame is in its traceback: it would keep all that is there

    def _carry_out(self) -> None:
        try:
            self._result.append(self._do(self._commit))
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            self._error = error
        finally:
            self._is_done = True

    def _commit(self) -> None:
        """Go on to the last steps.

        Raises
        ------
        AbandonedError
            If the waiting thread has left.
        """
        self._is_committed = True  # before the look: the other thread writes and reads them the other way round
        if self._is_abandoned:
            raise AbandonedError
