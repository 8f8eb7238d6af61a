"""Writes ``reference.md`` from the tables of verbs, options, settings and functions.

``python -m docs.generate_reference`` does it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path

import tfsess_magics
from tfsess_magics.core.options import OPTIONS
from tfsess_magics.core.settings import OF_USERS
from tfsess_magics.notebook.magics.magics import SessionMagics
from tfsess_magics.notebook.magics.verb import HEADER, Verb
from tfsess_magics.notebook.magics.verbs import VERBS

FILE = Path(__file__).parent / "reference.md"
_BEGIN = """# Reference

`docs/generate_reference.py` makes this page from the tables that the magics read.

## Cells

`%%tfsession NAME [options]` at the top of a cell runs the cell in the session NAME, and opens it on first use.

The options are for the first use. Some are for any cell: `--trace`, `--fresh`, `--reuse`, `--init`, and `--timeout`,
which on a later cell is for the runs of that cell. An option with another value on a live session is an error. The
magics expand `{name}` and `$name`, except in expressions.
"""
_VERBS = """## Verbs

`%tfsession` without a verb lists the sessions. NAME is the name of a session, or the number of one of other code: `#7`.
"""
_SETTINGS = """## Settings

`%config SessionMagics.SETTING = VALUE` sets one for the kernel.
"""
_FUNCTIONS = """## Functions

`import tfsess_magics`; `help(tfsess_magics.session)` and the like tell the parameters, and the errors that they raise.
"""


def generate() -> str:
    """Return the text of ``reference.md``."""
    settings = ((name, SessionMagics.class_traits()[name]) for name in OF_USERS)
    parts = [
        _BEGIN,
        _table("option", ((option.usage, option.help) for option in OPTIONS)),
        _VERBS,
        _table("line", (row for verb in VERBS.values() for row in _forms(verb))),
        _SETTINGS,
        _table("setting", ((f"{name} = {trait.default_value}", trait.help) for name, trait in settings)),
        _FUNCTIONS,
        _table("function", _functions()),
    ]
    return "\n".join(parts)


def _forms(verb: Verb) -> Iterator[tuple[str, str]]:
    for usage, form in zip(verb.usages, verb.forms, strict=True):
        added = () if form.arguments == HEADER else form.takes
        yield f"%tfsession {usage}", "; ".join([form.help, *(f"`{option.flag}`: {option.help}" for option in added)])


def _functions() -> Iterator[tuple[str, str]]:
    for name in tfsess_magics.__all__:
        function = getattr(tfsess_magics, name)
        if inspect.isfunction(function) and "ipython" not in name:
            first, *_ = (inspect.getdoc(function) or "").partition("\n")
            yield f"{name}({', '.join(inspect.signature(function).parameters)})", first.replace("``", "`")


def _table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| {title} | what it does |", "|---|---|"]
    lines += [f"| `{usage}` | {text} |".replace("|drop", r"\|drop") for usage, text in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(generate(), "utf-8")
