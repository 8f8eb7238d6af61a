"""Shows under a cell the runs that were traced meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from tfsess_magics.core.trace import RunTrace
from tfsess_magics.notebook.views.trace import TraceView


class CellTraces:
    """Asks for traces after every cell of one shell that is not silent; no frame of it is under a cell.

    Parameters
    ----------
    shell
        Whose cells.
    new
        Returns the traces that were not returned yet, and what to say of runs that were not traced.
    """

    def __init__(self, shell: InteractiveShell, new: Callable[[], tuple[Sequence[RunTrace], Sequence[str]]]) -> None:
        self._shell = shell
        self._new = new

    def install(self) -> None:
        """Begin to ask."""
        self._shell.events.register("post_run_cell", self._show)

    def uninstall(self) -> None:
        """Cease to ask. Harmless when it was not begun."""
        with suppress(ValueError):
            self._shell.events.unregister("post_run_cell", self._show)

    def _show(self, result: Any) -> None:
        if result.info.silent:
            return
        traces, sentences = self._new()
        for trace in traces:
            display(TraceView(trace))
        for sentence in sentences:
            print(sentence)
