"""Follows which cell assigns the names of which eager scope."""

from __future__ import annotations

from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from tfsess_magics.core.model import Kind
from tfsess_magics.core.registry import SessionRegistry
from tfsess_magics.notebook.after_cell.assigned_names import assigned_names
from tfsess_magics.notebook.after_cell.bindings import CellBindings
from tfsess_magics.notebook.cells.header import split_cell


class EagerCells:
    """Looks at every cell of one shell when it has run."""

    def __init__(self, shell: InteractiveShell, registry: SessionRegistry[Any]) -> None:
        self._shell = shell
        self._registry = registry
        self._entered: list[tuple[Any, str]] = []

    def entered(self, session: Any, body: str) -> None:
        """Note that the cell that is running now has entered `session` to run `body`."""
        if session.kind is Kind.EAGER:
            self._entered.append((session, body))

    def look(self, result: Any) -> None:
        """Look at a cell that has run."""
        entered, self._entered = self._entered, []
        scopes = [session for session in self._registry.live() if session.kind is Kind.EAGER]
        if not scopes:
            return
        cell = split_cell(result.info.raw_cell or "")
        self._assigned(None, cell.body if cell else result.info.raw_cell or "", scopes)
        for scope, body in entered:
            if scope.closed:
                continue
            names = self._assigned(scope, body, scopes)
            if scope.bindings is None:
                scope.bindings = CellBindings(self._shell)
            scope.bindings.add(names)
            scope.objects.look({name: self._shell.user_ns.get(name) for name in scope.bindings.names()})
            if result.execution_count is not None:
                scope.bindings.add_output(result.execution_count)

    def _assigned(self, by: Any, body: str, scopes: list[Any]) -> list[str]:
        """Return the names that `body` assigns, and take them from the scopes other than the one that it ran in."""
        try:
            names = assigned_names(self._shell.transform_cell(body))
        except SyntaxError:
            return []
        for scope in scopes:
            if scope is not by and scope.bindings is not None:
                scope.bindings.forget(names)
        return names
