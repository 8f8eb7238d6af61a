"""See every TensorFlow session that any code makes, its runs and its close.

Methods of ``BaseSession`` are wrapped, the one that resets the default graph and the one that starts a thread, each in
a plain function of the same name and signature; so are the two that tell the user of an allocator's peak, which is set
back before runs. Steps are seen where they enter TensorFlow's runtime, so that they count however they were started:
``run``, ``eval``, ``make_callable``, ``partial_run``. What is ours is guarded, takes no lock and calls nothing of
TensorFlow but for the figures of its allocators, and where a run has shown the runtime new operations, which are looked
at: ``close`` may be called by ``__del__``, inside the garbage collector, in any thread.

The wrapped call behaves as before; where it fails, its traceback has one frame in this file, which is taken out in
IPython's output.
"""

from __future__ import annotations

import functools
import gc
import logging
import sys
import threading
from collections.abc import Callable
from threading import get_ident
from time import perf_counter, time
from typing import Any

from tensorflow.python.client.session import BaseSession
from tensorflow.python.eager import context
from tensorflow.python.framework import ops
from tensorflow.python.framework.errors_impl import DeadlineExceededError
from tensorflow.python.ops import resource_variable_ops

from tfsess_magics.core.model import Maker
from tfsess_magics.core.origin import calling_cell, calling_origin, is_ours
from tfsess_magics.core.runs import NOT_MEASURED, Needed, RunMeter
from tfsess_magics.tf.allocators import Allocators
from tfsess_magics.tf.belongings import TENSORFLOW
from tfsess_magics.tf.fork import follow
from tfsess_magics.tf.gate import begin_use, end_use, is_using, leaves_close_to_stop
from tfsess_magics.tf.guard import Caller, NotingStack, caller
from tfsess_magics.tf.limit import Limit, explained, run_within
from tfsess_magics.tf.overdue import end_when_late
from tfsess_magics.tf.started import follow as follow_thread
from tfsess_magics.tf.started import leave as leave_thread
from tfsess_magics.tf.stay import innermost_stay
from tfsess_magics.tf.stopper import Stopper
from tfsess_magics.tf.trace import Tracer

_log = logging.getLogger(__name__)
_Variable = resource_variable_ops.BaseResourceVariable
_RUN = "_call_tf_sessionrun"
"""The step that takes ``RunOptions``."""
_METER = "_tfsess_magics_meter"
_CLOSED_BY = "_tfsess_magics_closed_by"

Made = Callable[[BaseSession, bool], RunMeter]
"""Told of a session that other code made, and whether it is being made now; gives what counts its runs."""

_made: Made | None = None
"""Whom to tell; None while nothing is to be seen."""
_was_reset: Callable[[Caller], None]
_variable_made: Callable[[Any, bool], None]
_stopper: Stopper
_allocators: Allocators
_installed: dict[tuple[type, str], Any] = {}
"""Our wrappers that nobody has taken away."""
_has_failed = False


def measure(session: BaseSession, meter: RunMeter) -> None:
    """Have `meter` told of every run of `session` from now on."""
    follow(meter)
    meter.is_local = not session.__dict__.get("_target")
    session.__dict__[_METER] = meter


def forget(session: BaseSession) -> None:
    """Leave nothing on `session`."""
    session.__dict__.pop(_METER, None)
    session.__dict__.pop(_CLOSED_BY, None)


def closed_by(session: BaseSession) -> str:
    """Say who closed `session`, empty if that was not seen."""
    return str(session.__dict__.get(_CLOSED_BY, ""))


def install(
    made: Made,
    was_reset: Callable[[Caller], None] = lambda _: None,
    variable_made: Callable[[Any, bool], None] = lambda _, __: None,
    stopper: Stopper | None = None,
    allocators: Allocators | None = None,
) -> None:
    """Begin to see sessions: tell `made` of those that are there, and of new ones. Harmless when it is done already.

    `was_reset` is told who replaced the default graph of ordinary code, `variable_made` of eager variables as `made` of
    sessions; `stopper` is asked by runs whether they may go on; `allocators` measure what they need.
    """
    global _made, _was_reset, _variable_made, _stopper, _allocators
    if _made is None:
        _made, _was_reset, _variable_made = made, was_reset, variable_made
        _stopper = stopper or Stopper()
        _allocators = allocators or Allocators()
        for owner, name, around in _WRAPPED:
            outermost = vars(owner).get(name)
            ours = _installed.get((owner, name))
            if outermost is not None and (ours is None or outermost is ours.__wrapped__):
                _installed[owner, name] = around(outermost)
                setattr(owner, name, _installed[owner, name])
        for found in gc.get_objects():
            if issubclass(type(found), BaseSession) and _METER not in found.__dict__:
                _tell(found, is_new=False)
            elif issubclass(type(found), _Variable):
                _tell_of_variable(found, is_new=False)


def uninstall() -> None:
    """Cease to see sessions. Harmless when it is done already.

    Where other code has wrapped our wrapper in turn it stays, and only passes calls on.
    """
    global _made
    if _made is not None:
        _stopper.close()
    _made = None
    for (owner, name), ours in list(_installed.items()):
        if vars(owner)[name] is ours:
            setattr(owner, name, ours.__wrapped__)
            del _installed[owner, name]


def _tell(session: BaseSession, *, is_new: bool) -> None:
    try:
        if _made is not None:
            measure(session, _made(session, is_new))
    except Exception:  # noqa: BLE001 - an error of ours is not the user's
        _log_once("a session could not be observed")


def _tell_of_variable(variable: Any, *, is_new: bool) -> None:
    try:
        # What an assignment returns is a variable as well, with the handle of the one that was assigned to.
        if not isinstance(variable, resource_variable_ops._UnreadVariable) and not variable._in_graph_mode:
            _variable_made(variable, is_new)
    except Exception:  # noqa: BLE001 - as above
        _log_once("an eager variable could not be noted")


def _tell_of_growth(meter: RunMeter, begun: int) -> None:
    watched = meter.watched()
    if watched is not None and _made:
        watched.growth.extended(begun)


def _log_once(message: str) -> None:
    global _has_failed
    if not _has_failed:
        _has_failed = True
        _log.exception("%s; further errors of this kind are not logged", message)


def _around_init(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def __init__(self: BaseSession, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        original(self, *args, **kwargs)
        if _made and _METER not in self.__dict__:
            _tell(self, is_new=True)

    return __init__


def _around_variable(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        original(self, *args, **kwargs)
        if _made:
            _tell_of_variable(self, is_new=True)

    return __init__


def _around_start(original: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    @functools.wraps(original)
    def start(self: threading.Thread) -> None:
        if not _made:
            return original(self)
        try:
            follow_thread(self)
        except Exception:  # noqa: BLE001 - as above
            _log_once("a thread could not be followed")
        try:
            return original(self)
        except BaseException:
            leave_thread(self)
            raise

    return start


def _around_close(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def close(self: BaseSession, *args: Any, **kwargs: Any) -> None:
        meter: RunMeter | None = self.__dict__.get(_METER)
        try:
            if meter is None or meter.stop is None or not leaves_close_to_stop(meter, self):
                original(self, *args, **kwargs)
        finally:
            try:
                if meter is not None and _made:
                    self.__dict__.setdefault(_CLOSED_BY, _caller())
                    meter.changed()
            except Exception:  # noqa: BLE001 - as above
                _log_once("the close of a session could not be noted")

    return close


def _caller() -> str:
    """Return the cell that is calling, else the place outside TensorFlow; of ours no place is worth telling."""
    cell = calling_cell()
    if cell is not None:
        return f"cell {cell}"
    file = sys._getframe(2).f_code.co_filename
    return "" if is_ours(file) else str(calling_origin(Maker.OTHER, TENSORFLOW))


def _around_use(original: Callable[..., Any], *, extends: bool = False) -> Callable[..., Any]:
    @functools.wraps(original)
    def using(self: BaseSession, *args: Any, **kwargs: Any) -> Any:
        meter: RunMeter | None = self.__dict__.get(_METER)
        if meter is None or is_using(meter):
            return original(self, *args, **kwargs)
        try:
            try:
                begin_use(meter)
                version = self._graph.version if extends else 0
                result = original(self, *args, **kwargs)
                if version > meter.version:
                    begun, meter.version = meter.version, version
                    _tell_of_growth(meter, begun)
                return result
            finally:
                end_use(meter)
        except KeyboardInterrupt:  # perhaps one that came in front of the line above
            end_use(meter)
            raise

    return using


_around_extend = functools.partial(_around_use, extends=True)


def _meter_of_callable(called: Any) -> RunMeter | None:
    session = called.__dict__.get("_session")
    meter: RunMeter | None = session.__dict__.get(_METER) if isinstance(session, BaseSession) else None
    if meter is not None:
        _require_handle(called)
    return meter


def _limit() -> Limit | None:
    stay = innermost_stay()
    return None if stay is None else stay.limit


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
    tracer: Tracer | None = meter.tracer
    if original.__name__ == _RUN:
        run = original if limit is None else functools.partial(run_within, limit, original)
        return run(session, *step, **named) if tracer is None else tracer.run(run, session, *step, **named)
    if tracer is not None:
        tracer.pass_by(original.__name__)
    if limit is not None or meter.timeout:
        return end_when_late(limit, meter, token, _stopper.name_of, original, session, *step, **named)
    return original(session, *step, **named)


def _explain(error: BaseException, meter: RunMeter, step: tuple[Any, ...]) -> None:
    """Raise what says more than `error`, if that is for a limit of ours."""
    found: BaseException = error
    try:
        if isinstance(error, DeadlineExceededError):
            found = explained(error, meter, _limit(), step)
    except Exception:  # noqa: BLE001 - as above
        _log_once("a run that took too long could not be explained")
    if found is not error:
        try:
            raise found.with_traceback(error.__traceback__) from None
        finally:
            del found, error


def _begin_measuring(meter: RunMeter, token: int) -> None:
    try:
        if meter.is_local:
            _allocators.begin(token)
    except Exception:  # noqa: BLE001 - as above
        _log_once("the memory of a run could not be measured")


def _end_measuring(token: int) -> Needed:
    try:
        return _allocators.end(token)
    except Exception:  # noqa: BLE001 - as above
        _log_once("the memory of a run could not be measured")
        return NOT_MEASURED


def _require_handle(called: Any) -> None:
    if isinstance(called, BaseSession._Callable) and called._handle is None:
        raise RuntimeError("this callable went when a run of its session was stopped; make it anew.")


def _around_step(original: Callable[..., Any]) -> Callable[..., Any]:
    is_run = original.__name__ == _RUN

    @functools.wraps(original)
    def step(self: Any, *args: Any, **kwargs: Any) -> Any:
        meter: RunMeter | None = self.__dict__.get(_METER) or _meter_of_callable(self)
        if meter is None or _made is None:
            return original(self, *args, **kwargs)
        token = next(meter.tokens)
        stopper = _stopper
        depth = stopper.depth
        failed: BaseException | None = None
        try:
            try:
                meter.in_flight[token] = time(), perf_counter(), get_ident(), args
                meter.changed()
                if meter.stop is not None or meter.ordered is not None:
                    stopper.halt(meter, token)
                    _require_handle(self)
                stopper.arm(meter)
                _begin_measuring(meter, token)
                limit = _limit()
                if limit is None and meter.tracer is None and (is_run or not meter.timeout):
                    return original(self, *args, **kwargs)
                return _carry_out(meter, token, limit, original, self, *args, **kwargs)
            except BaseException as error:
                failed = error
                _explain(error, meter, args)
                raise
            finally:
                stopper.disarm(depth)
                why = _describe(failed)
                failed = None  # this frame is in its traceback: it would keep all that is here
                needed = _end_measuring(token)
                started = meter.in_flight.pop(token, None)
                if started is None:
                    stopper.leave(meter, token, args)
                else:
                    meter.ended(started, why, needed)
        except KeyboardInterrupt as late:
            # One that came in the middle of the lines above, or that ends the step.
            try:
                stopper.disarm(depth)
                needed = _end_measuring(token)
                started = meter.in_flight.pop(token, None)
                if started is not None:
                    meter.ended(started, _describe(late), needed)
                elif token in meter.claimed:
                    stopper.leave(meter, token, args)
            finally:
                stopper.settle()
            raise

    return step


def _around_reset(original: Callable[[Any], None]) -> Callable[[Any], None]:
    @functools.wraps(original)
    def reset(self: Any) -> None:
        lost = getattr(self, "_global_default_graph", None)
        original(self)
        try:
            stay = innermost_stay()
            who = caller() if _made else None
            if who and stay is not None:
                stay.resets.append(who)
                self.stack = NotingStack(self.stack)
            elif who and lost is not None and lost.version:
                _was_reset(who)
        except Exception:  # noqa: BLE001 - as above
            _log_once("a reset of the default graph could not be noted")

    return reset


def _around_memory_info(original: Callable[[Any, str], dict[str, int]]) -> Callable[[Any, str], dict[str, int]]:
    @functools.wraps(original)
    def get_memory_info(self: Any, dev: str) -> dict[str, int]:
        info = original(self, dev)
        allocator = _allocators.of(dev) if _made else None
        if allocator is not None:
            info["peak"] = max(info["peak"], allocator.peak_before)
        return info

    return get_memory_info


def _around_reset_of_peak(original: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    @functools.wraps(original)
    def reset_memory_stats(self: Any, dev: str) -> None:
        original(self, dev)
        allocator = _allocators.of(dev) if _made else None
        if allocator is not None:
            allocator.peak_before = 0

    return reset_memory_stats


_WRAPPED: tuple[tuple[type, str, Callable[[Any], Any]], ...] = (
    (BaseSession, "__init__", _around_init),
    (BaseSession, "close", _around_close),
    (BaseSession, "_extend_graph", _around_extend),
    (BaseSession, "list_devices", _around_use),
    (BaseSession, "partial_run_setup", _around_use),
    (BaseSession, "_make_callable_from_options", _around_use),
    (BaseSession, "_call_tf_sessionrun", _around_step),
    (BaseSession, "_call_tf_sessionprun", _around_step),
    (BaseSession._Callable, "__call__", _around_step),
    (ops._DefaultGraphStack, "reset", _around_reset),
    (_Variable, "__init__", _around_variable),
    (context.Context, "get_memory_info", _around_memory_info),
    (context.Context, "reset_memory_stats", _around_reset_of_peak),
    (threading.Thread, "start", _around_start),
)


def _describe(error: BaseException | None) -> str | None:
    """Return the type of `error` and the line of its message that says what happened, None if there is none.

    TensorFlow's messages begin with where the failed node was defined, up to a line ``Node: 'x'``
    (error_interpolation.py), and end with ``[[{{node x}}]]``.
    """
    if error is None:
        return None
    try:
        message = str(getattr(error, "message", None) or error)
    except Exception:  # noqa: BLE001 - what the user's own class does must not take the place of its error
        message = ""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
