"""What a stop has kept of a session, and what it has not."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection

from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.words import count, format_bytes
from tfsess_magics.tf.values import Values

_NOT_KEPT = {
    "queues": re.compile(r"Queue(V2)?$"),
    "tables": re.compile(r"HashTable"),
    "iterators": re.compile(r"Iterator"),
    "positions of random operations": re.compile(r"^(Random|Multinomial|TruncatedNormal|ParameterizedTruncated)"),
}
_RUNNER = "QueueRunnerThread"
"""In the names of such threads (training/queue_runner_impl.py)."""


def account(session: BaseSession, values: Values, *, keeps: bool, callables: int, threads: Collection[int]) -> str:
    """Say what was kept and what was not.

    Parameters
    ----------
    callables
        How many went with the C session.
    threads
        Those whose runs were stopped.
    """
    if session._closed:
        return "The session was closed meanwhile, and its values went with it."
    if getattr(session, "_default_session_context_manager", None) is not None:
        return "A with block is around the run: it closes the session as it is left, and the values go with it."
    kept = f"Kept: {count(len(values.assigned), 'variable')} ({format_bytes(values.nbytes)})"
    lost = [f"the value of {name}" for name in values.lost] if keeps else ["the values of variables (--on-stop drop)"]
    types = {op.type for op in session.graph.get_operations()}
    lost += [what for what, pattern in _NOT_KEPT.items() if any(pattern.search(type_) for type_ in types)]
    if callables:
        lost.append(f"{count(callables, 'callable')} of _make_callable_from_options")
    if runners := sum(thread.ident in threads and _RUNNER in thread.name for thread in threading.enumerate()):
        lost.append(f"{count(runners, 'queue-runner thread')} (start_queue_runners begins them anew)")
    half = ", as they were during the run, which may have been half done" if values.assigned else ""
    return f"{kept}{half}. Not kept: {', '.join(lost)}." if lost else f"{kept}{half}."
