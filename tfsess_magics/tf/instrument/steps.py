"""Sees the steps of sessions where they enter TensorFlow's runtime, so that they count however they were started.

``run``, ``eval``, ``make_callable`` and ``partial_run`` all come to one of three methods, each wrapped in a plain
function of the same name and signature. What else uses a session's C session is wrapped as well, to be kept out while
that one is exchanged.
"""

from __future__ import annotations

import functools
import sys
from asyncio import CancelledError
from collections.abc import Callable
from threading import get_ident
from types import CellType, FunctionType
from typing import Any

from tensorflow.python.client.session import BaseSession
from tensorflow.python.framework.errors_impl import DeadlineExceededError
from tensorflow.python.util import deprecation

from tfsess_magics.core.calls import Calls
from tfsess_magics.core.late import TRIES, let_pass, of_two
from tfsess_magics.core.plain import plain
from tfsess_magics.core.run import NOT_MEASURED, Needed, new_token
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf.context.activation import innermost_activation
from tfsess_magics.tf.instrument.hooks import METER, hooks
from tfsess_magics.tf.memory.allocators import Allocators
from tfsess_magics.tf.runs.callables import fetches_of, get_ready, note_callable, step_of
from tfsess_magics.tf.runs.limit import Limit, explained, run_within
from tfsess_magics.tf.stopping.gate import USES, wait_to_use
from tfsess_magics.tf.stopping.overdue import end_when_late
from tfsess_magics.tf.stopping.stop import MAIN_THREAD
from tfsess_magics.tf.stopping.stopper import Stopper

_RUN = "_call_tf_sessionrun"
"""The step that takes ``RunOptions``."""
STEPS = Calls()
"""The calls that make a step."""


def around_use(original: Callable[..., Any], *, extends: bool = False) -> Callable[..., Any]:
    """Wrap a method that uses the C session without a run.

    Parameters
    ----------
    extends
        True if it shows new operations to the runtime.
    """

    @USES.follow
    @functools.wraps(original)
    def using(self: BaseSession, *args: Any, **kwargs: Any) -> Any:
        meter: RunMeter | None = self.__dict__.get(METER)
        thread = get_ident()
        if meter is None or (thread in meter.in_use and USES.depth > 1):
            return original(self, *args, **kwargs)
        try:
            try:
                meter.in_use[thread] = None
                if meter.stop is not None:
                    wait_to_use(meter)
                version = self._graph.version if extends else 0
                result = original(self, *args, **kwargs)
                if version > meter.version:
                    begun, meter.version = meter.version, version
                    _tell_of_growth(meter, begun)
                return result
            finally:
                meter.in_use.pop(thread, None)
        except BaseException:  # perhaps one that came in front of the line above
            meter.in_use.pop(thread, None)
            raise

    return using


around_extend = functools.partial(around_use, extends=True)


def around_make_callable(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap the ``__init__`` of callables, which uses the C session of theirs."""
    making = around_use(lambda session, called, callable_options: original(called, session, callable_options))

    @functools.wraps(original)
    def __init__(self: Any, session: BaseSession, callable_options: Any) -> None:  # noqa: N807
        self._handle = None  # its ``__del__`` looks for it, also where an exception ends these lines
        if hooks.made:
            try:
                note_callable(self, session, callable_options)
            except Exception:  # noqa: BLE001 - an error of ours is not the user's
                hooks.log_once("a callable could not be noted")
        making(session, self, callable_options)

    return __init__


def around_deprecated_use(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a deprecated method that uses the C session below TensorFlow's warning, which names the line that calls it.

    The functions that ``partial_run_setup`` calls are no place for a wrapper: it reads the C session before it calls
    anything. A stop between the two would delete the one that it has in hand.

    The warning comes once per function (util/deprecation.py): not again if it has come without us.
    """
    is_deprecated = type(original) is FunctionType and original.__code__.co_filename == deprecation.__file__
    if not is_deprecated or "func" not in original.__code__.co_freevars:
        return around_use(original)
    inside = dict(zip(original.__code__.co_freevars, original.__closure__ or (), strict=True))
    below = inside["func"].cell_contents
    using = around_use(below)
    if below in deprecation._PRINTED_WARNING:
        deprecation._PRINTED_WARNING[using] = True
    cells = tuple((inside | {"func": CellType(using)}).values())
    warning = FunctionType(original.__code__, original.__globals__, original.__name__, original.__defaults__, cells)
    return functools.update_wrapper(warning, original)


def _tell_of_growth(meter: RunMeter, begun: int) -> None:
    watched = meter.watched()
    if watched is not None and hooks.made:
        watched.growth.extended(begun)


def _meter_of_callable(called: Any) -> RunMeter | None:
    session = called.__dict__.get("_session")
    meter: RunMeter | None = session.__dict__.get(METER) if isinstance(session, BaseSession) else None
    return meter


def _limit() -> Limit | None:
    activation = innermost_activation()
    return None if activation is None else activation.limit


def _carry_out(
    meter: RunMeter,
    token: int,
    limit: Limit | None,
    original: Callable[..., Any],
    session: Any,
    *step: Any,
    **named: Any,
) -> Any:
    """Carry out a step that has a limit of time, or that may be traced."""
    tracer = meter.tracer
    if original.__name__ == _RUN:
        run = original if limit is None else functools.partial(run_within, limit, original)
        return run(session, *step, **named) if tracer is None else tracer.run(run, session, *step, **named)
    if tracer is not None:
        tracer.pass_by(original.__name__)
    if limit is not None or meter.timeout:
        return end_when_late(limit, meter, token, hooks.stopper.name_of, original, session, *step, **named)
    return original(session, *step, **named)


def _explain(error: BaseException, meter: RunMeter, token: int) -> None:
    """Raise what says more than `error`, if that is for a limit of ours."""
    found: BaseException = error
    try:
        run = meter.table.in_flight.get(token)
        if run is not None and isinstance(error, DeadlineExceededError):
            found = explained(error, meter, _limit(), run.step)
    except Exception:  # noqa: BLE001 - an error of ours is not the user's
        hooks.log_once("a run that took too long could not be explained")
    if found is not error:
        try:
            raise found.with_traceback(error.__traceback__) from None
        finally:
            del found, error


def _begin_measuring(allocators: Allocators, token: int) -> None:
    try:
        allocators.begin(token)
    except Exception:  # noqa: BLE001 - as above
        hooks.log_once("the memory of a run could not be measured")


def _end_measuring(allocators: Allocators, token: int) -> Needed:
    try:
        return allocators.end(token)
    except Exception:  # noqa: BLE001 - as above
        hooks.log_once("the memory of a run could not be measured")
        return NOT_MEASURED


def around_step(original: Callable[..., Any]) -> Callable[..., Any]:  # noqa: C901, PLR0915 - a call costs time
    """Wrap a method that makes a step."""
    is_run = original.__name__ == _RUN

    @STEPS.follow
    @functools.wraps(original)
    def step(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: C901, PLR0912, PLR0915 - as above
        meter: RunMeter | None = self.__dict__.get(METER) or _meter_of_callable(self)
        if meter is None or hooks.made is None:
            return original(self, *args, **kwargs)
        table = meter.table
        token = new_token()
        stopper, allocators = hooks.stopper, hooks.allocators
        depth = len(stopper.armed) if get_ident() == MAIN_THREAD else None
        failed: BaseException | None = None
        try:
            try:
                arguments = args if is_run or METER in self.__dict__ else step_of(self, args)
                table.begin(token, arguments)
                meter.changed()
                if meter.stop is not None or meter.ordered is not None:
                    stopper.halt(meter, token)
                if not is_run:
                    get_ready(self, meter)
                if depth is not None:
                    stopper.arm(meter)
                if meter.is_local and allocators.measured:
                    _begin_measuring(allocators, token)
                limit = _limit()
                if limit is None and meter.tracer is None and (is_run or not meter.timeout):
                    return original(self, *args, **kwargs)
                return _carry_out(meter, token, limit, original, self, *args, **kwargs)
            except BaseException as error:
                failed = error
                _explain(error, meter, token)
                raise
            finally:
                if depth is not None:
                    stopper.disarm(depth)
                why = None if failed is None else _describe(failed)
                failed = None  # this frame is in its traceback: it would keep all that is here
                needed = _end_measuring(allocators, token) if token in allocators.under_way else NOT_MEASURED
                run = table.end(token)
                if run is None:
                    stopper.leave(meter, token, needed, None if why is None else sys.exception())
                else:
                    meter.ended(run, why, needed, fetches_of(run.step))
        except BaseException as late:  # noqa: BLE001 - it ends the step, or came in the middle of the lines above
            came = late
            try:
                for _ in TRIES:  # another may come in these
                    try:
                        _clear(stopper, meter, token, depth, late)
                        break
                    except BaseException as later:  # noqa: BLE001 - raised below
                        came = of_two(came, later)
                if came is not late:
                    raise came
                raise
            finally:
                del came  # as above

    return step


def _clear(stopper: Stopper, meter: RunMeter, token: int, depth: int | None, late: BaseException) -> None:
    """Leave nothing of a step that `late` ends; may be called again.

    Parameters
    ----------
    depth
        In how many runs the main thread was before, None in another thread.

    Raises
    ------
    BaseException
        As `Stopper.leave` does.
    """
    if depth is not None:
        stopper.disarm(depth)
    needed = _end_measuring(hooks.allocators, token)
    run = meter.table.end(token)
    if run is not None:
        meter.ended(run, _describe(late), needed)
    elif token in meter.table.claimed:
        stopper.leave(meter, token, needed, late)
    else:
        meter.changed()
    if depth is not None and isinstance(late, (KeyboardInterrupt, CancelledError)):
        stopper.settle()


def _describe(error: BaseException) -> str:
    """Return the type of `error` and the line of its message that says what happened.

    TensorFlow's messages begin with where the failed node was defined, up to a line ``Node: 'x'``
    (error_interpolation.py), and end with ``[[{{node x}}]]``.
    """
    try:
        message = str(getattr(error, "message", None) or error)
    except Exception:  # noqa: BLE001 - what the user's own class does must not take the place of its error
        let_pass()
        message = ""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return plain(f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__)
