"""How sessions are shown, as text and as HTML."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape
from textwrap import shorten

from tfsess_magics.core.model import Kind, SessionInfo, State, VariableInfo
from tfsess_magics.core.words import count, format_bytes, format_seconds, operations

_SHOWN_VARIABLES = 20
_COLUMNS = ("name", "state", "devices", "ops", "runs", "variables", "made by")


def _state(info: SessionInfo) -> str:
    if info.state is State.RUNNING and info.running_since is not None:
        return f"{info.mark or 'running'} {format_seconds(time.time() - info.running_since)}"
    return info.state.value


def _marks(info: SessionInfo) -> list[str]:
    """Return what is said of a session besides who made it."""
    marks = [] if info.kind in (Kind.NAMED, Kind.OUTSIDE) else [f"({info.kind.value})"]
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
                info.target or ", ".join(device.name for device in info.devices),
                "" if info.kind.is_eager else f"{info.operations:,}",
                "" if info.kind.is_eager else f"{info.runs:,}",
                f"{format_bytes(info.variables_nbytes)} ({len(info.variables):,})" if info.variables else "0 B",
                "  ".join(filter(None, [str(info.origin), *_marks(info), info.growth])),
            )
            for info in sessions
        ]

    def __repr__(self) -> str:
        if not self._rows:
            return "No session is open. %%tfsession NAME at the top of a cell opens one."
        return _text_table((_COLUMNS, *self._rows), right={3, 4})

    def _repr_html_(self) -> str:
        if not self._rows:
            return "<p>No session is open. <code>%%tfsession NAME</code> at the top of a cell opens one.</p>"
        return _html_table(_COLUMNS, self._rows, right={3, 4})


class SessionDetails:
    """One session with its options, devices, runs and variables."""

    def __init__(self, info: SessionInfo, held_by: Sequence[str]) -> None:
        self._facts = tuple(_facts(info, held_by))
        self._variables = [_variable_row(variable) for variable in info.variables[:_SHOWN_VARIABLES]]
        left_out = info.variables[_SHOWN_VARIABLES:]
        if left_out:
            size = format_bytes(sum(variable.nbytes or 0 for variable in left_out))
            self._variables.append((f"and {len(left_out):,} more", "", "", size, "", ""))

    _columns = ("variable", "shape", "dtype", "size", "initialized", "device")

    def __repr__(self) -> str:
        text = _text_table(self._facts, right=set())
        return f"{text}\n\n{_text_table((self._columns, *self._variables), right={3})}" if self._variables else text

    def _repr_html_(self) -> str:
        html = _html_table((), self._facts, right=set())
        return html + _html_table(self._columns, self._variables, right={3}) if self._variables else html


def _facts(info: SessionInfo, held_by: Sequence[str]) -> list[tuple[str, str]]:
    facts = [
        ("name", info.name),
        ("state", _state(info)),
        ("made by", "  ".join([str(info.origin), *_marks(info)])),
        ("age", format_seconds(time.time() - info.created)),
    ]
    if info.kind is not Kind.OUTSIDE:
        facts.append(("generation", str(info.generation)))
    facts += _eager_facts(info) if info.kind.is_eager else _graph_facts(info, held_by)
    initialized = sum(variable.initialized is True for variable in info.variables)
    if info.variables:
        held = f"{initialized:,} of {len(info.variables):,} initialized, {format_bytes(info.variables_nbytes)}"
    facts.append(("variables", held if info.variables else "none"))
    return facts


def _eager_facts(info: SessionInfo) -> list[tuple[str, str]]:
    devices = [f"{device.name} ({format_bytes(info.nbytes_on(device))})" for device in info.devices]
    objects = [f"{o.name}: {o.type}, {count(o.variables, 'variable')}, {format_bytes(o.nbytes)}" for o in info.objects]
    facts = [("devices", ", ".join(devices) or "none in use")]
    if info.kind is Kind.EAGER:
        facts += [
            ("models, optimizers, datasets", "; ".join(objects) or "none with a name"),
            ("names that go with it", ", ".join(info.names) or "none"),
        ]
    return facts


def _graph_facts(info: SessionInfo, held_by: Sequence[str]) -> list[tuple[str, str]]:
    facts = [
        ("options", str(info.options) or "none"),
        ("target", info.target or "this process"),
        ("devices", ", ".join(f"{device.name} ({device.type})" for device in info.devices)),
        ("operations", operations(info)),
        ("runs", f"{info.runs:,}"),
    ]
    if info.growth:
        facts.append(("mark", info.growth))
    if info.kind is not Kind.NAMED:
        facts.append(("referred to by", ", ".join(held_by) or "nothing but garbage"))
    if info.last_run:
        facts.append(("last run", format_seconds(info.last_run.duration)))
    if info.last_error:
        facts.append(("last error", shorten(info.last_error, 160, placeholder=" …")))
    return facts


def _variable_row(variable: VariableInfo) -> tuple[str, ...]:
    shape = "<unknown>" if variable.shape is None else str(variable.shape)
    size = "?" if variable.nbytes is None else format_bytes(variable.nbytes)
    initialized = {True: "yes", False: "no", None: "not known"}[variable.initialized]
    return variable.name, shape, variable.dtype, size, initialized, variable.device or "chosen by TensorFlow"


def _text_table(rows: Sequence[Sequence[str]], right: set[int]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _html_table(head: Sequence[str], rows: Sequence[Sequence[str]], right: set[int]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        aligned = ("right" if index in right else "left" for index in range(len(cells)))
        return "".join(
            f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>'
            for cell, side in zip(cells, aligned, strict=True)
        )

    header = f"<thead><tr>{line(head, 'th')}</tr></thead>" if head else ""
    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    return f"<table>{header}<tbody>{body}</tbody></table>"
