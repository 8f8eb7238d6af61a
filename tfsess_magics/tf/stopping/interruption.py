"""An interrupt of a run of the main thread.

While TensorFlow's C code runs, Python only notes the signal, and raises ``KeyboardInterrupt`` when the run has ended.
A run that waits never ends. So a thread follows the run of the main thread, and decides by the rule (`CutRule`).

Where the rule does not cut, the run goes on as in plain TensorFlow. After `_TELL_AFTER` seconds the cell says which
run goes on and what a cut would take. Only an interrupt after that line cuts the run.

That line goes into the output of the cell, past ``sys.stderr``, which other code may have replaced (`running_cell`).
Where the request of the cell allows no input, no person can interrupt twice. Then the thread cuts the run after
`Settings.interrupt_patience` seconds.
"""

from __future__ import annotations

import logging
import threading
import time

from tfsess_magics.core.run import Run
from tfsess_magics.core.running_cell import running_cell
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.settings import settings
from tfsess_magics.tf.stopping import renewal
from tfsess_magics.tf.stopping.cut_rule import LOOK_EVERY, CutRule
from tfsess_magics.tf.stopping.prospect import say_run, say_what_a_cut_takes
from tfsess_magics.tf.stopping.stop import Stop, begin

_log = logging.getLogger(__name__)

_TELL_AFTER = 1.0
"""Seconds after which the user is told what goes on, and how to cut it."""


class Interruption:
    """An interrupt that came during a run of the main thread, until that run ends by itself or is cut.

    A thread of its own follows the run; `again` is the watcher's to call.

    Parameters
    ----------
    name
        Name of the session in messages.
    meter
        Counts its runs.
    token
        The run.
    thread
        The `threading.get_ident` of the main thread.
    """

    def __init__(self, name: str, meter: RunMeter, token: int, thread: int) -> None:
        self.token = token
        self.is_over = False
        """True once the run has ended, or its stop has begun."""
        self._name = name
        self._meter = meter
        self._is_told = False
        self._is_repeated = False
        self._cell = running_cell(thread)
        self._asked = time.perf_counter()
        threading.Thread(target=self._follow, name="tfsess_magics interrupt", daemon=True).start()

    def again(self) -> None:
        """Cut the run, if the user has been told that another interrupt does."""
        self._is_repeated = self._is_told

    def drop(self) -> None:
        """Leave the run alone from now on."""
        self.is_over = True

    def _follow(self) -> None:
        try:
            self._decide()
        except Exception:  # noqa: BLE001 - the interrupt itself is Python's, and will come
            _log.exception("a run could not be stopped")
        finally:
            self.is_over = True

    def _decide(self) -> None:
        meter, rule = self._meter, CutRule(self._meter, self.token)
        run = meter.table.in_flight.get(self.token)
        session = meter.session
        if run is None or session is None or renewal.missing_parts(session):
            return
        while self.token in meter.table.under_way() and not self.is_over:
            waited = time.perf_counter() - self._asked
            is_patience_over = not self._cell.can_interrupt_again and waited >= settings.interrupt_patience
            verdict = rule.verdict()
            if verdict.may_cut or self._is_repeated or is_patience_over:
                stop = Stop(self._name, None, keeps=meter.keeps)
                stop.only_with, stop.waited_for = self.token, verdict.waits_on
                if meter.ordered is not None:  # what it orders is done by this
                    meter.ordered.forget_next()
                begin(meter, stop)
                return
            if not self._is_told and waited >= _TELL_AFTER:
                line = self._line(run, verdict.waits_on)
                self._is_told = True  # before it is seen: what sees it may interrupt at once
                self._cell.say(line)
            time.sleep(LOOK_EVERY)

    def _line(self, run: Run, waits_on: str) -> str:
        """Return the message to the user while the run goes on."""
        goes_on = say_run(self._name, run, waits_on)
        takes = say_what_a_cut_takes(self._meter, run.step)
        if self._cell.can_interrupt_again:
            return f"Interrupted: {goes_on}. Interrupt again to end it at once. {takes}"
        left = max(0, round(settings.interrupt_patience - (time.perf_counter() - self._asked)))
        return f"Interrupted: {goes_on}. The interrupt ends it in {left} s, unless it ends before. {takes}"
