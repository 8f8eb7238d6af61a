"""The steps in flight at the same time as one, in its session and in others that share queues with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.plain import plain
from tfsess_magics.core.protocol import OtherRun
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.text import other_run


class ConcurrentRun(NamedTuple):
    """A step in flight at the same time as another."""

    run: OtherRun
    graph: tf.Graph
    step: Sequence[Any]
    """As `awaited` takes it."""

    @property
    def who(self) -> str:
        """Its thread, as messages call it, and its session where that is another."""
        return other_run(self.run)


_Named = Iterable[tuple[str, RunMeter]]
_named: Callable[[], _Named] | None = None


def look_among(named: Callable[[], _Named]) -> None:
    """Have the sessions looked at that `named` returns: their names and their meters."""
    global _named
    _named = named


def concurrent_runs(meter: RunMeter, step: Sequence[Any]) -> list[ConcurrentRun]:
    """Return the steps concurrent with one of the session of a meter."""
    session = meter.session
    if session is None:
        return []
    found = concurrent_runs_in_session(meter, step)
    for name, other in _named() if _named else ():
        theirs = other.session
        if other is not meter and theirs is not None and _share(session, theirs):
            found += _under_way(other, theirs, name, step)
    return found


def concurrent_runs_in_session(meter: RunMeter, step: Sequence[Any]) -> list[ConcurrentRun]:
    """Return the steps concurrent with one in its own session."""
    session = meter.session
    return [] if session is None else list(_under_way(meter, session, "", step))


def _share(one: BaseSession, other: BaseSession) -> bool:
    """Say whether they have queues and locks in common: those that the server keeps for both."""
    isolated = any(session._config is not None and session._config.isolate_session_state for session in (one, other))
    return bool(one._target) and one._target == other._target and not isolated


def _under_way(meter: RunMeter, session: BaseSession, name: str, step: Sequence[Any]) -> Iterator[ConcurrentRun]:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for run in meter.table.with_claimed():
        if run.step is not step:
            known = names.get(run.thread)
            yield ConcurrentRun(OtherRun(run.thread if known is None else plain(known), name), session.graph, run.step)
