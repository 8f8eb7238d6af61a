"""The gate for calls that use a C session without a run: they extend a graph, make a callable, or list devices.

A stop deletes the C session, and TensorFlow's own lock admits several threads. So such a call notes its thread in
`RunMeter.in_use`, and waits while a stop is under way. The stop in turn waits for the calls that it finds there. A
close during a stop marks the session as closed; the stop, which still uses the C session, closes it.
"""

from __future__ import annotations

from threading import get_ident

from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.calls import Calls
from tfsess_magics.core.errors import SessionStopped
from tfsess_magics.core.runs import RunMeter, StopUnderWay
from tfsess_magics.tf.stopping.stop import wait

USES = Calls()
"""The calls that use a C session without a run."""


def wait_to_use(meter: RunMeter) -> None:
    """Have this thread, which is `in_use` of a session that is being stopped, wait: its C session is deleted then."""
    thread = get_ident()
    while (stop := meter.stop) is not None:
        meter.in_use.pop(thread, None)
        let_no_finalizer_wait(stop)
        wait(stop)
        meter.in_use[thread] = None


def let_no_finalizer_wait(stop: StopUnderWay) -> None:
    """Refuse to wait for a stop in the thread that carries it out, where the collector may run anything."""
    if stop.thread == get_ident():
        raise SessionStopped(f"this thread itself is stopping {stop.name}.")


def leaves_close_to_stop(meter: RunMeter, session: BaseSession) -> bool:
    """Have a stop that is under way close the session as well, which it would use and delete meanwhile."""
    was_closed, session._closed = session._closed, True
    if meter.stop is None:
        session._closed = was_closed
        return False
    return True
