"""The stop of one session: it ends the runs and keeps the values of the variables.

The problem: TensorFlow ends a step that waits only by closing its C session. The variables, queues, tables and
iterators go with that session. No run may fare worse than in plain TensorFlow.

What does not work: Python cannot cancel one step of several, and no call takes a close back. Runs cannot take a lock
either: an interrupt may cut any line, and ``__del__`` may start a run inside the garbage collector.

What is done, in a thread of its own:

1. The gate: `RunMeter.stop` is set, so that a run that begins now waits (`Stopper.halt`).
2. The claim: the stop pops every run from `RunTable.in_flight`, which is atomic. Either the run gets its entry, and
   has ended before the stop, or the stop gets it, and the run waits (`Stopper.leave`).
3. The values: a second step in the same session reads them. If that fails, the runs go on and the stop has done
   nothing.
4. The new C session gets the values while the old one still exists. It has the same graph, target and configuration.
   If the runs have ended by themselves meanwhile, the stop drops it.
5. ``TF_CloseSession`` ends the steps. The stop waits until every step, and every other use of the C session, is back
   in Python (`tfsess_magics.tf.stopping.gate`).
6. The new C session takes the place of the old one in the Python object. The graph gets no operation.

What can still fail: two C sessions cannot always exist at once. On a server both would share the variables, memory
may be short, and TensorFlow refuses a second session with ``session_metadata``. Then the fourth step follows the
fifth, and the message says so. Without the values the stop does nothing, unless the order drops them (``--on-stop
drop``). A server has 10 s to send them. TensorFlow waits for a killed server without end, also to close the session
(grpc_remote_master.cc, ``CallWithRetry``). A step that ignores its cancellation keeps the gate shut. Later runs wait
with it, and an interrupt ends that wait.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from threading import get_ident

import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.errors import SessionStopped, StopUnavailableError, ValuesLostError
from tfsess_magics.core.plain import plain
from tfsess_magics.core.protocol import Copying, Finishing, Restoring, RunMark, Unanswered, Uncuttable
from tfsess_magics.core.run_table import RunStop
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.settings import settings
from tfsess_magics.core.text import format_seconds
from tfsess_magics.core.watched import WatchedSession
from tfsess_magics.tf.internals import STOP
from tfsess_magics.tf.runs.blocked_on import fetched, fetches, uncuttable
from tfsess_magics.tf.runs.callables import unnoted_below
from tfsess_magics.tf.stopping import renewal
from tfsess_magics.tf.stopping.prospect import say_concurrent_runs
from tfsess_magics.tf.stopping.renewal import NewSession
from tfsess_magics.tf.stopping.report import account
from tfsess_magics.tf.variables.values import NOTHING, Values

_log = logging.getLogger(__name__)

MAIN_THREAD = threading.main_thread().ident


class RunsEndedError(Exception):
    """A stop has ended nothing, as its runs had ended by themselves."""


class Stop:
    """One stop of one session.

    Parameters
    ----------
    name
        Name of the session in messages.
    by
        The sender of the order, as messages say it; None for an interrupt.
    keeps
        True if variables keep their values.
    """

    failure = "The session could not be begun anew, and its values are lost"
    """The message when it goes wrong."""
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
        """The number of runs that it stops."""
        self.waited_for = ""
        """The wait of the step that said why it ended."""
        self.refusal: BaseException | None = None
        """The reason why nothing was done."""
        self.account = ""
        """The account of what was kept and what was not."""
        self.thread: int | None = None
        """The one that carries it out."""
        self.has_cut = False
        """True once it has begun to end the steps: before that it reads values."""
        self.when_runs_ended: Callable[[], None] = lambda: None
        """Called in place of a cut where the runs have ended by themselves, before others may begin."""
        self._unfilled = ""
        """The reason why the new C session could not be filled before the old one was closed."""
        self.asked = time.perf_counter()

    def error(self, token: int, since: float, thread: int) -> BaseException:  # noqa: ARG002 - whichever run it is
        """Return what a step that began at `since` raises."""
        after = self.after(since)
        if self.by is None and thread == MAIN_THREAD:
            return KeyboardInterrupt(f"stopped a run in {self.name} {after}. {self.account}")
        if self.by is None:
            return SessionStopped(
                f"an interrupt ended another run in {self.name}, and this one with it {after}. {self.account}"
            )
        return SessionStopped(f"{self.by} stopped a run in {self.name} {after}. {self.account}")

    def after(self, since: float) -> str:
        """Say how long a step took, and on what it waited."""
        on = f" on {self.waited_for}" if self.waited_for else ""
        took = max(0.0, self.asked - since)  # it may begin after the order and before the stop claims it
        return f"after {format_seconds(took)}{on}"

    def carry_out(self, meter: RunMeter, watched: WatchedSession, session: BaseSession) -> None:
        """End the steps, and begin the session anew."""
        try:
            values = watched.graph_variables.kept_by(session) if self.keeps else NOTHING
            unnoted = unnoted_below(session, meter)
        except Exception as error:  # noqa: BLE001 - whatever keeps them from being read
            self.refuse(meter, ValuesLostError(self.name, error))
            return
        new, values = self._fill_beside(watched, session, values, unnoted)
        try:
            if not self.out or (self.only_with is not None and self.only_with not in self.out):
                self.when_runs_ended()
                self.let_go_on(meter, RunsEndedError(f"{self.name}: its run has ended by itself"))
                return
            also = self._cut_too(meter)
            self.end_steps(meter, session)
            threads = {claim.run.thread for claim in list(meter.table.claimed.values())}
            with watched.graph_variables.held():
                if not session._closed:
                    is_filled = new is not None
                    new = new or NewSession(session, unnoted)
                    renewal.begin_anew(session, new, meter)
                    watched.graph_variables.forget(session)
                    if not is_filled:
                        values = watched.graph_variables.restore(session, values)
        finally:
            if new is not None and session._session is not new._session:
                new.drop()
        said = account(session, values, keeps=self.keeps, threads=threads, unfilled=self._unfilled)
        self.account = (
            f"{said} TensorFlow ends all runs of a session at once, so the stop ended {also} as well." if also else said
        )

    def _cut_too(self, meter: RunMeter) -> str:
        """Name the runs that end with the one that the stop is for."""
        claim = meter.table.claimed.get(self.only_with) if self.only_with is not None else None
        return "" if claim is None else say_concurrent_runs(meter, claim.run.step)

    def _fill_beside(
        self, watched: WatchedSession, session: BaseSession, values: Values, unnoted: int
    ) -> tuple[NewSession | None, Values]:
        """Make the new C session and give it the values, before anything is ended; return it with what it has of them.

        Return None and all values where that has to wait: the variables of a server are the same for both.
        """
        new = None
        try:
            if not session._target:
                watched.require_room(values.nbytes)
                new = NewSession(session, unnoted)
                return new, values.give(new, is_last=False)
        except Exception as error:  # noqa: BLE001 - whatever it is, it may work once the old one is gone
            self._unfilled = str(getattr(error, "message", "") or error)
            if new is not None:
                new.drop()
        return None, values

    def refuse(self, meter: RunMeter, error: Exception) -> None:
        """Do nothing, and let the runs go on, to end as they would have."""
        self.let_go_on(meter, error)
        self.tell_of_refusal()

    def let_go_on(self, meter: RunMeter, why: Exception) -> None:
        """Let the runs end as they would have."""
        self.refusal = why
        meter.table.release(self)

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
        while self.out or meter.users:
            time.sleep(POLL)
            meter.table.heal()

    def why_not_yet(self, meter: RunMeter) -> RunMark:
        """Return why it has not ended."""
        session = meter.session
        if self.keeps and not self.has_cut:
            return Copying()
        if not self.out:
            return Restoring()
        steps = [claim.run.step for claim in list(meter.table.claimed.values())]
        if any(made := [uncuttable(session, step) for step in steps]):
            return Uncuttable(list(filter(None, made)))
        if session is not None and session._target:
            return Unanswered(plain(session._target.decode()))
        runs = {fetched(step): fetches(step) for step in steps}
        return Finishing(list(runs.values()))


def start_in_thread(meter: RunMeter, stop: Stop) -> bool:
    """Begin where no interrupt of the ordering thread leaves a stop half begun."""
    begun: list[bool] = []
    thread = threading.Thread(target=lambda: begun.append(begin(meter, stop)), daemon=True)
    thread.start()
    thread.join()
    return begun[0]


def begin(meter: RunMeter, stop: Stop) -> bool:
    """Begin to stop what is in flight; False if nothing is, or another stop is under way."""
    watched = meter.watched()
    session = None if watched is None else watched.session
    if watched is None or session is None or not meter.stopping.acquire(blocking=False):
        return False
    if stop.begins_anew and (missing := renewal.missing_parts(session)):
        stop.refuse(meter, StopUnavailableError(STOP.name, tf.__version__, missing, STOP.rest))
        meter.stopping.release()
        stop.done.set()
        return True
    meter.stop = stop  # from now on no run begins
    runs, claim = meter.table.under_way(), meter.table.claim
    if stop.only_with is None or (stop.only_with in runs and claim(runs.pop(stop.only_with), stop)):
        for run in runs.values():
            claim(run, stop)
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


def _open(meter: RunMeter, stop: Stop, session: BaseSession) -> None:
    """Let runs begin again."""
    meter.stop = None
    if session._closed:
        with suppress(tf.errors.OpError):
            pywrap_tf_session.TF_CloseSession(session._session)
    meter.stopping.release()
    stop.done.set()


def _carry_out(stop: Stop, meter: RunMeter, watched: WatchedSession, session: BaseSession) -> None:
    stop.thread = get_ident()
    meter.changed()  # the next look at the session is due when the stop has taken too long
    try:
        stop.carry_out(meter, watched, session)
    except Exception as error:  # noqa: BLE001 - those who wait are to be told
        stop.account = f"{stop.failure}: {plain(str(error))}"
    finally:
        _open(meter, stop, session)


def wait(stop: RunStop, timeout: float = math.inf) -> bool:
    """Wait until a stop is done. An interrupt may cut this anywhere, which the lock of an event does not survive."""
    until = time.perf_counter() + timeout
    while not stop.done.is_set() and time.perf_counter() < until:
        time.sleep(POLL)
    return stop.done.is_set()


def is_done_soon(stop: RunStop) -> bool:
    """Wait until a stop is done, at most `Settings.cut_patience` seconds."""
    return wait(stop, settings.cut_patience)


POLL = 0.002
"""Seconds between two looks for the event that a wait is for."""
