"""Has the errors that end threads explained before they are printed, as those of cells are."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

_log = logging.getLogger(__name__)


class ThreadErrors:
    """A hook around ``threading.excepthook``; `install` and `uninstall` may be called in any order.

    One for the process. Where other code has put its hook around ours, ours cannot be taken away; it then only passes
    calls on.

    Parameters
    ----------
    explain
        Called with every error that ends a thread, in that thread; may add a note to it.
    """

    def __init__(self, explain: Callable[[BaseException | None], None]) -> None:
        self._explain = explain
        self._hook: _Hook | None = None

    def install(self) -> None:
        """Begin to explain. Harmless when it is done already."""
        if self._hook is None:
            threading.excepthook = self._hook = _Hook(threading.excepthook, self._explain)

    def uninstall(self) -> None:
        """Cease to explain, and leave the hook that was there before. Harmless when it is done already."""
        hook, self._hook = self._hook, None
        if hook is not None:
            hook.is_on = False
            if threading.excepthook is hook:
                threading.excepthook = hook.original


class _Hook:
    def __init__(self, original: Callable[[Any], object], explain: Callable[[BaseException | None], None]) -> None:
        self.original = original
        self.is_on = True
        self._explain = explain

    def __call__(self, args: Any) -> None:
        if self.is_on:
            try:
                self._explain(args.exc_value)
            except Exception:  # noqa: BLE001 - the thread's error is what matters
                _log.debug("the error of a thread could not be explained", exc_info=True)
        self.original(args)
