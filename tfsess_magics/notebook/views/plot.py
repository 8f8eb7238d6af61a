"""Small plots of memory: as text, and as SVG and HTML that follow the theme of the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from tfsess_magics.core.history import Sample
from tfsess_magics.core.model import RunInfo
from tfsess_magics.core.text import format_bytes, format_seconds

_STEPS = "▁▂▃▄▅▆▇█"
_FILLS = "█▓▒░="
_COLORS = ("brand-color1", "warn-color1", "success-color1", "info-color2", "error-color2")
_FALLBACKS = ("#1976d2", "#f57c00", "#388e3c", "#4dd0e1", "#e57373")
_OTHER = "var(--jp-layout-color4, #9e9e9e)"


class Part(NamedTuple):
    """A part of a whole."""

    name: str
    nbytes: int
    fill: str
    """In a bar of text."""
    color: str
    """In CSS."""
    of: Sequence[tuple[str, int]] = ()
    """Names and bytes of a part that is drawn as one."""


def parts_of(held: Sequence[tuple[str, int]], other: tuple[str, int] | None) -> list[Part]:
    """Return parts with a fill and a color for each, the smallest as one where there are many, and what is in none."""
    own = len(_COLORS) if len(held) <= len(_COLORS) else len(_COLORS) - 1
    parts = [Part(name, nbytes, _FILLS[index], _color(index)) for index, (name, nbytes) in enumerate(held[:own])]
    if rest := held[own:]:
        total = sum(nbytes for _, nbytes in rest)
        parts.append(Part(f"{len(rest):,} other sessions", total, _FILLS[own], _color(own), rest))
    return parts if other is None else [*parts, Part(*other, "-", _OTHER)]


def _color(index: int) -> str:
    return f"var(--jp-{_COLORS[index]}, {_FALLBACKS[index]})"


def text_bar(parts: Sequence[Part], whole: int, width: int = 40) -> str:
    """Draw parts of a whole as a bar of text; the rest is dots."""
    drawn, done = "", 0
    for part in parts:
        done += part.nbytes
        drawn += part.fill * (round(width * done / whole) - len(drawn) if whole else 0)
    return drawn[:width].ljust(width, "·")


def html_bar(parts: Sequence[Part], whole: int) -> str:
    """Draw parts of a whole as a bar."""
    pieces = []
    for part in parts:
        share = 100 * part.nbytes / whole if whole else 0
        title = escape(f"{part.name}: {format_bytes(part.nbytes)}")
        pieces.append(f'<div title="{title}" style="width:{share:.2f}%;background:{part.color}"></div>')
    style = "display:flex;height:10px;width:320px;background:var(--jp-layout-color2, #e0e0e0)"
    return f'<div style="{style}">{"".join(pieces)}</div>'


def text_line(samples: Sequence[Sample], runs: Sequence[RunInfo], width: int = 40) -> str:
    """Draw what a session held as a line of text, between zero and the largest, the latest if there are too many."""
    shown = [nbytes for _, nbytes in samples[-width:]]
    scale = max(shown)
    line = "".join(_STEPS[round((len(_STEPS) - 1) * nbytes / scale) if scale else 0] for nbytes in shown)
    return f"{line}  {_most_and_now(_most(samples, _levels(samples, runs)), shown[-1])}"


def memory_plot(samples: Sequence[Sample], runs: Sequence[RunInfo], now: float) -> str:
    """Draw what a session held over time as SVG, and above it the peaks of its latest runs."""
    width, height = 320.0, 48.0
    levels = _levels(samples, runs)
    start = min([now - 1.0, *(at for at, _ in samples), *(at for at, _, _ in levels)])
    most = _most(samples, levels)

    def x(at: float) -> float:
        return width * (at - start) / (now - start)

    def y(nbytes: int) -> float:
        return height * (1 - nbytes / (most or 1))

    points, before = [], 0
    for at, nbytes in samples:
        points += [(x(at), y(before)), (x(at), y(nbytes))]
        before = nbytes
    points.append((width, y(before)))
    line = " ".join(f"{left:.1f},{top:.1f}" for left, top in points)
    bars = "".join(
        f'<line x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{y(level):.1f}" y2="{y(level + nbytes):.1f}" '
        f'stroke="{_color(1)}" stroke-width="1.5"><title>a run needed {format_bytes(nbytes)} more</title></line>'
        for at, level, nbytes in levels
    )
    area = f'<polygon points="{points[0][0]:.1f},{height} {line} {width},{height}" fill="{_color(0)}" opacity="0.2"/>'
    return (
        f'<svg width="{width:.0f}" height="{height + 16:.0f}" style="font-size:11px" role="img" '
        f'aria-label="memory of the session over time, at most {format_bytes(most)}">'
        f'{area}{bars}<polyline points="{line}" fill="none" stroke="{_color(0)}" stroke-width="1.5"/>'
        f'<text y="{height + 12}" fill="var(--jp-ui-font-color2, #757575)">{format_seconds(now - start)} ago</text>'
        f'<text x="{width}" y="{height + 12}" text-anchor="end" fill="var(--jp-ui-font-color2, #757575)">'
        f"{_most_and_now(most, before)}</text></svg>"
    )


def _most_and_now(most: int, now: int) -> str:
    return f"at most {format_bytes(most)}, now {format_bytes(now)}"


def _levels(samples: Sequence[Sample], runs: Sequence[RunInfo]) -> list[tuple[float, int, int]]:
    """Return of each run that needed memory when it began, what the session held then, and what it needed."""
    return [(run.started, _level(samples, run.started), run.peak.nbytes) for run in runs if run.peak]


def _level(samples: Sequence[Sample], at: float) -> int:
    return next((nbytes for since, nbytes in reversed(samples) if since <= at), 0)


def _most(samples: Sequence[Sample], levels: Sequence[tuple[float, int, int]]) -> int:
    return max([0, *(nbytes for _, nbytes in samples), *(level + nbytes for _, level, nbytes in levels)])
