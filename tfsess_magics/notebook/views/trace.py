"""Shows a traced run as text and as HTML."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from tfsess_magics.core.plain import plain
from tfsess_magics.core.text import count, first_names, format_bytes
from tfsess_magics.core.trace import OperationTrace, RunTrace
from tfsess_magics.notebook.views.sessions import html_table, text_table
from tfsess_magics.notebook.views.timeline import Timeline, format_time

_SHOWN = 10
_EXPLAINED = (
    "time: how long the operation itself took, waiting included, without the functions that it called. "
    "allocated: the sum over all its executions, temporary buffers included; it is no peak. "
    "output: the tensors that they returned, also where these share the memory of an input or a variable. "
    "*: an operation of a function, or one that TensorFlow added: the graph does not have it."
)


class _Table(NamedTuple):
    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: set[int]


class TraceView:
    """One traced run: what took how long and how much, where it ran, and a timeline."""

    def __init__(self, trace: RunTrace) -> None:
        self._trace = trace
        self._facts = _facts(trace)
        self._tables = [table for table in _tables(trace) if table.rows]

    def __repr__(self) -> str:
        tables = [
            f"{table.title}\n{text_table((table.head, *table.rows), right=table.right)}" for table in self._tables
        ]
        save = f"timeline: %tfsession trace {self._trace.session} --save FILE, for chrome://tracing or Perfetto"
        return "\n\n".join(
            (text_table(self._facts, right=set()), *tables, "\n".join((_EXPLAINED, *self._trace.cuts, save)))
        )

    def _repr_html_(self) -> str:
        timeline = Timeline(self._trace.timeline, self._trace.busy)
        how = "bars below each other were at work at the same time. Point at a bar to see its name, type and time."
        parts = [
            html_table((), self._facts, right=set()),
            f"<p><b>timeline</b>: {how} {self._link()}</p>{timeline.svg()}",
        ]
        parts += [
            f"<p><b>{escape(table.title)}</b></p>{html_table(table.head, table.rows, right=table.right)}"
            for table in self._tables
        ]
        cuts = list(self._trace.cuts)
        if timeline.left_out:
            cuts.append(f"{count(timeline.left_out, 'short execution')} not drawn here.")
        parts.append(f'<p style="opacity:.7">{"<br/>".join(map(escape, (_EXPLAINED, *cuts)))}</p>')
        return "".join(parts)

    def _link(self) -> str:
        data = base64.b64encode(self._trace.chrome.encode()).decode()
        name = escape(f"{self._trace.session.removeprefix('#')}-trace.json", quote=True)
        return (
            f'<a download="{name}" href="data:application/json;base64,{data}">Chrome trace JSON</a> '
            f"({format_bytes(len(self._trace.chrome))}), for <code>chrome://tracing</code> or Perfetto."
        )


def _facts(trace: RunTrace) -> list[tuple[str, str]]:
    around = "from the first operation to the last; the rest is TensorFlow's work around them"
    return [
        ("trace of", f"{trace.session}: {trace.where}"),
        ("fetches", first_names(trace.fetches, trace.fetched)),
        ("wall time", f"{format_time(trace.duration)}, {format_time(trace.busy)} of it {around}"),
        ("operations", f"{trace.operations:,}, executed {count(trace.executions, 'time')}"),
        ("allocated", f"{format_bytes(trace.allocated)}, the sum of all allocations, which is no peak"),
    ]


def _tables(trace: RunTrace) -> list[_Table]:
    first = f"the first {_SHOWN} of {trace.operations:,}" if trace.operations > _SHOWN else "all"
    moved = f" ({_SHOWN} of {len(trace.moved)})" if len(trace.moved) > _SHOWN else ""
    columns = ("operation", "type", "device", "executions")
    return [
        _Table(
            f"operations by time, {first}",
            (*columns, "time"),
            [(*_row(op), format_time(op.self_time)) for op in trace.slowest[:_SHOWN]],
            {3, 4},
        ),
        _Table(
            "operations by memory",
            (*columns, "allocated", "output"),
            [(*_row(op), format_bytes(op.allocated), format_bytes(op.output)) for op in trace.largest[:_SHOWN]],
            {3, 4, 5},
        ),
        _Table(
            "placement: where it ran",
            ("device", "operations", "which", "variables"),
            [
                (
                    plain(on.device),
                    f"{on.operations:,}",
                    first_names(on.first, on.operations),
                    first_names(on.variables, len(on.variables)),
                )
                for on in trace.placement
            ],
            {1},
        ),
        _Table(
            f"ran elsewhere than the graph asks for{moved}",
            ("operation", "asked for", "ran on"),
            [(plain(op.operation), plain(op.asked), plain(op.device)) for op in trace.moved[:_SHOWN]],
            set(),
        ),
    ]


def _row(op: OperationTrace) -> tuple[str, ...]:
    name = plain(op.name)
    return name if op.of_graph else f"{name} *", op.type, plain(op.device), f"{op.executions:,}"
