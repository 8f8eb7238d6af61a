"""The tracer of a session: it has a run traced on order, in which TensorFlow notes every execution of an operation.

An order is an attribute of the session's meter (`RunMeter.tracer`), at which every step looks. A run without an order
does nothing else. The step that finds an order takes it, so that one of several threads carries it out. It calls
TensorFlow with a trace level in the user's options (`tfsess_magics.tf.tracing.level`) and a ``RunMetadata`` of ours.

Where the user asks for a trace, the tracer reads theirs. A ``RunMetadata`` of a user who asks for no trace remains
empty, as it would be. The tracer does not trace a run that asks for its partition graphs, as these are in one message
with the trace.

TensorFlow fills no ``RunMetadata`` of a run that fails or is stopped. The order then goes on to the next run, and a
line says so. A line also tells of steps without options. A cell's order ends with its cell, and a reset carries any
other over. With the extension unloaded nothing is traced, and the order waits.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from threading import get_ident
from typing import Any

import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.late import let_pass
from tfsess_magics.core.origin import calling_cell
from tfsess_magics.core.plain import plain
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.trace import RunTrace
from tfsess_magics.tf.runs.blocked_on import fed, fetched, wanted
from tfsess_magics.tf.runs.limit import run_options
from tfsess_magics.tf.tracing.level import trace_level
from tfsess_magics.tf.tracing.request import Order
from tfsess_magics.tf.tracing.result import Traced

_log = logging.getLogger(__name__)

_UNSEEN = 8
_WITHOUT_OPTIONS = {
    "__call__": "A call of what _make_callable_from_options returned",
    "_call_tf_sessionprun": "A partial run",
}
"""Steps that take no options from us, by the methods that start them."""

unseen: deque[Traced] = deque(maxlen=_UNSEEN)
"""Traced runs of all sessions that are not shown yet."""
refused: deque[Order] = deque(maxlen=_UNSEEN)
"""Orders with runs that were not traced, still to be reported."""


class Tracer:
    """The orders and traces of one TensorFlow session; any thread may call it.

    As long as there is an order it is the meter's `tracer`, by which runs know. It takes no lock: a run may be started
    by ``__del__``, inside the garbage collector.
    """

    def __init__(self, meter: RunMeter) -> None:
        self._meter = meter
        self._orders: deque[Callable[[], Order | None]] = deque()
        """Return an order; a cell's is kept by the cell, and goes with it where an interrupt keeps it from its end."""
        self._last: Traced | None = None
        self._traced: deque[Traced] = deque(maxlen=_UNSEEN)
        """Those whose placement is not in `_variables` yet."""
        self._variables: dict[str, str] = {}

    @property
    def last(self) -> RunTrace | None:
        """The trace of the run that was traced last, None if none was."""
        last = self._last
        return None if last is None else last.record

    @property
    def is_ordered(self) -> bool:
        """True while the next run is to be traced."""
        return bool(self._open(list(self._orders)))

    @staticmethod
    def _open(orders: Sequence[Callable[[], Order | None]]) -> list[Order]:
        return [order for get in orders if (order := get()) is not None and order.is_open]

    @property
    def placed(self) -> dict[str, str]:
        """The devices that variables were on in traced runs, by their names."""
        for traced in list(self._traced):
            self._variables.update(traced.variables)
            with suppress(ValueError):  # another thread was faster
                self._traced.remove(traced)
        return self._variables

    def order(self, session: str, *, of_cell: bool = False) -> Order:
        """Have the next run of the session traced; see `Order`."""
        order = Order(session, self._meter, self._show, of_cell=of_cell)
        try:
            self._put([order])
        except BaseException:  # no cell has the order to end it, and a traceback keeps it alive
            order.is_open = False
            raise
        return order

    def hand_over(self, tracer: Tracer) -> None:
        """Have the orders hold for the session that takes the place of this one."""
        tracer._put(self._claim())

    def _put(self, orders: Sequence[Order]) -> None:
        for order in orders:
            if order.is_open:
                self._orders.append(weakref.ref(order) if order.of_cell else partial(_itself, order))
        self._meter.tracer = self if self._orders else None

    def _claim(self) -> list[Order]:
        """Take all orders, those of cells first, so that one run carries them out."""
        self._meter.tracer = None
        claimed: list[Callable[[], Order | None]] = []
        while self._orders:
            try:
                claimed.append(self._orders.popleft())
            except IndexError:  # another thread was faster
                break
        return sorted(self._open(claimed), key=lambda order: not order.of_cell)

    def _refuse(self, orders: Sequence[Order], why: str) -> None:
        for order in orders:
            if order.refuse(why):
                refused.append(order)

    def pass_by(self, method: str) -> None:
        """Note that a step was started which takes no options."""
        what = _WITHOUT_OPTIONS[method]
        self._refuse(self._open(list(self._orders)), f"{what} was not traced: TensorFlow takes no options for it.")

    def run(self, run: Callable[..., Any], session: BaseSession, *step: Any) -> Any:
        """Call ``BaseSession._call_tf_sessionrun`` so that the run is traced, if there is an order still.

        The user's ``RunOptions`` remain in force, and their ``RunMetadata`` get what they would get. Where they ask for
        a trace themselves it is the same one.
        """
        orders = self._claim()
        if not orders:
            return run(session, *step)
        try:
            return self._run(orders, run, session, step)
        except BaseException as error:
            self._refuse(
                orders, f"{fetched(step)} was not traced: it failed or was stopped ({plain(type(error).__name__)})."
            )
            raise
        finally:
            self._put(orders)

    def _run(self, orders: Sequence[Order], run: Callable[..., Any], session: BaseSession, step: Sequence[Any]) -> Any:
        options, metadata = step[0], step[4]
        asked = run_options(options)
        if asked.trace_level != tf.compat.v1.RunOptions.NO_TRACE:
            return self._run_traced(orders, run, session, (asked, *step[1:]))
        if metadata is not None and asked.output_partition_graphs:
            self._refuse(orders, f"{fetched(step)} was not traced: it asks for its partition graphs instead.")
            return run(session, *step)
        with trace_level(is_local=self._meter.is_local) as asked.trace_level:
            return self._run_traced(orders, run, session, (asked, *step[1:4], None))

    def _run_traced(
        self, orders: Sequence[Order], run: Callable[..., Any], session: BaseSession, step: Sequence[Any]
    ) -> Any:
        """Run a step whose options ask for a trace, and whose metadata are the user's if they are to have it."""
        asked, *what, metadata = step
        order = orders[0]
        facts = {
            "session": order.session,
            "run": self._meter.runs + 1,
            "run_of_cell": order.next_run if order.of_cell else None,
            "cell": calling_cell(),
            "thread": _thread(),
            "started": time.time(),
        }
        with_trace = pywrap_tf_session.TF_NewBufferFromString(asked.SerializeToString())
        own = pywrap_tf_session.TF_NewBuffer()
        collected = own if metadata is None else metadata
        began = time.perf_counter()
        try:
            values = run(session, with_trace, *what, collected)
            facts["duration"] = time.perf_counter() - began
            self._note(orders, collected, session, step, facts)
        finally:
            pywrap_tf_session.TF_DeleteBuffer(with_trace)
            pywrap_tf_session.TF_DeleteBuffer(own)
        return values

    def _note(
        self, orders: Sequence[Order], collected: Any, session: BaseSession, step: Sequence[Any], facts: dict[str, Any]
    ) -> None:
        try:
            metadata = pywrap_tf_session.TF_GetBuffer(collected)
            names, feeds = wanted(step), fed(step)
            traced = Traced(orders[0], metadata, session.graph, wanted=names, fed=feeds, facts=facts)
            for given in orders:
                given.take(traced, facts["run_of_cell"])
        except Exception:  # noqa: BLE001 - the run has its result all the same
            let_pass()
            _log.exception("a traced run could not be noted")

    def _show(self, traced: Traced) -> None:
        self._last = traced
        if traced not in unseen:
            self._traced.append(traced)
            unseen.append(traced)


def _itself(order: Order) -> Order:
    return order


def _thread() -> str:
    """Return the name of this thread, empty for the main one."""
    if get_ident() == threading.main_thread().ident:
        return ""
    return next((t.name for t in threading.enumerate() if t.ident == get_ident()), str(get_ident()))


def new_traces() -> tuple[list[RunTrace], list[str]]:
    """Return the traces that were not returned yet, and what to say of runs that were not traced."""
    traces: list[RunTrace] = []
    sentences: list[str] = []
    while unseen:
        traced = unseen.popleft()
        try:
            traces.append(traced.record)
        except BaseException:
            unseen.appendleft(traced)
            raise
    while refused:
        sentences += refused.popleft().news()
    return traces, sentences
