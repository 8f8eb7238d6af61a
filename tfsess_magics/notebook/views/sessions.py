"""Shows sessions as text and as HTML."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape
from textwrap import shorten

from tfsess_magics.core.history import Sample
from tfsess_magics.core.model import DeviceInfo, Kind, RunInfo, SessionInfo, State, VariableInfo
from tfsess_magics.core.plain import plain
from tfsess_magics.core.text import (
    asked_for,
    count,
    devices_unknown,
    explain_kind,
    format_bytes,
    format_seconds,
    operations,
    ran_on,
    server,
    variable_size,
    variables_held,
)
from tfsess_magics.notebook.views.plot import memory_plot, text_line

_SHOWN_VARIABLES = 20
_COLUMNS = ("name", "state", "devices", "ops", "runs", "variables", "made by")


def _state(info: SessionInfo) -> str:
    if info.state is State.RUNNING and info.running_since is not None:
        return f"{info.mark or 'running'} {format_seconds(time.time() - info.running_since)}"
    return info.state.value


def _marks(info: SessionInfo) -> list[str]:
    """Return the marks of a session, apart from its maker."""
    marks = [] if info.kind in (Kind.NAMED, Kind.OUTSIDE) else [f"({info.kind.value})"]
    if info.is_used:
        marks.append("every cell runs in it")
    if info.is_default and info.kind is not Kind.NAMED:
        marks.append("default session of a thread")
    if info.is_unused:
        marks.append("unused? (%tfsession close --unused)")
    return marks


class SessionTable:
    """Sessions as a table."""

    def __init__(self, sessions: Sequence[SessionInfo]) -> None:
        self._rows = [
            (
                info.name,
                _state(info),
                server(info.target, info.answers) or ", ".join(device.name for device in info.devices),
                "" if info.kind.is_eager else f"{info.operations:,}",
                "" if info.kind.is_eager else f"{info.runs:,}",
                variables_held(info),
                "  ".join(filter(None, [str(info.origin), *_marks(info), info.growth])),
            )
            for info in sessions
        ]
        kinds = dict.fromkeys(info.kind for info in sessions)
        self._legend = [f"{kind.value}: {said}" for kind in kinds if (said := explain_kind(kind))]

    def __repr__(self) -> str:
        if not self._rows:
            return "No session is open. %%tfsession NAME at the top of a cell opens one."
        return "\n".join([text_table((_COLUMNS, *self._rows), right={3, 4}), *self._legend])

    def _repr_html_(self) -> str:
        if not self._rows:
            return "<p>No session is open. <code>%%tfsession NAME</code> at the top of a cell opens one.</p>"
        legend = "".join(f"<p>{escape(line)}</p>" for line in self._legend)
        return html_table(_COLUMNS, self._rows, right={3, 4}) + legend


class SessionDetails:
    """One session with its options, devices, runs, variables and memory.

    Parameters
    ----------
    info
        The record of it.
    held_by
        The references to it.
    samples
        The memory that it held over time.
    """

    def __init__(self, info: SessionInfo, held_by: Sequence[str], samples: Sequence[Sample] = ()) -> None:
        self._facts = tuple(_facts(info, held_by))
        held = _until_now(info, samples)
        self._plot = memory_plot(held, info.recent_runs, time.time()) if held else ""
        self._line = (("memory over time", text_line(held, info.recent_runs)),) if held else ()
        self._variables = [_variable_row(variable) for variable in info.variables[:_SHOWN_VARIABLES]]
        left_out = info.variables[_SHOWN_VARIABLES:]
        if left_out:
            size = format_bytes(sum(variable.nbytes or 0 for variable in left_out))
            self._variables.append((f"and {len(left_out):,} more", "", "", size, "", ""))

    _columns = ("variable", "shape", "dtype", "size", "initialized", "device")

    def __repr__(self) -> str:
        text = text_table((*self._facts, *self._line), right=set())
        return f"{text}\n\n{text_table((self._columns, *self._variables), right={3})}" if self._variables else text

    def _repr_html_(self) -> str:
        html = html_table((), self._facts, right=set()) + self._plot
        return html + html_table(self._columns, self._variables, right={3}) if self._variables else html


def _until_now(info: SessionInfo, samples: Sequence[Sample]) -> list[Sample]:
    """Add the memory that a session holds now to its samples."""
    is_known = any(variable.initialized is not None for variable in info.variables) or not info.variables
    is_noticed = bool(samples) and samples[-1][1] == info.variables_nbytes
    return [*samples, (time.time(), info.variables_nbytes)] if is_known and not is_noticed else list(samples)


def _facts(info: SessionInfo, held_by: Sequence[str]) -> list[tuple[str, str]]:
    facts = [
        ("name", info.name),
        ("state", _state(info)),
        ("made by", "  ".join([str(info.origin), *_marks(info)])),
        ("age", f"{'' if info.origin.is_known else 'at least '}{format_seconds(time.time() - info.created)}"),
    ]
    if said := explain_kind(info.kind):
        facts.append((info.kind.value, said))
    if info.kind is not Kind.OUTSIDE:
        facts.append(("generation", f"{info.generation} (each reset adds 1)"))
    facts += _eager_facts(info) if info.kind.is_eager else _graph_facts(info, held_by)
    facts.append(("variables", _held(info) if info.variables else "none"))
    return facts


def _held(info: SessionInfo) -> str:
    number, unknown = len(info.variables), sum(variable.initialized is None for variable in info.variables)
    if unknown == number:
        return f"{number:,}, {format_bytes(info.all_nbytes)} in all; not known which are initialized"
    initialized = sum(variable.initialized is True for variable in info.variables)
    held = f"{initialized:,} of {number:,} initialized, {format_bytes(info.variables_nbytes)}"
    if info.all_nbytes != info.variables_nbytes:
        held += f" of {format_bytes(info.all_nbytes)}"
    return f"{held}; {unknown:,} not known" if unknown else held


def _eager_facts(info: SessionInfo) -> list[tuple[str, str]]:
    devices = [f"{device.name} ({format_bytes(info.nbytes_on(device))})" for device in info.devices]
    objects = [
        f"{plain(o.name)}: {plain(o.type)}, {count(o.variables, 'variable')}, {format_bytes(o.nbytes)}"
        for o in info.objects
    ]
    facts = [("devices", ", ".join(devices) or "none in use")]
    if info.kind is Kind.EAGER:
        facts += [
            ("models, optimizers, datasets", "; ".join(objects) or "none with a name"),
            ("names in the notebook", ", ".join(map(plain, info.names)) or "none"),
        ]
    return facts


def _graph_facts(info: SessionInfo, held_by: Sequence[str]) -> list[tuple[str, str]]:
    facts = [
        ("options", str(info.options) or "none"),
        ("target", server(info.target, info.answers) or "this process"),
        ("devices", devices_unknown(info) or ", ".join(_device(info, device) for device in info.devices)),
        ("operations", operations(info)),
        *_lines("graph asks for", asked_for(info)),
        *_lines("ran on", ran_on(info)),
        ("runs", f"{info.runs:,}"),
    ]
    if info.growth:
        facts.append(("mark", info.growth))
    if info.kind is not Kind.NAMED:
        facts.append(("referred to by", ", ".join(held_by) or "no variable and no object"))
    if info.last_run:
        facts.append(("last run", _run(info.last_run, info.unmeasured)))
    if info.largest_run:
        facts.append(("largest run", f"{_run(info.largest_run, info.unmeasured)}, {_ago(info.largest_run.started)}"))
    if len(info.recent_runs) > 1:
        facts.append(("recent runs", _recent(info.recent_runs)))
    if info.is_trace_ordered:
        facts.append(("next run", "will be traced"))
    if info.last_trace:
        again = f"%tfsession trace {info.name} --show"
        facts.append(("last trace", f"{info.last_trace.where}: {format_seconds(info.last_trace.duration)} ({again})"))
    if info.last_error:
        facts.append(("last error", shorten(info.last_error, 160, placeholder=" …")))
    return facts


def _device(info: SessionInfo, device: DeviceInfo) -> str:
    return f"{device.name} ({format_bytes(info.nbytes_on(device))})"


def _lines(name: str, lines: Sequence[str]) -> list[tuple[str, str]]:
    """Return a fact of several lines."""
    return [(name if index == 0 else "", line) for index, line in enumerate(lines)]


def _run(run: RunInfo, unmeasured: str) -> str:
    needs = [f"{format_bytes(needed.nbytes)} on {needed.device}" for needed in run.memory if needed.nbytes]
    if needs:
        memory = f"peak {', '.join(needs)} above the level before"
    elif run.memory:
        memory = "no peak: allocations under 256 KiB are not counted"
    else:
        memory = f"peak not available: {unmeasured or 'it was not measured'}"
    return f"{format_seconds(run.duration)}, {memory}{' (shared with other runs)' if run.is_shared else ''}"


def _ago(at: float) -> str:
    return f"{format_seconds(time.time() - at)} ago"


def _recent(runs: Sequence[RunInfo]) -> str:
    """Say how long the latest runs took, and the memory that they needed."""
    seconds = sorted(run.duration for run in runs)
    peaks = sorted(run.peak.nbytes for run in runs if run.peak)
    is_counted = bool(peaks and peaks[-1])
    needed = (
        f", peak median {format_bytes(peaks[len(peaks) // 2])}, largest {format_bytes(peaks[-1])}" if is_counted else ""
    )
    middle, longest = format_seconds(seconds[len(seconds) // 2]), format_seconds(seconds[-1])
    return f"{len(runs)}: median {middle}, longest {longest}{needed}"


def _variable_row(variable: VariableInfo) -> tuple[str, ...]:
    shape = "<unknown>" if variable.shape is None else str(variable.shape)
    initialized = {True: "yes", False: "no", None: "not known"}[variable.initialized]
    return (
        plain(variable.name),
        shape,
        variable.dtype,
        variable_size(variable),
        initialized,
        variable.device or "chosen by TensorFlow",
    )


def text_table(rows: Sequence[Sequence[str]], right: set[int]) -> str:
    """Write rows below each other, the columns `right` aligned to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]], right: set[int]) -> str:
    """Write rows as HTML, below a head if there is one."""

    def line(cells: Sequence[str], tag: str) -> str:
        aligned = ("right" if index in right else "left" for index in range(len(cells)))
        return "".join(
            f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>'
            for cell, side in zip(cells, aligned, strict=True)
        )

    header = f"<thead><tr>{line(head, 'th')}</tr></thead>" if head else ""
    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    return f"<table>{header}<tbody>{body}</tbody></table>"
