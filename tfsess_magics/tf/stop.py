"""Stops what runs in a TensorFlow session, and keeps the values of its variables.

TensorFlow ends a step that waits only by closing its session. So the values are read first, while the step waits; then
the C session is closed, and replaced by a new one on the same graph, with the same target and configuration, which gets
the values back. The Python session stays the object that it was, and the graph gets no operation.

The C session is deleted when nobody is in it any more: when its close has returned, and every step that was stopped has
come back to Python. Steps that begin meanwhile wait.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from contextlib import suppress
from threading import get_ident
from typing import Any

import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.errors import SessionStopped, StopUnavailableError, ValuesLostError
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.words import format_seconds
from tfsess_magics.tf import renewal
from tfsess_magics.tf.account import account
from tfsess_magics.tf.awaited import fetched, uncuttable
from tfsess_magics.tf.values import NOTHING

_log = logging.getLogger(__name__)

MAIN_THREAD = threading.main_thread().ident


class Stop:
    """One stop of one session.

    Parameters
    ----------
    name
        What the session is called.
    by
        Who ordered it, as messages say it; None for an interrupt.
    keeps
        Whether variables keep their values.
    """

    failure = "The session could not be begun anew, and its values are lost"
    """What to say when it goes wrong."""
    begins_anew = True
    """False where the session ends with the stop."""
    only_with: int | None = None
    """The token of the run without which it stops none, where it is for the sake of one."""

    def __init__(self, name: str, by: str | None, *, keeps: bool = True) -> None:
        self.name = name
        self.by = by
        self.keeps = keeps
        self.done = threading.Event()
        """Set when the session can be used again, or nothing was done; see `_wait`."""
        self.out: set[int] = set()
        """The tokens of its steps that have not come back to Python."""
        self.runs = 0
        """How many it stops."""
        self.waited_for = ""
        """What the step was doing that said why it ended."""
        self.refusal: BaseException | None = None
        """Why nothing was done."""
        self.account = ""
        """What was kept, and what was not."""
        self.thread: int | None = None
        """The one that carries it out."""
        self.has_cut = False
        """Whether it has begun to end the steps: before that it reads values."""
        self.asked = time.perf_counter()

    def error(self, token: int, since: float, thread: int) -> BaseException:  # noqa: ARG002 - whichever run it is
        """Return what a step that began at `since` raises."""
        after = self.after(since)
        if self.by is None and thread == MAIN_THREAD:
            return KeyboardInterrupt(f"stopped a run in {self.name} {after}. {self.account}")
        by = self.by or "an interrupt of another run in it"
        return SessionStopped(f"{by} stopped a run in {self.name} {after}. {self.account}")

    def after(self, since: float) -> str:
        """Say how long a step took, and on what it waited."""
        on = f" on {self.waited_for}" if self.waited_for else ""
        return f"after {format_seconds(self.asked - since)}{on}"

    def carry_out(self, meter: RunMeter, watched: Any, session: BaseSession) -> None:
        """End the steps, and begin the session anew."""
        values = NOTHING
        if self.keeps:
            try:
                values = watched.graph_variables.kept_by(session)
            except Exception as error:  # noqa: BLE001 - whatever keeps them from being read
                self.refuse(meter, ValuesLostError(self.name, error))
                return
        self.end_steps(meter, session)
        threads, callables = {run[2] for run in list(meter.claimed.values())}, 0
        with watched.graph_variables.held():
            if not session._closed:
                callables = renewal.begin_anew(session)
                watched.graph_variables.restore(session, values)
                meter.version = session.graph.version
        self.account = account(session, values, keeps=self.keeps, callables=callables, threads=threads)

    def refuse(self, meter: RunMeter, error: Exception) -> None:
        """Do nothing, and let the runs go on, to end as they would have."""
        self.refusal = error
        for token, (*started, claimed_by) in list(meter.claimed.items()):
            if claimed_by is self:
                meter.in_flight[token] = started[0], started[1], started[2], started[3]
                meter.claimed.pop(token)
        self.tell_of_refusal()

    def tell_of_refusal(self) -> None:
        """Log that nothing was done, where no order waits for a reply; that Stop is off was printed at load."""
        if self.by is None and not isinstance(self.refusal, StopUnavailableError):
            _log.warning("%s, from another notebook page", self.refusal)

    def end_steps(self, meter: RunMeter, session: BaseSession) -> None:
        """Return when every step has come back to Python; the C session is closed then."""
        self.has_cut = True
        try:
            pywrap_tf_session.TF_CloseSession(session._session)  # returns when nothing runs in it any more
        except tf.errors.AbortedError:  # its server was begun anew, and does not know it
            if not session._target:
                raise
        while self.out or meter.in_use:
            time.sleep(POLL)

    def why_not_yet(self, meter: RunMeter) -> str:
        """Say why it has not ended."""
        watched = meter.watched()
        session = watched and watched.session
        if not self.has_cut:
            return "stopping: the values of its variables are being read"
        if not self.out:
            return "stopping: its variables are being given their values back"
        steps = [run[3] for run in list(meter.claimed.values())]
        if any(made := [uncuttable(session, step) for step in steps]):
            names = " and ".join(filter(None, made))
            return f"cannot be stopped: {names} does not return. If it never does, restart the kernel"
        if session is not None and session._target:
            return (
                f"stopping: {session._target.decode()} has not answered yet. The runs end when it does, or when another"
                " server is begun at that address. If neither will happen, restart the kernel"
            )
        runs = ", ".join(dict.fromkeys(fetched(step).removeprefix("A run of ") for step in steps))
        return f"stopping: an operation that {runs} needs has to finish first"


def begin_aside(meter: RunMeter, stop: Stop) -> bool:
    """Begin where no interrupt of the one who orders it leaves a stop half begun."""
    begun: list[bool] = []
    thread = threading.Thread(target=lambda: begun.append(begin(meter, stop)), daemon=True)
    thread.start()
    thread.join()
    return begun[0]


def begin(meter: RunMeter, stop: Stop) -> bool:
    """Begin to stop what is in flight; False if nothing is, or another stop is under way."""
    watched = meter.watched()
    session = watched and watched.session
    if session is None or not meter.stopping.acquire(blocking=False):
        return False
    if stop.begins_anew and (missing := renewal.missing_parts(session)):
        stop.refuse(meter, StopUnavailableError(tf.__version__, missing))
        meter.stopping.release()
        stop.done.set()
        return True
    meter.stop = stop  # from now on no run begins
    runs = dict(list(meter.in_flight.items()))
    if stop.only_with is None or (
        stop.only_with in runs and _claim(meter, stop.only_with, runs.pop(stop.only_with), stop)
    ):
        for token, started in runs.items():
            _claim(meter, token, started, stop)
    if not stop.runs:
        _open(meter, stop, session)
        return False
    try:
        threading.Thread(
            target=_carry_out, args=(stop, meter, watched, session), name="tfsess_magics stop", daemon=True
        ).start()
    except RuntimeError as error:  # there are too many threads
        stop.refuse(meter, error)
        _open(meter, stop, session)
    return True


def _claim(meter: RunMeter, token: int, started: tuple[Any, ...], stop: Stop) -> bool:
    stop.out.add(token)
    meter.claimed[token] = (*started, stop)
    if meter.in_flight.pop(token, None) is None:  # it has ended by itself
        meter.claimed.pop(token, None)
        stop.out.discard(token)
        return False
    stop.runs += 1
    return True


def _open(meter: RunMeter, stop: Stop, session: BaseSession) -> None:
    """Let runs begin again."""
    meter.stop = None
    if session._closed:
        with suppress(tf.errors.OpError):
            pywrap_tf_session.TF_CloseSession(session._session)
    meter.stopping.release()
    stop.done.set()


def _carry_out(stop: Stop, meter: RunMeter, watched: Any, session: BaseSession) -> None:
    stop.thread = get_ident()
    try:
        stop.carry_out(meter, watched, session)
    except Exception as error:  # noqa: BLE001 - those who wait are to be told
        stop.account = f"{stop.failure}: {error}"
    finally:
        _open(meter, stop, session)


def wait(stop: Stop, timeout: float = math.inf) -> bool:
    """Wait until a stop is done. An interrupt may cut this anywhere, which the lock of an event does not survive."""
    until = time.perf_counter() + timeout
    while not stop.done.is_set() and time.perf_counter() < until:
        time.sleep(POLL)
    return stop.done.is_set()


def is_done_soon(stop: Stop) -> bool:
    """Wait until a stop is done, as long as one who has ordered it is to be kept waiting."""
    return wait(stop, _PATIENCE)


POLL = 0.002
"""Seconds between two looks at whether what is waited for has come."""
_PATIENCE = 5.0
"""Seconds until the one who orders a stop is told that it has to wait."""
