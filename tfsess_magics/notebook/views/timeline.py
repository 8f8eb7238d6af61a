"""The timeline of a traced run as a picture: SVG, without scripts, in the colours of whatever is around it."""

from __future__ import annotations

import math
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape

from tfsess_magics.core.plain import plain
from tfsess_magics.core.text import format_seconds
from tfsess_magics.core.trace import Execution

_DRAWN = 1000
"""Executions that are drawn at most."""
_LANES = 12
"""Rows of a device that are drawn at most."""
_WIDTH, _ROW, _BAR, _TEXT = 900, 17, 15, 11
_GAP = 0.6
_LETTER = 6.2
"""Width of a letter in a bar."""
_TICKS = 8


def format_time(seconds: float) -> str:
    """Write how long an operation took: ``4.61 ms``, ``122 µs``."""
    return f"{seconds * 1e6:.3g} µs" if seconds < 0.9995e-3 else format_seconds(seconds)


class Timeline:
    """Executions by device, those that went on at the same time in rows below each other.

    Parameters
    ----------
    executions
        By start.
    duration
        Seconds that the picture is wide.
    """

    def __init__(self, executions: Sequence[Execution], duration: float) -> None:
        shortest = sorted((execution.duration for execution in executions), reverse=True)[:_DRAWN]
        self._duration = duration or 1e-6
        self._lanes: dict[str, list[list[Execution]]] = defaultdict(list)
        self.left_out = 0
        """Executions that are not drawn."""
        drawn = 0
        for execution in executions:
            if drawn < _DRAWN and execution.duration >= shortest[-1] and self._add(execution):
                drawn += 1
            else:
                self.left_out += 1

    def _add(self, execution: Execution) -> bool:
        lanes = self._lanes[execution.device]
        for lane in lanes:
            if lane[-1].start + lane[-1].duration <= execution.start:
                lane.append(execution)
                return True
        if len(lanes) == _LANES:
            return False
        lanes.append([execution])
        return True

    def svg(self) -> str:
        """Return it as an element."""
        body, y = [], 2 * _ROW
        for device in sorted(self._lanes):
            body.append(f'<text x="0" y="{y + _TEXT}" font-weight="bold">{escape(device)}</text>')
            y += _ROW
            for lane in self._lanes[device]:
                # The short ones on top, where the mouse finds them.
                body += [self._bar(execution, y) for execution in sorted(lane, key=lambda it: -it.duration)]
                y += _ROW
            y += _ROW // 2
        return (
            f'<svg viewBox="0 0 {_WIDTH} {y}" width="{_WIDTH}" style="max-width:100%;height:auto" role="img" '
            f'aria-label="timeline" font-size="{_TEXT}" font-family="sans-serif" fill="currentColor">'
            f"{''.join(self._axis(y))}{''.join(body)}</svg>"
        )

    def _x(self, seconds: float) -> float:
        return seconds / self._duration * _WIDTH

    def _axis(self, height: int) -> Iterator[str]:
        rough = self._duration / _TICKS
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
        for index in range(math.floor(self._duration / step) + 1):
            x = self._x(index * step)
            yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_ROW}" y2="{height}" stroke="currentColor" opacity=".15"/>'
            if x < _WIDTH - 40:
                yield f'<text x="{x + 2:.1f}" y="{_TEXT}" opacity=".7">{escape(format_time(index * step))}</text>'

    def _bar(self, execution: Execution, y: int) -> str:
        x, width = self._x(execution.start), max(1.0, self._x(execution.duration) - _GAP)
        hue = zlib.crc32(execution.type.encode()) % 24 * 15
        title = (
            f"{plain(execution.name)}\n{execution.type} on {execution.device}\n"
            f"{format_time(execution.duration)}, from {format_time(execution.start)} on"
        )
        bar = (
            f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}" fill="hsl({hue},55%,65%)">'
            f"<title>{escape(title)}</title></rect>"
        )
        letters = int((width - 4) / _LETTER)
        if letters < 4:
            return bar
        name = execution.name if len(execution.name) <= letters else f"{execution.name[: letters - 1]}…"
        return f'{bar}<text x="{x + 2:.1f}" y="{y + _TEXT}" fill="#111" pointer-events="none">{escape(name)}</text>'
