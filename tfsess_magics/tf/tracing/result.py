"""The result of a traced run, and the record that a reader makes of it.

The thread of the run does not make the record: an interrupt there would cost the run its result. Until the first
reader comes there are bytes, names and a weak reference to the graph. Without the graph the record says nothing of
placement.

TensorFlow notes at most 2^20 executions of a run. The record keeps the longest executions, and the operations that
took longest and that allocated most, and says what is missing. With 4,000 executions of a graph with short names the
output of a cell takes 1.4 MiB. The link in it takes 1.2 MiB.
"""

from __future__ import annotations

import heapq
import threading
import weakref
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

import tensorflow as tf

from tfsess_magics.core.trace import RunTrace
from tfsess_magics.tf.runs.blocked_on import needed
from tfsess_magics.tf.tracing.placement import moved, names_in_functions, of_graph, placement
from tfsess_magics.tf.tracing.request import Order
from tfsess_magics.tf.tracing.step_stats import (
    NOTED_EXECUTIONS,
    chrome_trace,
    is_complete,
    longest,
    noted_in,
    operations,
    timeline,
)

KEPT_EXECUTIONS = 4000
KEPT_OPERATIONS = 50
KEPT_FETCHES = 20


class Traced:
    """One traced run; any thread may call it. It keeps nothing of TensorFlow's alive.

    The record is not made in the run's own thread: an interrupt there would cost the run its result.

    Parameters
    ----------
    order
        By which it was traced.
    metadata
        The ``RunMetadata``, serialized.
    graph
        The graph that it ran in.
    wanted, fed
        Names of the operations that it was for, and of those that were fed.
    facts
        Those fields of `RunTrace` that are known without the metadata.
    """

    def __init__(
        self,
        order: Order,
        metadata: bytes,
        graph: tf.Graph,
        *,
        wanted: Sequence[str],
        fed: set[str],
        facts: dict[str, Any],
    ) -> None:
        self._order = order
        self._metadata = metadata
        self._graph = weakref.ref(graph)
        self._wanted = wanted
        self._fed = fed
        self._facts = facts
        self._made: dict[str, Any] | None = None
        self._variables: dict[str, str] = {}
        self._lock = threading.Lock()

    @property
    def record(self) -> RunTrace:
        """All that is kept of it."""
        return RunTrace(**self._facts, **self._analysed(), runs_of_cell=self._order.runs)

    @property
    def variables(self) -> dict[str, str]:
        """Names of the variables that it used, and the devices that they were on."""
        self._analysed()
        return self._variables

    def _analysed(self) -> dict[str, Any]:
        with self._lock:
            if self._made is None:
                self._made = self._analyse()
                self._metadata = b""
            return self._made

    def _analyse(self) -> dict[str, Any]:
        graph = self._graph()
        wanted = [graph.get_operation_by_name(name) for name in self._wanted] if graph is not None else []
        ops = {op.name: op for op in needed(wanted, self._fed)}
        step_stats = tf.compat.v1.RunMetadata.FromString(self._metadata).step_stats
        noted = noted_in(step_stats)
        known = of_graph(noted, ops, names_in_functions(graph)) if graph is not None else []
        devices, self._variables = placement(known)
        elsewhere = moved(known, ops)
        of_ops = {id(found) for found in known}
        found_operations = operations(
            noted, [found for found in noted if ops and id(found) not in of_ops and not found.is_kernel]
        )
        kept = longest(noted, KEPT_EXECUTIONS)
        first, last = min((f.start for f in noted), default=0), max((f.end for f in noted), default=0)
        largest = heapq.nlargest(KEPT_OPERATIONS, found_operations, key=attrgetter("allocated"))
        return {
            "fetches": tuple(self._wanted[:KEPT_FETCHES]),
            "fetched": len(self._wanted),
            "busy": (last - first) / 1e9,
            "executions": len(noted),
            "operations": len(found_operations),
            "allocated": sum(found.allocated for found in noted),
            "slowest": tuple(heapq.nlargest(KEPT_OPERATIONS, found_operations, key=attrgetter("self_time"))),
            "largest": tuple(found for found in largest if found.allocated),
            "placement": devices,
            "moved": tuple(elsewhere[:KEPT_OPERATIONS]),
            "timeline": tuple(timeline(kept, first)),
            "chrome": chrome_trace(kept),
            "cuts": tuple(_cuts(is_complete(step_stats), len(noted), len(elsewhere))),
        }


def _cuts(complete: bool, executions: int, elsewhere: int) -> Iterator[str]:
    if not complete:
        yield f"TensorFlow records the first {NOTED_EXECUTIONS:,} executions of a run: later ones are missing."
    if executions > KEPT_EXECUTIONS:
        yield f"The timeline and its file have the {KEPT_EXECUTIONS:,} longest of {executions:,} executions."
    if elsewhere > KEPT_OPERATIONS:
        yield f"{elsewhere:,} operations ran elsewhere than the graph asks for: {KEPT_OPERATIONS} are listed."
