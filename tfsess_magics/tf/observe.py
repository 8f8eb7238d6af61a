"""See every TensorFlow session that any code makes, its runs and its close.

Methods of ``BaseSession`` are wrapped, the one that resets the default graph and the one that starts a thread, each in
a plain function of the same name and signature; so are the two that tell the user of an allocator's peak, the one that
TensorFlow's switches for the whole process call, and the two of the lock of graphs.

The wrapped call behaves as before; where it fails, its traceback has one frame of this package, which is taken out in
IPython's output.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from typing import Any

from tensorflow.python.client.session import BaseSession
from tensorflow.python.eager import context, monitoring
from tensorflow.python.framework import ops
from tensorflow.python.ops import resource_variable_ops
from tensorflow.python.util.lock_util import GroupLock

from tfsess_magics.core.model import Maker
from tfsess_magics.core.origin import calling_cell, calling_origin, is_ours
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf.allocators import Allocators
from tfsess_magics.tf.belongings import is_between
from tfsess_magics.tf.fork import follow
from tfsess_magics.tf.gate import leaves_close_to_stop
from tfsess_magics.tf.graph_lock import around_acquire, around_release
from tfsess_magics.tf.guard import Caller, NotingStack, caller
from tfsess_magics.tf.hooks import METER, Made, hooks
from tfsess_magics.tf.instances import instances
from tfsess_magics.tf.peaks import around_memory_info, around_reset_of_peak
from tfsess_magics.tf.started import follow as follow_thread
from tfsess_magics.tf.started import leave as leave_thread
from tfsess_magics.tf.stay import innermost_stay
from tfsess_magics.tf.steps import around_deprecated_use, around_extend, around_make_callable, around_step, around_use
from tfsess_magics.tf.stopper import Stopper
from tfsess_magics.tf.switches import around_gauge

_Variable = resource_variable_ops.BaseResourceVariable
_CLOSED_BY = "_tfsess_magics_closed_by"

_installed: dict[tuple[type, str], Any] = {}
"""Our wrappers that nobody has taken away."""


def measure(session: BaseSession, meter: RunMeter) -> None:
    """Have `meter` told of every run of `session` from now on."""
    follow(meter)
    meter.is_local = not session.__dict__.get("_target")
    session.__dict__[METER] = meter


def forget(session: BaseSession) -> None:
    """Leave nothing on `session`."""
    session.__dict__.pop(METER, None)
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
    *,
    switched: Callable[[str, Caller], None] = lambda _, __: None,
) -> None:
    """Begin to see sessions: tell `made` of those that are there, and of new ones. Harmless when it is done already.

    The other parameters are those of `Hooks`.
    """
    if hooks.made is None:
        hooks.made, hooks.was_reset, hooks.variable_made = made, was_reset, variable_made
        hooks.switched = switched
        hooks.stopper = stopper or Stopper()
        hooks.allocators = allocators or Allocators()
        for owner, name, around in _WRAPPED:
            outermost = vars(owner).get(name)
            ours = _installed.get((owner, name))
            if outermost is not None and (ours is None or outermost is ours.__wrapped__):
                _installed[owner, name] = around(outermost)
                setattr(owner, name, _installed[owner, name])
        for found in instances(BaseSession, _Variable):
            if issubclass(type(found), _Variable):
                _tell_of_variable(found, is_new=False)
            elif METER not in found.__dict__:
                _tell(found, is_new=False)


def uninstall() -> None:
    """Cease to see sessions. Harmless when it is done already.

    Where other code has wrapped our wrapper in turn it stays, and only passes calls on.
    """
    if hooks.made is not None:
        hooks.stopper.close()
    hooks.made = None
    for (owner, name), ours in list(_installed.items()):
        if vars(owner)[name] is ours:
            setattr(owner, name, ours.__wrapped__)
            del _installed[owner, name]


def _tell(session: BaseSession, *, is_new: bool) -> None:
    try:
        if hooks.made is not None:
            measure(session, hooks.made(session, is_new))
    except Exception:  # noqa: BLE001 - an error of ours is not the user's
        hooks.log_once("a session could not be observed")


def _tell_of_variable(variable: Any, *, is_new: bool) -> None:
    try:
        # What an assignment returns is a variable as well, with the handle of the one that was assigned to.
        if not isinstance(variable, resource_variable_ops._UnreadVariable) and not variable._in_graph_mode:
            hooks.variable_made(variable, is_new)
    except Exception:  # noqa: BLE001 - as above
        hooks.log_once("an eager variable could not be noted")


def _around_init(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def __init__(self: BaseSession, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        original(self, *args, **kwargs)
        if hooks.made and METER not in self.__dict__:
            _tell(self, is_new=True)

    return __init__


def _around_variable(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        original(self, *args, **kwargs)
        if hooks.made:
            _tell_of_variable(self, is_new=True)

    return __init__


def _around_start(original: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    @functools.wraps(original)
    def start(self: threading.Thread) -> None:
        if not hooks.made:
            return original(self)
        try:
            follow_thread(self)
        except Exception:  # noqa: BLE001 - as above
            hooks.log_once("a thread could not be followed")
        try:
            return original(self)
        except BaseException:
            leave_thread(self)
            raise

    return start


def _around_close(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def close(self: BaseSession, *args: Any, **kwargs: Any) -> None:
        meter: RunMeter | None = self.__dict__.get(METER)
        try:
            if meter is None or meter.stop is None or not leaves_close_to_stop(meter, self):
                original(self, *args, **kwargs)
        finally:
            try:
                if meter is not None and hooks.made:
                    self.__dict__.setdefault(_CLOSED_BY, _caller())
                    meter.changed()
            except Exception:  # noqa: BLE001 - as above
                hooks.log_once("the close of a session could not be noted")

    return close


def _caller() -> str:
    """Return the cell that is calling, else the place outside TensorFlow; of ours no place is worth telling."""
    cell = calling_cell()
    if cell is not None:
        return f"cell {cell}"
    file = sys._getframe(2).f_code.co_filename
    return "" if is_ours(file) else str(calling_origin(Maker.OTHER, is_between))


def _around_reset(original: Callable[[Any], None]) -> Callable[[Any], None]:
    @functools.wraps(original)
    def reset(self: Any) -> None:
        lost = getattr(self, "_global_default_graph", None)
        original(self)
        try:
            stay = innermost_stay()
            who = caller() if hooks.made else None
            if who and stay is not None:
                stay.resets.append(who)
                self.stack = NotingStack(self.stack)
            elif who and lost is not None and lost.version:
                hooks.was_reset(who)
        except Exception:  # noqa: BLE001 - as above
            hooks.log_once("a reset of the default graph could not be noted")

    return reset


_WRAPPED: tuple[tuple[type, str, Callable[[Any], Any]], ...] = (
    (BaseSession, "__init__", _around_init),
    (BaseSession, "close", _around_close),
    (BaseSession, "_extend_graph", around_extend),
    (BaseSession, "list_devices", around_use),
    (BaseSession, "partial_run_setup", around_deprecated_use),
    (BaseSession, "_make_callable_from_options", around_make_callable),
    (BaseSession, "_call_tf_sessionrun", around_step),
    (BaseSession, "_call_tf_sessionprun", around_step),
    (BaseSession._Callable, "__call__", around_step),
    (ops._DefaultGraphStack, "reset", _around_reset),
    (_Variable, "__init__", _around_variable),
    (monitoring.BoolGaugeCell, "set", around_gauge),
    (GroupLock, "acquire", around_acquire),
    (GroupLock, "release", around_release),
    (context.Context, "get_memory_info", around_memory_info),
    (context.Context, "reset_memory_stats", around_reset_of_peak),
    (threading.Thread, "start", _around_start),
)
