"""See the runs of sessions: a wrapper on ``BaseSession.run``.

The wrapped call behaves as before. It adds one frame to the traceback of a run that fails, the one in this
file; in IPython's output it is taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
import wrapt
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.runs import RunMeter

_METER = "_tfsess_magics_meter"
_enabled = False
_installed: Any = None
"""Our wrapper, as long as nobody has taken it away."""


def measure(session: BaseSession, meter: RunMeter) -> None:
    """Have `meter` told of every run of `session`, one of our own, from now on."""
    session.__dict__[_METER] = meter


def install() -> None:
    """Begin to see runs. Harmless when it is done already."""
    global _enabled, _installed
    _enabled = True
    outermost = BaseSession.__dict__["run"]
    if _installed is None or outermost is _installed.__wrapped__:
        _installed = wrapt.FunctionWrapper(outermost, _run, enabled=lambda: _enabled)
        BaseSession.run = _installed


def uninstall() -> None:
    """Cease to see runs. Harmless when it is done already.

    Where other code has wrapped our wrapper in turn it stays, and only passes calls on.
    """
    global _enabled, _installed
    _enabled = False
    if _installed is not None and BaseSession.__dict__["run"] is _installed:
        BaseSession.run = _installed.__wrapped__
        _installed = None


def _run(wrapped: Callable[..., Any], session: BaseSession, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    meter: RunMeter | None = session.__dict__.get(_METER)
    if meter is None:
        return wrapped(*args, **kwargs)
    version = session._graph.version
    token = meter.token()
    failed: BaseException | None = None
    try:
        meter.started(token)
        return wrapped(*args, **kwargs)
    except BaseException as error:
        failed = error
        raise
    finally:
        # Nothing that an interrupt can come before: a function of ours would be such a thing.
        times = meter.in_flight.pop(token, None)
        if times is not None:
            if failed is None or isinstance(failed, tf.errors.OpError):
                meter.version = max(meter.version, version)
            meter.ended(times, None if failed is None else _describe(failed))
            failed = None


def _describe(error: BaseException) -> str:
    """Return the type of `error` and the line of its message that says what happened.

    TensorFlow's messages begin with where the failed node was defined, up to a line ``Node: 'x'``
    (error_interpolation.py).
    """
    try:
        message = str(getattr(error, "message", None) or error)
    except Exception:  # noqa: BLE001 - what the user's own class does must not take the place of its error
        message = ""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    nodes = [index for index, line in enumerate(lines) if line.startswith("Node: ")]
    said = lines[nodes[-1] + 1 :] if nodes else lines
    return f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
