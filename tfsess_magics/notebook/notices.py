"""Says under a cell what it did to TensorFlow for the whole process, or for the cells after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from IPython.core.interactiveshell import InteractiveShell


class CellNotices:
    """Asks for news after every cell of one shell that is not silent; no frame of it is under a cell.

    Parameters
    ----------
    shell
        Whose cells.
    news
        Returns what is to be said, a sentence each.
    """

    def __init__(self, shell: InteractiveShell, news: Callable[[], Iterable[str]]) -> None:
        self._shell = shell
        self._news = news

    def install(self) -> None:
        """Begin to ask."""
        self._shell.events.register("post_run_cell", self._tell)

    def uninstall(self) -> None:
        """Cease to ask."""
        self._shell.events.unregister("post_run_cell", self._tell)

    def _tell(self, result: Any) -> None:
        if not result.info.silent:
            for sentence in self._news():
                print(sentence)
