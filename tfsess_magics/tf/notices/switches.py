"""Sentences about TensorFlow's switches for a whole process, which no cell can take back.

The functions that throw a switch have many names, so none of them is patched. Most call ``BoolGaugeCell.set`` to
count their use, and the patch of that one finds the caller (`tfsess_magics.tf.instrument.gauges`). The switch for
mixed precision counts nothing, and is told without its caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tensorflow.python import tf2
from tensorflow.python.eager import context
from tensorflow.python.framework import tensor_shape
from tensorflow.python.ops import control_flow_util

from tfsess_magics.tf.compat import resource_variables_toggle
from tfsess_magics.tf.internals import MIXED_PRECISION, SWITCHES, find
from tfsess_magics.tf.introspect.callers import Caller, caller


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
        "get_variable makes variables of version 1 (reference variables)",
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
        lambda: bool(find(MIXED_PRECISION)),
        "sessions that are made from now on rewrite their graphs to float16",
    ),
}


class Switches:
    """Tells which switches were thrown since it was made, or asked last; any thread may ask."""

    def __init__(self) -> None:
        self._thrown = _thrown()
        self._callers: dict[str, Caller] = {}

    def called(self, name: str) -> None:
        """Note the code that is calling a function of that name, if the function is a switch."""
        if name in _SWITCHES and (who := caller()):
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


def _thrown() -> list[str]:
    return [] if SWITCHES.missing else [name for name, switch in _SWITCHES.items() if switch.is_thrown()]
