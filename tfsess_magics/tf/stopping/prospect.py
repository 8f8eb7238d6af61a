"""Sentences about a run that goes on although its end was ordered, and about what a cut would take."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from tfsess_magics.core.run import Run
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.text import count, format_bytes, format_seconds
from tfsess_magics.tf.runs.blocked_on import fetched
from tfsess_magics.tf.runs.concurrent import concurrent_runs_in_session
from tfsess_magics.tf.stopping.report import would_lose


def say_run(name: str, run: Run, waits_on: str) -> str:
    """Say which run goes on, and since when: ``a run of 'loss:0' in 'train' goes on until it ends (4.2 s so far)``."""
    on = f", waiting on {waits_on}" if waits_on else ""
    fetches = fetched(run.step).removeprefix("A ")
    return f"a {fetches} in {name} goes on until it ends ({format_seconds(time.perf_counter() - run.began)} so far{on})"


def say_what_a_cut_takes(meter: RunMeter, step: Sequence[Any]) -> str:
    """Say which state a cut would keep and which lose, and which runs of other threads it would end as well."""
    watched = meter.watched()
    session = None if watched is None else watched.session
    if watched is None or session is None:
        return ""
    lost = would_lose(session)
    if meter.keeps:
        number, nbytes = watched.graph_variables.totals(ask=True)
        kept = f"keeps {count(number, 'variable')}" + (f" ({format_bytes(nbytes)})" if nbytes else "")
    else:
        kept, lost = "", ["the values of variables (--on-stop drop)", *lost]
    loses = f"loses {', '.join(lost)}" if lost else "loses nothing else" if kept else ""
    also = say_concurrent_runs(meter, step)
    ends = f" It also ends {also}." if also else ""
    return f"That {' and '.join(filter(None, (kept, loses)))}.{ends}"


def say_concurrent_runs(meter: RunMeter, step: Sequence[Any]) -> str:
    """Name the other runs in flight in the session of one, by fetches and thread; empty if there are none."""
    others = concurrent_runs_in_session(meter, step)
    return " and ".join(f"a {fetched(other.step).removeprefix('A ')} in {other.who}" for other in others)
