"""The memory that the machine has left."""

from __future__ import annotations

from tfsess_magics.core.words import format_bytes


def require_memory(nbytes: int) -> None:
    """Check that so many bytes can be had, where psutil is there to tell: it comes with ipykernel.

    Raises
    ------
    MemoryError
        With both numbers, if they cannot.
    """
    try:
        import psutil
    except ModuleNotFoundError:
        return
    available: int = psutil.virtual_memory().available
    if nbytes > available:
        raise MemoryError(f"that takes {format_bytes(nbytes)}, and {format_bytes(available)} of memory are left")
