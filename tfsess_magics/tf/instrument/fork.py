"""The warning at the first run in a process that was forked from one in which TensorFlow was at work.

A fork takes none of the other threads along, TensorFlow's pools among them. A session that the child makes gets those
pools as well, so its runs may wait for ever.

``os.register_at_fork`` lets the child replace the `changed` of every meter, and of each new one, which warns at the
first run. The fork itself causes no warning, as most forks only start a program. The parent's runs cost what they
did.

The child warns if the parent ever had a session, closed or not: all sessions share the pools. It also warns if the
parent initialised the eager context, which starts the threads that work within an operation. It does not warn where
the parent only imported TensorFlow. It misses a parent whose only session was closed before the extension was loaded.
"""

from __future__ import annotations

import functools
import logging
import os
import warnings
from collections.abc import Callable, Iterable

from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf.internals import eager_context
from tfsess_magics.tf.introspect.callers import caller

_log = logging.getLogger(__name__)


class _Warner:
    """Warns once. Its caller is in the middle of a run, so it never raises."""

    def __init__(self) -> None:
        self.has_warned = False

    def __call__(self, meter: RunMeter, then: Callable[[], object]) -> None:
        if meter.table.in_flight and not self.has_warned:
            self.has_warned = True
            message = (
                f"process {os.getpid()} is a fork of one in which TensorFlow was at work. A fork has none of "
                "TensorFlow's threads, so a run may wait for ever. Start such processes with "
                "multiprocessing.get_context('spawn'), and make their sessions in them"
            )
            try:
                _warn(message)
            except RuntimeWarning:  # where warnings are errors; the run is the user's
                _log.warning("%s", message)
        then()


def _warn(message: str) -> None:
    """Warn at the line that calls TensorFlow or this package, whatever calls were between."""
    who = caller()
    if who is None:
        warnings.warn(message, RuntimeWarning, stacklevel=1)
    else:
        warnings.warn_explicit(message, RuntimeWarning, who.file, who.line, who.module)


class Forks:
    """The process, as far as forks of it go; there is one, for good, as Python takes back no hook of a fork."""

    def __init__(self) -> None:
        self._has_sessions = False
        """True if there has been a session in this process, or in the one that it was forked from."""
        self._warner: _Warner | None = None
        """None where no fork is to be warned of."""

    def follow(self, meter: RunMeter) -> None:
        """Note that there is a session, and have its `meter` warn at the first run if this process is such a fork."""
        self._has_sessions = True
        if self._warner:
            meter.changed = functools.partial(self._warner, meter, meter.changed)

    def look_after(self, meters: Callable[[], Iterable[RunMeter]], forked: Callable[[], None]) -> None:
        """Have children warn at the first run that one of `meters` or a new one counts, and call `forked` there."""
        os.register_at_fork(after_in_child=functools.partial(self._in_child, meters, forked))

    def _in_child(self, meters: Callable[[], Iterable[RunMeter]], forked: Callable[[], None]) -> None:
        forked()
        if self._warner:
            self._warner.has_warned = False
        elif self._has_sessions or _is_eager_context_initialized():
            self._warner = _Warner()
            for meter in meters():
                self.follow(meter)


def _is_eager_context_initialized() -> bool:
    eager = eager_context()
    return eager is not None and bool(getattr(eager, "_initialized", True))


forks = Forks()
