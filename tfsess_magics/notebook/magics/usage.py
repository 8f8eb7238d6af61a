"""The usage text of the magic, made from the tables of options and verbs."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tfsess_magics.core.options import OPTIONS
from tfsess_magics.notebook.magics.verb import HEADER, Verb
from tfsess_magics.notebook.magics.verbs import VERBS

F = TypeVar("F", bound=Callable[..., object])
_COLUMN, _WIDTH = 40, 112


def documented(magic: F) -> F:
    """Add the usage text to the docstring of the magic."""
    magic.__doc__ = f"{magic.__doc__}\n\n{_usage()}"
    return magic


def _usage() -> str:
    options = _rows((option.usage, option.help) for option in OPTIONS)
    verbs = _rows((f"%tfsession {usage}", text) for verb in VERBS.values() for usage, text in _forms(verb))
    return f"""At the top of a cell::

    %%tfsession NAME [options]

opens the session NAME on first use and enters it again later. In the body its graph is the default graph and
its session the default session; everything else is as in any cell. The options are for the first use::

{options}

As a line, which lists the sessions without a verb::

{verbs}
"""


def _forms(verb: Verb) -> Iterator[tuple[str, str]]:
    """Yield each form of a verb as it is written, and its help with that of the options that may be added."""
    for usage, form in zip(verb.usages, verb.forms, strict=True):
        added = () if form.arguments == HEADER else form.takes
        yield usage, "; ".join([form.help, *(f"{option.flag}: {option.help}" for option in added)])


def _rows(rows: Iterable[tuple[str, str]]) -> str:
    """Write usages and help texts in two columns."""
    lines: list[str] = []
    for usage, text in rows:
        first, *more = textwrap.wrap(text, _WIDTH - _COLUMN)
        fits = len(usage) + 2 <= _COLUMN - 4
        lines += [f"    {usage:<{_COLUMN - 4}}{first}"] if fits else [f"    {usage}", f"{'':{_COLUMN}}{first}"]
        lines += [f"{'':{_COLUMN}}{line}" for line in more]
    return "\n".join(lines)
