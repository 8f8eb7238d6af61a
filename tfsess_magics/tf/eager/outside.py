"""The eager variables that code outside every named scope has made."""

from __future__ import annotations

import time
from collections.abc import Callable

from tfsess_magics.core.errors import ClosedSessionError, NotInScopeError
from tfsess_magics.core.model import Activity, Ended, Kind, Maker, Origin, SessionInfo, State
from tfsess_magics.core.options import SessionOptions
from tfsess_magics.core.protocol import SessionSummary
from tfsess_magics.core.session import identify
from tfsess_magics.tf.eager.variables import EagerVariables


class OutsideScope:
    """The eager variables of ordinary cells and of modules; listed while there are any.

    Owned by the registry; any thread may call it.

    Parameters
    ----------
    changed
        Called whenever it has changed.
    """

    name = "eager (outside any scope)"
    generation = 1
    kind = Kind.OUTSIDE
    due: float | None = None
    may_be_unused = False
    origin = Origin(maker=Maker.CELLS)

    def __init__(self, number: int, changed: Callable[[], None]) -> None:
        self.number = number
        self.created = time.time()
        self.variables = EagerVariables(changed)

    @property
    def closed(self) -> bool:
        """True if there is no variable."""
        return self.variables.totals()[0] == 0

    def mark_unused(self, is_unused: bool) -> None:
        """Do nothing: what ordinary cells hold is in use."""

    def held_by(self) -> list[str]:
        """Return nothing: it is many."""
        return []

    def use(self) -> str | None:
        """Return None: nothing keeps it from being closed but that it cannot be."""
        return None

    def reset_by(self, by: str) -> Ended:  # noqa: ARG002 - it has no runs to be told
        """Refuse.

        Raises
        ------
        NotInScopeError
            Always.
        """
        raise NotInScopeError

    def close_by(self, by: str) -> Ended:  # noqa: ARG002 - as above
        """Refuse.

        Raises
        ------
        NotInScopeError
            Always.
        """
        raise NotInScopeError

    def info(self) -> SessionInfo:
        """Return the record of it now."""
        return self.variables.info(identify(self), self._activity(), options=SessionOptions(), created=self.created)

    def summary(self, *, ask: bool) -> SessionSummary:  # noqa: ARG002 - an eager variable has its value from the start
        """Return the little of it that a list shows."""
        return self.variables.summary(identify(self), self._activity())

    def _activity(self) -> Activity:
        if self.closed:
            raise ClosedSessionError("no eager variable is left outside the named scopes.")
        return Activity(state=State.IDLE)

    def __repr__(self) -> str:
        return f"<OutsideScope of {self.variables.totals()[0]} variables>"
