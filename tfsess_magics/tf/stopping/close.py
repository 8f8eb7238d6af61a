"""The end of a session while it runs: Close and Reset.

The session first gives up its name, or begins its next generation. Then `End` ends the runs with `SessionStopped`. An
operation that has to finish first does so while the stop's thread waits for it. A cell or block that is in the
session between two runs keeps it alive: the session refuses the order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.errors import SessionStopped
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.watched import WatchedSession
from tfsess_magics.tf.stopping.stop import Stop, is_done_soon, start_in_thread


class End(Stop):
    """The end of one session that runs.

    Parameters
    ----------
    name
        Name of the session in messages.
    by
        The sender of the order, as messages say it.
    ending
        The word for it: ``closed``, ``reset``.
    then
        Called when no step is in the session any more.
    """

    failure = "What belongs to it could not be closed"
    begins_anew = False

    def __init__(self, name: str, by: str, ending: str, then: Callable[[], None]) -> None:
        super().__init__(name, by)
        self._ending = ending
        self._then = then

    def error(self, token: int, since: float, thread: int) -> BaseException:  # noqa: ARG002 - whatever thread runs what
        """Return what a step that began at `since` raises."""
        return SessionStopped(
            f"{self.name} was {self._ending} during this run, by {self.by}, {self.after(since)}. {self.account}"
        )

    def carry_out(self, meter: RunMeter, watched: WatchedSession, session: BaseSession) -> None:  # noqa: ARG002 - as it is called
        """End the steps and the session."""
        self.end_steps(meter, session)
        session._closed = True  # TensorFlow refuses to close it once more
        self._then()
        self.account = "Its variables are gone."


def use_of_runs(meter: RunMeter) -> str | None:
    """Say what keeps a session from being ended, None if nothing does."""
    stop = meter.stop
    return None if stop is None else f"{stop.by or 'an interrupt'} is stopping it"


def end_runs(watched: Any, end: End) -> int | None:
    """End the runs of a session, and then the session itself; None if it has no runs: then nothing is done.

    Returns
    -------
    int or None
        Number of runs that have not ended yet, an operation of theirs having to finish first.
    """
    if not start_in_thread(watched.meter, end):
        return None
    return 0 if is_done_soon(end) else len(end.out)
