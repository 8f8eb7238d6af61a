"""Stops what runs in a TensorFlow session, and keeps the values of its variables.

TensorFlow ends a step that waits only by closing its session. So the values are read first, while the step waits; then
the C session is closed, and replaced by a new one on the same graph, with the same target and configuration, which gets
the values back. The Python session stays the object that it was, and the graph gets no operation.

The C session is deleted when nobody is in it any more: when its close has returned, and every step that was stopped has
come back to Python. Steps that begin meanwhile wait.
"""

from __future__ import annotations

import gc
import logging
import math
import re
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import get_ident
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.errors import SessionStopped, ValuesLostError
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.words import count, format_bytes, format_seconds
from tfsess_magics.tf.awaited import awaited, fetched, uncuttable
from tfsess_magics.tf.beside import beside
from tfsess_magics.tf.variables import NOTHING, Values
from tfsess_magics.tf.wakeup import Watcher

_log = logging.getLogger(__name__)

MAIN_THREAD = threading.main_thread().ident

_NOT_KEPT = {
    "queues": re.compile(r"Queue(V2)?$"),
    "tables": re.compile(r"HashTable"),
    "iterators": re.compile(r"Iterator"),
    "positions of random operations": re.compile(r"^(Random|Multinomial|TruncatedNormal|ParameterizedTruncated)"),
}


class Ordered(NamedTuple):
    """A stop that waits for the next run."""

    by: str
    until: float | None
    """When it is forgotten, by `time.perf_counter`; None: when nobody is in the session any more."""


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
        with watched.graph_variables.held():
            if not session._closed:
                _begin_anew(session)
                watched.graph_variables.restore(session, values)
                meter.version = session.graph.version
        self.account = _account(session, values, keeps=self.keeps)

    def refuse(self, meter: RunMeter, error: Exception) -> None:
        """Do nothing, and let the runs go on, to end as they would have."""
        self.refusal = error
        for token, (*started, claimed_by) in list(meter.claimed.items()):
            if claimed_by is self:
                meter.in_flight[token] = started[0], started[1], started[2], started[3]
                meter.claimed.pop(token)
        self.tell_of_refusal()

    def tell_of_refusal(self) -> None:
        """Say that nothing was done, where nobody waits to be told."""
        if self.by is None:
            _log.warning("%s, from another notebook page", self.refusal)

    def end_steps(self, meter: RunMeter, session: BaseSession) -> None:
        """Return when every step has come back to Python; the C session is closed then."""
        self.has_cut = True
        pywrap_tf_session.TF_CloseSession(session._session)  # returns when nothing runs in it any more
        while self.out or meter.in_use:
            time.sleep(_POLL)

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
        runs = ", ".join(dict.fromkeys(fetched(step).removeprefix("A run of ") for step in steps))
        return f"stopping: an operation that {runs} needs has to finish first"


class End(Stop):
    """The end of one session that runs.

    Parameters
    ----------
    name
        What the session is called.
    by
        Who ordered it, as messages say it.
    ending
        What it is: ``closed``, ``reset``.
    then
        Called when no step is in the session any more.
    """

    failure = "What belongs to it could not be closed"

    def __init__(self, name: str, by: str, ending: str, then: Callable[[], None]) -> None:
        super().__init__(name, by)
        self._ending = ending
        self._then = then

    def error(self, token: int, since: float, thread: int) -> BaseException:  # noqa: ARG002 - whoever runs what
        """Return what a step that began at `since` raises."""
        return SessionStopped(
            f"{self.name} was {self._ending} during this run, by {self.by}, {self.after(since)}. {self.account}"
        )

    def carry_out(self, meter: RunMeter, watched: Any, session: BaseSession) -> None:  # noqa: ARG002 - as it is called
        """End the steps and the session."""
        self.end_steps(meter, session)
        session._closed = True  # TensorFlow refuses to close it once more
        self._then()
        self.account = "Its variables went with it."


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
    if not _begin_aside(watched.meter, end):
        return None
    return 0 if _wait(end, _PATIENCE) else len(end.out)


def leaves_close_to_stop(meter: RunMeter, session: BaseSession) -> bool:
    """Have a stop that is under way close the session as well, which it would use and delete meanwhile."""
    was_closed, session._closed = session._closed, True
    if meter.stop is None:
        session._closed = was_closed
        return False
    return True


def _wait(stop: Stop, timeout: float = math.inf) -> bool:
    """Wait until a stop is done. An interrupt may cut this anywhere, which the lock of an event does not survive."""
    until = time.perf_counter() + timeout
    while not stop.done.is_set() and time.perf_counter() < until:
        time.sleep(_POLL)
    return stop.done.is_set()


def is_using(meter: RunMeter) -> bool:
    """Say whether this thread uses the session already."""
    return get_ident() in meter.in_use


def begin_use(meter: RunMeter) -> None:
    """Use a session for a moment, without a run: not while it is being stopped, as its C session is deleted then."""
    thread = get_ident()
    meter.in_use[thread] = None
    while (stop := meter.stop) is not None:
        end_use(meter)
        _let_no_finalizer_wait(stop)
        _wait(stop)
        meter.in_use[thread] = None


def end_use(meter: RunMeter) -> None:
    """Let stops go on; may be called again."""
    meter.in_use.pop(get_ident(), None)


def _let_no_finalizer_wait(stop: Stop) -> None:
    if stop.thread == get_ident():
        raise SessionStopped(f"{stop.name} is being stopped, in this very thread.")


def forget_order(meter: RunMeter) -> None:
    """Forget a stop that was ordered for a next run which has not come."""
    meter.ordered = None


class Stopper:
    """Stops sessions, and has their runs wait and end.

    Any thread may call it, but for what runs call.

    Parameters
    ----------
    name_of
        Returns what messages call the session of a meter.
    """

    def __init__(self, name_of: Callable[[RunMeter], str] = lambda _: "a session") -> None:
        self.name_of = name_of
        self._watcher = Watcher(self._interrupt)
        self._main: list[RunMeter] = []
        """Where the main thread is in a run, outermost first."""

    def close(self) -> None:
        """Leave signals alone."""
        self._watcher.close()

    @property
    def depth(self) -> int:
        """In how many runs the main thread is, one inside the other."""
        return len(self._main)

    def arm(self, meter: RunMeter) -> None:
        """Hear of interrupts while the main thread is in a run; any thread may call this and what follows."""
        if get_ident() == MAIN_THREAD:
            self._main.append(meter)
            self._watcher.arm()

    def disarm(self, depth: int) -> None:
        """Hear of them for the outer runs only; may be called again."""
        if get_ident() == MAIN_THREAD:
            self._watcher.disarm(depth)
            del self._main[depth:]

    def settle(self) -> None:
        """Let no interrupt that the main thread got itself stop what it runs next."""
        if get_ident() == MAIN_THREAD:
            self._watcher.settle()

    def halt(self, meter: RunMeter, token: int) -> None:
        """Keep a run that begins out of a session that is being stopped; stop it if that was ordered for the next run.

        Raises
        ------
        SessionStopped
            If it may not go on.
        """
        stop = meter.stop
        if stop is not None:
            _let_no_finalizer_wait(stop)
            while token in meter.in_flight and not stop.done.is_set():
                time.sleep(_POLL)
            if token not in meter.in_flight:
                raise SessionStopped
        ordered, meter.ordered = meter.ordered, None
        if ordered is not None and (ordered.until is None or time.perf_counter() < ordered.until):
            raise SessionStopped(f"{ordered.by} stopped {self.name_of(meter)} before this run began; nothing was lost.")

    def leave(self, meter: RunMeter, token: int, step: Sequence[Any]) -> None:
        """End a run that was stopped, given the arguments of its step.

        Raises
        ------
        KeyboardInterrupt, SessionStopped, tf.errors.DeadlineExceededError
            If it was stopped, when its session can be used again. Not if it had to go on.
        """
        failed = sys.exception()
        while True:
            try:
                if (claim := meter.claimed.get(token)) is not None:
                    *started, stop = claim
                    stop.out.discard(token)
                    stop.waited_for = stop.waited_for or _awaited(meter, step, failed)
                    _wait(stop)
                    if stop.refusal is None:
                        break
                if (gone_on := meter.in_flight.pop(token, None)) is not None:
                    meter.ended(gone_on, None if failed is None else type(failed).__name__)
                if token not in meter.claimed:
                    return
            except KeyboardInterrupt:  # a second one, while the first is being dealt with
                continue
        meter.claimed.pop(token, None)
        error = stop.error(token, started[1], started[2])
        meter.ended(tuple(started), f"{type(error).__name__}: {error}")
        try:
            raise error from None
        finally:
            del error, failed  # this frame is in their tracebacks: they would keep the session

    def stop(self, meter: RunMeter, by: str, *, keeps: bool, is_entered: bool) -> str:
        """Stop the runs of a session, or its next run if there is none; return what was done.

        The next run is that of the cell or ``with`` block that is in the session, if there is one; otherwise, as other
        code may be between two runs, one that begins soon.

        Raises
        ------
        ValuesLostError
            If the values cannot be read; nothing was done then.
        """
        stop = Stop(self.name_of(meter), by, keeps=keeps)
        has_begun = _begin_aside(meter, stop)
        if not has_begun and (other := meter.stop) is not None:
            return f"{stop.name} is being stopped already, by {other.by or 'an interrupt'}"
        if not has_begun:
            meter.ordered = Ordered(by, None if is_entered else time.perf_counter() + _SOON)
            when = "" if is_entered else f", within {_SOON:.0f} s,"
            return f"{stop.name} has no run under way; its next one{when} will be stopped before it begins"
        if not _wait(stop, _PATIENCE):
            return f"{stop.name}: {stop.why_not_yet(meter)}"
        if stop.refusal is not None:
            raise stop.refusal
        return f"stopped {stop.name}: {count(stop.runs, 'run')}. {stop.account}"

    def _interrupt(self) -> None:
        """Stop what the main thread is running."""
        for meter in self._main[-1:]:
            if any(run[2] == MAIN_THREAD for run in list(meter.in_flight.values())):
                begin(meter, Stop(self.name_of(meter), None, keeps=meter.keeps))


def _begin_aside(meter: RunMeter, stop: Stop) -> bool:
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


def _awaited(meter: RunMeter, step: Sequence[Any], failed: BaseException | None) -> str:
    watched = meter.watched()
    try:
        return awaited(watched and watched.session, step, failed, beside(meter, step))
    except Exception:  # noqa: BLE001 - the stop matters, not how it is told
        _log.debug("what a run waited for could not be found out", exc_info=True)
        return ""


def _begin_anew(session: BaseSession) -> None:
    """Put a new C session in the place of the closed one."""
    with session.graph._session_run_lock():
        _release_callables(session)
        closed = session._session
        options = pywrap_tf_session.TF_NewSessionOptions(target=session._target, config=session._config)
        try:
            with session.graph._c_graph.get() as graph:
                session._session = pywrap_tf_session.TF_NewSessionRef(graph, options)
        finally:
            pywrap_tf_session.TF_DeleteSessionOptions(options)
        pywrap_tf_session.TF_DeleteSession(closed)
        pywrap_tf_session.ExtendSession(session._session)


def _release_callables(session: BaseSession) -> None:
    """Take their handles from the callables of a session: the new C session may give them to others."""
    for found in gc.get_objects():
        if issubclass(type(found), BaseSession._Callable) and found.__dict__.get("_session") is session:
            found._handle = None


def _account(session: BaseSession, values: Values, *, keeps: bool) -> str:
    """Say what was kept and what was not."""
    if session._closed:
        return "The session was closed meanwhile, and its values went with it."
    if getattr(session, "_default_session_context_manager", None) is not None:
        return "A with block is around the run: it closes the session as it is left, and the values go with it."
    kept = f"Kept: {count(len(values.assigned), 'variable')} ({format_bytes(values.nbytes)})"
    lost = [f"the value of {name}" for name in values.lost] if keeps else ["the values of variables (--on-stop drop)"]
    types = {op.type for op in session.graph.get_operations()}
    lost += [what for what, pattern in _NOT_KEPT.items() if any(pattern.search(type_) for type_ in types)]
    half = ", as they were during the run, which may have been half done" if values.assigned else ""
    return f"{kept}{half}. Not kept: {', '.join(lost)}." if lost else f"{kept}{half}."


_SOON = 5.0
"""Seconds for which a stop that was ordered between two runs is remembered."""
_POLL = 0.002
"""Seconds between two looks at whether what is waited for has come."""
_PATIENCE = 5.0
"""Seconds until the one who orders a stop is told that it has to wait."""
