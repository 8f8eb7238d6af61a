"""The check that Python can compile a cell, for what must not happen ahead of a cell that cannot run."""

from __future__ import annotations

import ast
import warnings

from IPython.core.interactiveshell import InteractiveShell


def require_runnable(shell: InteractiveShell, transformed: str, raw_cell: str) -> None:
    """Compile a transformed cell statement by statement, as IPython will when it runs it.

    AST transformers of the user may make code of what is none, so with these it is parsed only.

    Raises
    ------
    SyntaxError, ValueError, OverflowError, RecursionError, MemoryError
        As `compile`.
    """
    with warnings.catch_warnings(record=True):  # IPython's own compilation shows them
        name = shell.compile.cache(transformed, shell.execution_count, raw_code=raw_cell)
        tree = shell.compile.ast_parse(transformed, filename=name)
        if shell.ast_transformers:
            return
        flags = shell.compile.flags | (ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if shell.autoawait else 0)
        for statement in tree.body:
            compile(ast.Module([statement], []), name, "exec", flags, dont_inherit=True)
