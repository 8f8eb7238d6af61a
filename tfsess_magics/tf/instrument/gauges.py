"""The patch that sees which functions of TensorFlow count their use, as most switches do."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from tfsess_magics.tf.instrument.hooks import hooks


def around_gauge(original: Callable[[Any, bool], None]) -> Callable[[Any, bool], None]:
    """Wrap ``BoolGaugeCell.set``, by which most switches count their use: their functions have many names."""

    @functools.wraps(original)
    def set(self: Any, value: bool) -> None:  # noqa: A001
        original(self, value)
        try:
            if hooks.made:
                hooks.switched(sys._getframe(1).f_code.co_name)
        except Exception:  # noqa: BLE001 - an error of ours is not the user's
            hooks.log_once("the call of a switch could not be noted")

    return set
