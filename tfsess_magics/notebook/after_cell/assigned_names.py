"""Finds the names of the notebook that code assigns."""

from __future__ import annotations

import symtable
from collections.abc import Iterator


def assigned_names(code: str) -> list[str]:
    """Return the names that `code`, run as a cell, binds at its top or by ``global``, in the order of the alphabet."""
    try:
        table = symtable.symtable(code, "<cell>", "exec")
    except SyntaxError:
        return []
    return sorted({*_bound(table), *_global(table)})


def _bound(table: symtable.SymbolTable) -> Iterator[str]:
    return (s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported())


def _global(table: symtable.SymbolTable) -> Iterator[str]:
    for child in table.get_children():
        yield from (s.get_name() for s in child.get_symbols() if s.is_declared_global() and s.is_assigned())
        yield from _global(child)
