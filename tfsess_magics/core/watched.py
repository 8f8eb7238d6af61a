"""The facts of a session that its runs and stops need, as the TensorFlow side gives them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol


class ValueStore(Protocol):
    """The variables of a session, as a stop keeps their values."""

    def totals(self, *, ask: bool) -> tuple[int, int | None]:
        """Return the number of variables, and the bytes of those that have a value where that is known."""

    def kept_by(self, session: Any) -> Any:
        """Read the value of every variable that has one."""

    def restore(self, session: Any, values: Any) -> Any:
        """Give the session its values, and return those that it has taken."""

    def forget(self, session: Any) -> None:
        """Take no variable for initialized that was."""

    def held(self) -> AbstractContextManager[None]:
        """Keep from asking the session anything meanwhile."""


class GraphGrowth(Protocol):
    """A recorder of how a graph grows."""

    def extended(self, begun: int) -> None:
        """Note that the runtime was shown more of the graph than its first `begun` operations."""


class WatchedSession(Protocol):
    """The record of a session, apart from its runs."""

    @property
    def session(self) -> Any:
        """The session of TensorFlow, None when it was collected or its construction has failed."""

    @property
    def graph_variables(self) -> ValueStore:
        """Its variables."""

    @property
    def growth(self) -> GraphGrowth:
        """The growth of its graph."""

    def require_room(self, nbytes: int) -> None:
        """Check that there is memory for a second copy of the variables, which takes so many bytes of the machine."""
