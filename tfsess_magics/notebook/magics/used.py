"""The session in which every later cell of a notebook runs: ``%tfsession use NAME``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic

from tfsess_magics.core.errors import ClosedSessionError
from tfsess_magics.core.session import PLAIN, CellCode, CellOptions, S, Scope

_FROM_NOW_ON = "This cell has not run. From now on cells run without a session again."


class Used(Generic[S]):
    """The choice of one shell; used by the thread that runs its cells.

    Parameters
    ----------
    entered
        Called with the session and the body of each cell that is about to run in it.
    """

    def __init__(self, entered: Callable[[S, str], None]) -> None:
        self._entered = entered
        self._session: S | None = None
        self._options = PLAIN

    @property
    def is_on(self) -> bool:
        """True if a session was chosen."""
        return self._session is not None

    @property
    def name(self) -> str:
        """The name of the session, empty if none was chosen."""
        return "" if self._session is None else self._session.name

    def begin(self, session: S, options: CellOptions) -> None:
        """Have every later cell run in `session`, with these `options` of cells."""
        self.end()
        self._session, self._options = session, options
        session.use_for_cells(True)

    def end(self) -> None:
        """Have no later cell run in it. Harmless when none was chosen."""
        if self._session is not None:
            session, self._session = self._session, None
            session.use_for_cells(False)

    def __call__(self, cell: int, code: CellCode, *, is_users: bool) -> Scope | None:
        """Enter the session for `cell`.

        Where it was closed, the next cell that the user runs says so, and no later one runs in it. The requests that a
        front end makes by itself run without it until then: the return value is None.

        Raises
        ------
        ClosedSessionError
            If it was closed, and the cell is the user's.
        """
        try:
            return self._enter(cell, code)
        except ClosedSessionError:
            if not is_users:
                return None
            self.end()
            raise

    def _enter(self, cell: int, code: CellCode) -> Scope:
        session = self._session
        if session is None or session.closed:
            raise ClosedSessionError(
                f"{self.name!r}, in which every cell was to run, was closed. {_FROM_NOW_ON} "
                f"To run them in a new session: %tfsession use {self.name}"
            )
        self._entered(session, code.body)
        try:
            return session.enter(f"cell {cell}", self._options, code)
        except ClosedSessionError as error:  # by its maker, which does not free the name
            raise ClosedSessionError(f"{error} {_FROM_NOW_ON}") from None
