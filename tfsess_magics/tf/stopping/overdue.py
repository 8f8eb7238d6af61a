"""The stop of a run that takes too long, where TensorFlow takes no limit for it.

Partial runs, and callables that ``_make_callable_from_options`` has made, take no ``RunOptions``. In a cell with a
limit of its own a timer orders a stop for them. That stop keeps the variables and raises the limit's error.

In a session with a limit the timer stops a partial run at three quarters of it (`_AHEAD`). At the limit itself
TensorFlow cancels the whole session, for good. So a cell that allows more than the limit of its session cannot do so
for these runs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf.runs.limit import Limit
from tfsess_magics.tf.stopping.stop import Stop, begin

_log = logging.getLogger(__name__)


class Overdue(Stop):
    """The stop of a session for the sake of one run in it, which is told that it took too long.

    Parameters
    ----------
    name
        Name of the session in messages.
    limit
        The limit of the run.
    token
        The run.
    keeps
        True if variables keep their values.
    """

    def __init__(self, name: str, limit: Limit, token: int, *, keeps: bool) -> None:
        super().__init__(name, f"{limit} for another run in it", keeps=keeps)
        self._limit = limit
        self.only_with = token

    def error(self, token: int, since: float, thread: int) -> BaseException:
        """Return what a step that began at `since` raises."""
        if token != self.only_with:
            return super().error(token, since, thread)
        message = f"A run in {self.name} was ended {self.after(since)}: {self._limit} allows no more. {self.account}"
        late: BaseException = tf.errors.DeadlineExceededError(None, None, message)
        return late

    def tell_of_refusal(self) -> None:
        """Say that the run goes on."""
        _log.warning("%s allows a run in %s no more, but %s", self._limit, self.name, self.refusal)


def end_when_late(
    limit: Limit | None,
    meter: RunMeter,
    token: int,
    name_of: Callable[[RunMeter], str],
    run: Callable[..., Any],
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Call what makes a step, and stop that step when it takes longer than it may.

    Parameters
    ----------
    limit
        The limit that the cell sets.
    """
    due = min(_due(limit, meter, run.__name__ == _PARTIAL), default=None)
    if due is None:
        return run(*args, **kwargs)
    is_over = threading.Lock()  # taken and given in one call each, which no interrupt cuts
    is_over.acquire()

    def wait() -> None:
        if not is_over.acquire(timeout=due[0]):
            begin(meter, Overdue(name_of(meter), due[1], token, keeps=meter.keeps))

    timer = threading.Thread(target=wait, name="tfsess_magics limit", daemon=True)
    try:
        try:
            timer.start()
            return run(*args, **kwargs)
        finally:
            is_over.release()
            if timer.ident is not None:
                timer.join()
    except BaseException:  # perhaps one that came in front of the lines above
        if is_over.locked():
            is_over.release()
        raise


def _due(limit: Limit | None, meter: RunMeter, is_partial: bool) -> Iterator[tuple[float, Limit]]:
    """Yield after how many seconds a step is to be stopped, and for the sake of what."""
    if limit is not None and limit.seconds:
        yield limit.seconds, limit
    if is_partial and meter.timeout:
        yield _AHEAD * meter.timeout, Limit(meter.timeout, "the session")


_PARTIAL = "_call_tf_sessionprun"
_AHEAD = 0.75
"""Part of its session's limit after which a partial run is stopped. At the limit itself TensorFlow would cancel all
that is and will be run in the session (direct_session.cc, ``PRun``)."""
