"""TensorFlow's switches for a whole process, which no cell can take back."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tensorflow.python import tf2
from tensorflow.python.eager import context
from tensorflow.python.framework import tensor_shape
from tensorflow.python.ops import control_flow_util
from tensorflow.python.training.experimental import mixed_precision_global_state

from tfsess_magics.tf.compat import resource_variables_toggle
from tfsess_magics.tf.guard import Caller, caller
from tfsess_magics.tf.hooks import hooks


class _Switch(NamedTuple):
    is_thrown: Callable[[], bool]
    meaning: str


_ALL = "disable_v2_behavior"
_SWITCHES: Mapping[str, _Switch] = {
    _ALL: _Switch(
        lambda: not tf2.enabled(),
        "TensorFlow works as version 1 did: no eager mode, reference variables, control flow and shapes of version 1",
    ),
    "disable_eager_execution": _Switch(
        lambda: bool(context.default_execution_mode == context.GRAPH_MODE),
        "new threads are in graph mode, and so is this one outside of sessions if it was called there",
    ),
    "disable_resource_variables": _Switch(
        lambda: not resource_variables_toggle._DEFAULT_USE_RESOURCE,
        "get_variable makes reference variables",
    ),
    "disable_control_flow_v2": _Switch(
        lambda: not control_flow_util.ENABLE_CONTROL_FLOW_V2,
        "cond and while_loop build operations of version 1",
    ),
    "disable_v2_tensorshape": _Switch(
        lambda: tensor_shape._TENSORSHAPE_V2_OVERRIDE is False,
        "the elements of a shape are Dimension objects",
    ),
    "enable_mixed_precision_graph_rewrite": _Switch(
        lambda: bool(mixed_precision_global_state._mixed_precision_graph_rewrite_is_enabled),
        "sessions that are made from now on rewrite their graphs to float16",
    ),
}


class Switches:
    """Tells which switches were thrown since it was made, or asked last; any thread may ask."""

    def __init__(self) -> None:
        self._thrown = _thrown()
        self._callers: dict[str, Caller] = {}

    def called(self, name: str, who: Caller) -> None:
        """Note who calls the switch of that name."""
        self._callers.setdefault(name, who)

    def news(self) -> list[str]:
        """Return a sentence for each switch that was thrown, and what that means."""
        before, self._thrown = self._thrown, _thrown()
        callers, self._callers = self._callers, {}
        new = [name for name in self._thrown if name not in before]
        if _ALL in new:
            new = [_ALL]
        return [
            f"{f'{callers[name]} called {name}' if name in callers else f'{name} was called'}: "
            f"{_SWITCHES[name].meaning}. That holds for the whole process, and until the kernel is restarted"
            for name in new
        ]


def around_gauge(original: Callable[[Any, bool], None]) -> Callable[[Any, bool], None]:
    """Wrap ``BoolGaugeCell.set``, by which most switches count their use: their functions have many names."""

    @functools.wraps(original)
    def set(self: Any, value: bool) -> None:  # noqa: A001
        original(self, value)
        try:
            name = sys._getframe(1).f_code.co_name
            if hooks.made and name in _SWITCHES and (who := caller()):
                hooks.switched(name, who)
        except Exception:  # noqa: BLE001 - an error of ours is not the user's
            hooks.log_once("the call of a switch could not be noted")

    return set


def _thrown() -> list[str]:
    return [name for name, switch in _SWITCHES.items() if switch.is_thrown()]
