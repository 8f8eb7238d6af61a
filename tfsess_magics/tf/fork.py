"""Warns in a process that was forked from one with live sessions, once it uses one of them.

A fork takes none of the other threads along, TensorFlow's pools among them. Nothing is said at the fork itself, which
most often only starts a program, and nothing of this costs the parent anything.
"""

from __future__ import annotations

import functools
import logging
import os
import warnings
from collections.abc import Callable, Iterable

from tfsess_magics.core.runs import RunMeter

_log = logging.getLogger(__name__)


class _Warner:
    """Warns once; whoever is told of it is in the middle of a run, so it never raises."""

    def __init__(self) -> None:
        self._has_warned = False

    def __call__(self, then: Callable[[], object]) -> None:
        if not self._has_warned:
            self._has_warned = True
            message = (
                f"process {os.getpid()} was forked from one with TensorFlow sessions, whose threads have stayed there: "
                "a run may wait for ever. Start such processes with multiprocessing.get_context('spawn'), and "
                "make their sessions in them"
            )
            try:
                warnings.warn(message, RuntimeWarning, stacklevel=3)
            except RuntimeWarning:  # where warnings are errors; the run is the user's
                _log.warning("%s", message)
        then()


def warn_after_fork(meters: Callable[[], Iterable[RunMeter]]) -> None:
    """Have children warn at the first run that one of `meters` counts; Python cannot take that back."""

    def in_child() -> None:
        warner = _Warner()
        for meter in meters():
            meter.changed = functools.partial(warner, meter.changed)

    os.register_at_fork(after_in_child=in_child)
