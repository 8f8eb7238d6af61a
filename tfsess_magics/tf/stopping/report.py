"""The report of a stop: the values that the session has kept, and those that it has not."""

from __future__ import annotations

from collections.abc import Collection

from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.plain import plain
from tfsess_magics.core.text import count, format_bytes
from tfsess_magics.tf.stopping.queue_runners import count_queue_runners
from tfsess_magics.tf.stopping.stateful import stateful
from tfsess_magics.tf.variables.values import Values

_IN_BLOCK = "The run is in a with block that closes the session at its end: the values are gone then."


def would_lose(session: BaseSession) -> list[str]:
    """Say what a stop of a session would not keep, apart from values that cannot be read: ``queues ('a', 'b')``."""
    return stateful(session.graph)


def account(session: BaseSession, values: Values, *, keeps: bool, threads: Collection[int], unfilled: str) -> str:
    """Say which state was kept and which was not.

    Parameters
    ----------
    threads
        Those whose runs were stopped.
    unfilled
        Why the new C session was not filled before the old one was closed; empty if it was.
    """
    if session._closed:
        return "The session was closed meanwhile, and its values are gone."
    kept = f"Kept: {count(len(values.assigned), 'variable')} ({format_bytes(values.nbytes)})"
    lost = (
        [f"the value of {plain(name)}" for name in values.lost]
        if keeps
        else ["the values of variables (--on-stop drop)"]
    )
    lost += would_lose(session)
    if runners := count_queue_runners(threads):
        lost.append(f"{count(runners, 'queue-runner thread')} (their coordinator stops, and closes the queues)")
    half = ", as they were during the run, which may have changed only some of them by then" if values.assigned else ""
    not_kept = f" Not kept: {', '.join(lost)}." if lost else ""
    late = f" The old session had to close before the new one could take the values ({unfilled})." if unfilled else ""
    has_block = getattr(session, "_default_session_context_manager", None) is not None
    block = f" {_IN_BLOCK}" if has_block else ""
    return f"{kept}{half}.{not_kept}{late}{block}"
