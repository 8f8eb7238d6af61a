"""The patches of TensorFlow by which the extension sees every session, its runs and its close.

The problem: other code makes, runs and closes sessions, and TensorFlow has no hooks for that. `_WRAPPED` lists every
patched function; docs/design.md says what breaks without each.

What is done: each function gets a plain function of the same name and signature around it. `install` does that at
``%load_ext`` if TensorFlow is imported, else on its import, or when the API opens the first session. The wrapped call
behaves as before. Where it fails, its traceback has one frame of this package, which IPython's output leaves out.

Other code may wrap a wrapper in turn. Then `uninstall` cannot take ours away, and it only passes calls on. The
wrappers lock nothing, and raise no error of ours (`tfsess_magics.tf.instrument.hooks`).

Two attributes of a session show the extension to other code: its meter, and the code that closed it. So does
``inspect.getsourcefile`` of a wrapped method. `tests/harm` compares TensorFlow with and without the extension.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from types import ModuleType
from typing import Any

from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.model import Maker
from tfsess_magics.core.origin import calling_cell, calling_origin, is_ours
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf.context.activation import innermost_activation
from tfsess_magics.tf.context.left_open import NotingStack
from tfsess_magics.tf.instrument.fork import forks
from tfsess_magics.tf.instrument.functions import around_call
from tfsess_magics.tf.instrument.gauges import around_gauge
from tfsess_magics.tf.instrument.graph_lock import around_acquire, around_release
from tfsess_magics.tf.instrument.hooks import METER, Made, hooks
from tfsess_magics.tf.instrument.peaks import around_memory_info, around_reset_of_peak
from tfsess_magics.tf.instrument.steps import (
    STEPS,
    around_deprecated_use,
    around_extend,
    around_make_callable,
    around_step,
    around_use,
)
from tfsess_magics.tf.internals import (
    EAGER_VARIABLES,
    FUNCTIONS,
    GRAPH_LOCK,
    MEMORY,
    RUNS,
    STOP,
    SWITCHES,
    Capability,
    find,
)
from tfsess_magics.tf.introspect.callers import Caller, caller
from tfsess_magics.tf.introspect.objects import instances
from tfsess_magics.tf.introspect.paths import TEST_UTIL, is_between
from tfsess_magics.tf.memory.allocators import Allocators
from tfsess_magics.tf.runs.callables import make_all_again
from tfsess_magics.tf.stopping.gate import USES, leaves_close_to_stop
from tfsess_magics.tf.stopping.stopper import Stopper

_VARIABLE_PATH = "ops.resource_variable_ops:BaseResourceVariable"
_VARIABLE_CLASSES = () if EAGER_VARIABLES.missing else (find(_VARIABLE_PATH),)
_UnreadVariable = find("ops.resource_variable_ops:_UnreadVariable")
_CLOSED_BY = "_tfsess_magics_closed_by"

_installed: dict[tuple[type | ModuleType, str], Any] = {}
"""Our wrappers that no other code has taken away."""


def measure(session: BaseSession, meter: RunMeter) -> None:
    """Have `meter` told of every run of `session` from now on."""
    forks.follow(meter)
    meter.is_local = not session.__dict__.get("_target")
    meter.table.steps, meter.uses, meter.table.abandoned = STEPS, USES, _abandoned
    session.__dict__[METER] = meter


def _abandoned(token: int) -> None:
    hooks.allocators.under_way.pop(token, None)


def forget(session: BaseSession) -> None:
    """Leave nothing on `session`."""
    session.__dict__.pop(METER, None)
    session.__dict__.pop(_CLOSED_BY, None)


def closed_by(session: BaseSession) -> str:
    """Say which code closed `session`, empty if that was not seen."""
    return str(session.__dict__.get(_CLOSED_BY, ""))


def install(
    made: Made,
    was_reset: Callable[[Caller], None] = lambda _: None,
    variable_made: Callable[[Any, bool], None] = lambda _, __: None,
    stopper: Stopper | None = None,
    allocators: Allocators | None = None,
    *,
    switched: Callable[[str], None] = lambda _: None,
    called_elsewhere: Callable[[bytes, Sequence[Any]], Exception | None] = lambda _, __: None,
) -> bool:
    """Begin to see sessions: tell `made` of those that are there, and of new ones; return False if that was done.

    The other parameters are those of `Hooks`.
    """
    if hooks.made is not None:
        return False
    with ExitStack() as undo:
        undo.callback(uninstall)
        hooks.made, hooks.was_reset, hooks.variable_made = made, was_reset, variable_made
        hooks.switched, hooks.called_elsewhere = switched, called_elsewhere
        hooks.stopper = stopper or Stopper()
        hooks.allocators = allocators or Allocators()
        _wrap_all()
        _tell_of_all()
        undo.pop_all()
    return True


def _wrap_all() -> None:
    for owner, name, around in to_wrap():
        outermost = vars(owner)[name]
        ours = _installed.get((owner, name))
        if ours is None or outermost is ours.__wrapped__:
            _installed[owner, name] = around(outermost)
            setattr(owner, name, _installed[owner, name])


def to_wrap() -> Iterator[tuple[type | ModuleType, str, Callable[[Any], Any]]]:
    """Yield the functions that this TensorFlow has: class or module, name, and what makes the wrapper."""
    for capability, part, name, around in _WRAPPED:
        owner = None if capability is not None and capability.missing else find(part)
        if owner is not None and name in vars(owner):
            yield owner, name, around


def _tell_of_all() -> None:
    """Tell of the sessions and variables that there are."""
    for found in instances(BaseSession, *_VARIABLE_CLASSES):
        if issubclass(type(found), _VARIABLE_CLASSES):
            _tell_of_variable(found, is_new=False)
        elif METER not in found.__dict__:
            _tell(found, is_new=False)
        else:
            found.__dict__[METER].unnoted_callables = None  # it was used while nothing was seen


def uninstall() -> None:
    """Cease to see sessions. Harmless when it is done already.

    Where other code has wrapped our wrapper in turn, it remains and only passes calls on.
    """
    if hooks.made is not None:
        hooks.stopper.close()
        make_all_again()
    hooks.made = None
    for (owner, name), ours in list(_installed.items()):
        outermost = vars(owner)[name]
        if outermost is ours:
            setattr(owner, name, ours.__wrapped__)
        if vars(owner)[name] is ours.__wrapped__:  # also where an exception came between the lines of `_wrap_all`
            del _installed[owner, name]


def _tell(session: BaseSession, *, is_new: bool) -> None:
    try:
        if hooks.made is not None:
            meter = hooks.made(session, is_new)
            meter.unnoted_callables = 0 if is_new else None
            measure(session, meter)
    except Exception:  # noqa: BLE001 - an error of ours is not the user's
        hooks.log_once("a session could not be observed")


def _tell_of_variable(variable: Any, *, is_new: bool) -> None:
    try:
        # What an assignment returns is a variable as well, with the handle of the one that was assigned to.
        if not isinstance(variable, _UnreadVariable) and not variable._in_graph_mode:
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
            activation = innermost_activation()
            who = caller(*(() if activation is None else (TEST_UTIL,))) if hooks.made else None
            if who and activation is not None:
                self.stack = NotingStack(self.stack)
                activation.was_reset(who)
            elif who and lost is not None and lost.version:
                hooks.was_reset(who)
        except Exception:  # noqa: BLE001 - as above
            hooks.log_once("a reset of the default graph could not be noted or followed")

    return reset


_SESSION = "client.session:BaseSession"
_CALLABLE = f"{_SESSION}._Callable"
_LOCK = "util.lock_util:GroupLock"
_CONTEXT = "eager.context:Context"
_WRAPPED: tuple[tuple[Capability | None, str, str, Callable[[Any], Any]], ...] = (
    (None, _SESSION, "__init__", _around_init),
    (None, _SESSION, "close", _around_close),
    (None, _SESSION, "_extend_graph", around_extend),
    (None, _SESSION, "list_devices", around_use),
    (None, _SESSION, "partial_run_setup", around_deprecated_use),
    (STOP, _CALLABLE, "__init__", around_make_callable),
    (RUNS, _SESSION, "_call_tf_sessionrun", around_step),
    (RUNS, _SESSION, "_call_tf_sessionprun", around_step),
    (RUNS, _CALLABLE, "__call__", around_step),
    (None, "framework.ops:_DefaultGraphStack", "reset", _around_reset),
    (EAGER_VARIABLES, _VARIABLE_PATH, "__init__", _around_variable),
    (SWITCHES, "eager.monitoring:BoolGaugeCell", "set", around_gauge),
    (GRAPH_LOCK, _LOCK, "acquire", around_acquire),
    (GRAPH_LOCK, _LOCK, "release", around_release),
    (FUNCTIONS, "eager.polymorphic_function.atomic_function:", "make_call_op_in_graph", around_call),
    (MEMORY, _CONTEXT, "get_memory_info", around_memory_info),
    (MEMORY, _CONTEXT, "reset_memory_stats", around_reset_of_peak),
)
"""The wrapped functions: the capability that each needs, its place, its name and its wrapper."""
