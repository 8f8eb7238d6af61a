"""How sizes, times and what was done are put into words."""

from __future__ import annotations

from tfsess_magics.core.model import Kind, SessionInfo


def format_bytes(nbytes: int) -> str:
    """Write a number of bytes in binary units: ``21.4 MiB``."""
    size = float(nbytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{nbytes} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def format_seconds(seconds: float) -> str:
    """Write a duration: ``31 ms``, ``3.1 s``, ``12:05``."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


def count(number: int, noun: str) -> str:
    """Write ``1 variable``, ``1,204 variables``, ``no variables``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else f"no {noun}s"


def operations(info: SessionInfo) -> str:
    """Write ``1,204 (12 added by cell 5)``."""
    total = f"{info.operations:,}" if info.operations else "none: the graph is empty"
    if info.added is None or not info.operations:
        return total
    added, by = info.added
    return f"{total} ({f'{added:,}' if added else 'none'} added by {by})"


def closed_message(was: SessionInfo) -> str:
    """Say what closing a session freed."""
    if was.kind is Kind.EAGER:
        return f"closed {was.name}: {_dropped(was)}"
    whose = "" if was.kind.is_ours else f", made by {was.origin}"
    return (
        f"closed {was.name}{whose}: {count(was.operations, 'operation')}, {count(len(was.variables), 'variable')}; "
        f"{format_bytes(was.variables_nbytes)} given back to TensorFlow's allocator{_unfinished(was)}"
    )


def adopted_message(adopted: SessionInfo) -> str:
    """Say whose session has got a name, and what the name is for."""
    return f"adopted {adopted.name}, made by {adopted.origin}: %%tfsession {adopted.name} runs a cell in it"


def reset_message(was: SessionInfo) -> str:
    """Say what a reset took away."""
    if was.kind is Kind.EAGER:
        return f"reset {was.name} (generation {was.generation + 1} now): {_dropped(was)}"
    size = f" ({format_bytes(was.variables_nbytes)})" if was.variables else ""
    return (
        f"reset {was.name}: its graph is empty now (generation {was.generation + 1}). "
        f"Gone: {count(was.operations, 'operation')}, {count(len(was.variables), 'variable')}{size}{_unfinished(was)}"
    )


def _unfinished(was: SessionInfo) -> str:
    """Say that runs have not ended."""
    if not was.unfinished:
        return ""
    return (
        f". {count(was.unfinished, 'run')} cannot be cut: what it holds comes back when its operation has "
        "finished, and if that never does, with a restart of the kernel"
    )


def _dropped(was: SessionInfo) -> str:
    """Say which names an eager scope has dropped, and what became of its variables."""
    names = f"dropped {', '.join(was.names)}" if was.names else "it had no names to drop"
    if not was.variables:
        return names
    freed = count(len(was.variables) - was.still_held, "variable")
    size = format_bytes(was.variables_nbytes - was.still_held_nbytes)
    held = ""
    if was.still_held:
        held = (
            "; not freed, as something else refers to that: "
            f"{count(was.still_held, 'variable')} ({format_bytes(was.still_held_nbytes)})"
        )
    return f"{names}; {freed} freed, {size} given back to TensorFlow's allocator{held}"
