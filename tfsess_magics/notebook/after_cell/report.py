"""Prints the notices under the cells of a shell, and shows the runs that were traced."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from operator import attrgetter
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from tfsess_magics.core.notice import Notice
from tfsess_magics.core.settings import settings
from tfsess_magics.core.trace import RunTrace
from tfsess_magics.notebook.views.trace import TraceView


class CellReport:
    """The way of every notice to the user of one shell; used by whichever thread runs a cell.

    It looks at each cell that has run, and tells the news if the cell is not silent. No frame of it is under a cell.

    Parameters
    ----------
    shell
        The shell whose cells run.
    look
        Called with the result of each.
    news
        Returns notices of what is new for the whole process, or for the cells after it.
    new_traces
        Returns the traces that were not returned yet, and notices of runs that were not traced.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        look: Callable[[Any], None],
        news: Callable[[], Iterable[Notice]],
        new_traces: Callable[[], tuple[Iterable[RunTrace], Iterable[Notice]]],
    ) -> None:
        self._shell = shell
        self._look = look
        self._news = news
        self._new_traces = new_traces

    def install(self) -> None:
        """Begin to look."""
        self._shell.events.register("post_run_cell", self._has_run)

    def uninstall(self) -> None:
        """Cease to look. Harmless when it was not begun."""
        with suppress(ValueError):
            self._shell.events.unregister("post_run_cell", self._has_run)

    @staticmethod
    def tell(notices: Iterable[Notice]) -> None:
        """Print `notices` in the order of their topics, each text once, unless the user has switched them off."""
        if settings.notices:
            for text in dict.fromkeys(notice.text for notice in sorted(notices, key=attrgetter("topic"))):
                print(text)

    def _has_run(self, result: Any) -> None:
        self._look(result)
        if result.info.silent:
            return
        news = self._news()
        traces, untraced = self._new_traces()
        self.tell([*news, *untraced])
        for trace in traces:
            display(TraceView(trace))
