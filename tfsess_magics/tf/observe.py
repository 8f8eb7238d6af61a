"""See the runs of sessions: a wrapper on ``BaseSession.run``.

The wrapped call behaves as before. It adds one frame to the traceback of a run that fails, the one in this
file; in IPython's output it is taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import tensorflow as tf
import wrapt
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.runs import RunMeter

_meters: WeakKeyDictionary[BaseSession, RunMeter] = WeakKeyDictionary()
_enabled = False


def measure(session: BaseSession, meter: RunMeter) -> None:
    """Have `meter` told of every run of `session` from now on."""
    _meters[session] = meter


def install() -> None:
    """Begin to see runs. Harmless when it is done already."""
    global _enabled
    _enabled = True
    if _wrapper() is None:
        BaseSession.run = wrapt.FunctionWrapper(BaseSession.__dict__["run"], _run, enabled=lambda: _enabled)


def uninstall() -> None:
    """Cease to see runs. Harmless when it is done already.

    A wrapper that another library put over ours stays; ours then only passes calls on.
    """
    global _enabled
    _enabled = False
    outermost = BaseSession.__dict__["run"]
    if getattr(outermost, "_self_wrapper", None) is _run:
        BaseSession.run = outermost.__wrapped__


def _wrapper() -> Any:
    function = BaseSession.__dict__["run"]
    while function is not None:
        if getattr(function, "_self_wrapper", None) is _run:
            return function
        function = getattr(function, "__wrapped__", None)
    return None


def _run(wrapped: Callable[..., Any], session: BaseSession, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    meter = _meters.get(session)
    if meter is None:
        return wrapped(*args, **kwargs)
    version = session._graph.version
    token = meter.token()
    try:
        meter.started(token)
        result = wrapped(*args, **kwargs)
    except BaseException as error:
        if isinstance(error, tf.errors.OpError):
            meter.version = max(meter.version, version)
        meter.ended(token, _describe(error))
        raise
    meter.version = max(meter.version, version)
    meter.ended(token)
    return result


def _describe(error: BaseException) -> str:
    """Return the type of `error` and the line of its message that says what happened.

    TensorFlow's messages begin with where the failed node was defined, up to a line ``Node: 'x'``
    (error_interpolation.py).
    """
    lines = [line.strip() for line in str(getattr(error, "message", None) or error).splitlines() if line.strip()]
    nodes = [index for index, line in enumerate(lines) if line.startswith("Node: ")]
    said = lines[nodes[-1] + 1 :] if nodes else lines
    return f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
