"""The usage and help texts of the magic, made from the tables of options and verbs."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from tfsess_magics.core.options import OPTIONS, Option
from tfsess_magics.notebook.cells.line import HELP, HELP_FLAGS
from tfsess_magics.notebook.magics.verb import Verb
from tfsess_magics.notebook.magics.verbs import VERBS

F = TypeVar("F", bound=Callable[..., object])
_COLUMN, _WIDTH = 40, 112


def documented(magic: F) -> F:
    """Add the usage text to the docstring of the magic."""
    text = usage().replace(":\n\n", "::\n\n")
    magic.__doc__ = f"{magic.__doc__}\n\n{text}"
    return magic


def help_for(words: Sequence[str]) -> str:
    """Return the help that a line with these `words` behind ``%tfsession`` asks for, empty if it asks for none."""
    if not words:
        return ""
    first, *others = words
    if first == HELP or first in HELP_FLAGS:
        verb = VERBS.get(others[0]) if others else None
        return _help_of(verb) if verb else usage()
    asks = any(flag in others for flag in HELP_FLAGS)
    return _help_of(VERBS[first]) if asks and first in VERBS else ""


def usage() -> str:
    """Return the usage of cells and lines: every option and every form of every verb."""
    verbs = _rows(
        (f"%tfsession {written}", form.help)
        for verb in VERBS.values()
        for written, form in zip(verb.usages, verb.forms, strict=True)
    )
    return f"""At the top of a cell:

    %%tfsession NAME [options]

opens the session NAME on first use and enters it again later. In the body its graph is the default graph and
its session the default session; everything else is as in any cell. The options are for the first use:

{_described(OPTIONS)}

As a line, which lists the sessions without a verb:

{verbs}

The forms and options of one verb:

    %tfsession VERB --help"""


def _help_of(verb: Verb) -> str:
    """Return each form of a verb with its help, and the options that may be added to it."""
    parts: list[str] = []
    for written, form in zip(verb.usages, verb.forms, strict=True):
        parts.append(f"%tfsession {written}")
        parts += textwrap.wrap(form.help, _WIDTH, initial_indent="    ", subsequent_indent="    ")
        if form.takes:
            parts += ["", _described(form.takes)]
        parts.append("")
    return "\n".join(parts).rstrip()


def _described(options: Iterable[Option]) -> str:
    return _rows((option.usage, option.help) for option in options)


def _rows(rows: Iterable[tuple[str, str]]) -> str:
    """Write usages and help texts in two columns."""
    lines: list[str] = []
    for written, text in rows:
        first, *more = textwrap.wrap(text, _WIDTH - _COLUMN)
        fits = len(written) + 2 <= _COLUMN - 4
        lines += [f"    {written:<{_COLUMN - 4}}{first}"] if fits else [f"    {written}", f"{'':{_COLUMN}}{first}"]
        lines += [f"{'':{_COLUMN}}{line}" for line in more]
    return "\n".join(lines)
