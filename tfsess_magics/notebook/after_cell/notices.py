"""Looks at a cell that has run, and prints the sentences under it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from IPython.core.interactiveshell import InteractiveShell


class CellNotices:
    """Looks at every cell of one shell when it has run, and tells the news if it is not silent.

    No frame of it is under a cell.

    Parameters
    ----------
    shell
        Whose cells.
    look
        Called with the result of each.
    news
        Returns what is to be said, a sentence each: of what is new for the whole process, or for the cells after it.
    """

    def __init__(self, shell: InteractiveShell, look: Callable[[Any], None], news: Callable[[], Iterable[str]]) -> None:
        self._shell = shell
        self._look = look
        self._news = news

    def install(self) -> None:
        """Begin to look."""
        self._shell.events.register("post_run_cell", self._has_run)

    def uninstall(self) -> None:
        """Cease to look. Harmless when it was not begun."""
        with suppress(ValueError):
            self._shell.events.unregister("post_run_cell", self._has_run)

    def _has_run(self, result: Any) -> None:
        self._look(result)
        if not result.info.silent:
            for sentence in self._news():
                print(sentence)
