"""Shows the memory of the kernel as text and as HTML."""

from __future__ import annotations

from html import escape

from tfsess_magics.core.memory import DeviceMemory, KernelMemory
from tfsess_magics.core.text import format_bytes
from tfsess_magics.notebook.views.plot import Part, html_bar, parts_of, text_bar

_OTHER = "other (temporaries, other modules, rounding)"
_INDENT = "    "


class MemoryOverview:
    """The memory of the kernel: the process, and each device with what each session holds of it."""

    def __init__(self, memory: KernelMemory | None) -> None:
        self._memory = memory

    def __repr__(self) -> str:
        if self._memory is None:
            return _NOTHING
        return "\n".join([_process(self._memory), *(line for device in self._memory.devices for line in _text(device))])

    def _repr_html_(self) -> str:
        if self._memory is None:
            return f"<p>{_NOTHING}</p>"
        return f"<p>{_process(self._memory)}</p>" + "".join(map(_html, self._memory.devices))


_NOTHING = "TensorFlow has not been used here yet."


def _process(memory: KernelMemory) -> str:
    resident = (
        "size not available (pip install psutil)"
        if memory.resident is None
        else f"{format_bytes(memory.resident)} in memory"
    )
    pooled = (
        "; not known: how much of it TensorFlow keeps free for reuse (pooled)"
        if memory.pooled is None
        else f", of which TensorFlow keeps at least {format_bytes(memory.pooled)} free for reuse (pooled)"
    )
    return f"process: {resident}{pooled}"


def _head(device: DeviceMemory) -> str:
    name = f"{device.name} ({device.model})" if device.model else device.name
    if device.in_use is None or device.peak is None:
        return f"{name}: not available: {device.unavailable}"
    limit = "" if device.limit is None else f" of {format_bytes(device.limit)}"
    return f"{name}: {format_bytes(device.in_use)}{limit} in use, peak {format_bytes(device.peak)}"


def _notes(device: DeviceMemory) -> list[str]:
    notes = []
    if device.uncounted and device.in_use is not None:
        notes.append(f"{format_bytes(device.uncounted)} in variables under 256 KiB, which TensorFlow does not count")
    if device.total is not None and device.elsewhere is not None:
        notes.append(f"other processes: {format_bytes(device.elsewhere)} of the device's {format_bytes(device.total)}")
    elif device.elsewhere_unavailable:
        notes.append(f"other processes: not available: {device.elsewhere_unavailable}")
    return notes


def _parts(device: DeviceMemory) -> list[Part]:
    """Return the memory that each session holds, and the rest of the memory in use."""
    held = [(held.name, held.nbytes) for held in device.held if held.nbytes]
    return parts_of(held, None if device.other is None else (_OTHER, device.other))


def _legend(parts: list[Part]) -> list[tuple[Part | None, str, str]]:
    """Return a row for each part, with its name and size, and indented ones for those that are drawn as one."""
    rows: list[tuple[Part | None, str, str]] = []
    for part in parts:
        rows.append((part, part.name, format_bytes(part.nbytes)))
        rows += [(None, f"{_INDENT}{name}", format_bytes(nbytes)) for name, nbytes in part.of]
    return rows


def _whole(device: DeviceMemory) -> int:
    return device.limit or device.total or max(device.peak or 0, sum(part.nbytes for part in _parts(device)))


def _text(device: DeviceMemory) -> list[str]:
    parts = _parts(device)
    rows = _legend(parts)
    width = max((len(name) for _, name, _ in rows), default=0)
    bar = [f"  {text_bar(parts, _whole(device))}"] if parts else []
    legend = [f"  {part.fill if part else ' '} {name.ljust(width)}  {size.rjust(10)}" for part, name, size in rows]
    return ["", _head(device), *bar, *legend, *(f"  {note}" for note in _notes(device))]


def _square(part: Part | None) -> str:
    return f'<span style="color:{part.color}">■</span>' if part else " "


def _html(device: DeviceMemory) -> str:
    parts = _parts(device)
    rows = "".join(
        f'<tr><td style="text-align:left;white-space:pre">{_square(part)} {escape(name)}</td><td>{size}</td></tr>'
        for part, name, size in _legend(parts)
    )
    notes = "".join(f"<div>{escape(note)}</div>" for note in _notes(device))
    table = f"<table><tbody>{rows}</tbody></table>" if rows else ""
    bar = html_bar(parts, _whole(device)) if parts else ""
    return f"<div><b>{escape(_head(device))}</b></div>{bar}{table}{notes}"
