"""Splits a cell at its ``%%tfsession`` header, and reads the header: a name, and options."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from tfsess_magics.core.errors import InvalidNameError
from tfsess_magics.core.option_values import Written
from tfsess_magics.core.options import EXPR, OPTIONS, Option
from tfsess_magics.notebook.cells.line import parse_line

_ABOVE = r"(?:\s*#[^\r\n]*[\r\n])*\s*"
"""The comments and empty lines that may stand above the header."""
_CELL = re.compile(rf"({_ABOVE})%%tfsession(?:[ \t]+([^\r\n]*))?\r?(?:\n|\Z)")
_LINE_ABOUT_US = re.compile(r"#|%tfsession\b|%\w+_ext\b")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell under ``%%tfsession``."""

    header: str
    """Without the magic."""
    body: str
    above: str
    """The lines above the body, which tracebacks show: comments, and an empty one for the header."""


@dataclass(frozen=True, slots=True)
class Header:
    """A name and options, the values of ``--graph`` and ``--config`` `Written`."""

    name: str
    options: dict[str, Any]


def split_cell(raw_cell: str) -> Cell | None:
    """Split a cell at its ``%%tfsession`` header; None if it has none, or code above it."""
    match = _CELL.match(raw_cell)
    if match is None:
        return None
    *comments, _ = match[1].split("\n")
    above = [line.rstrip() + "\n" for line in comments] + ["\n"] * match[0].count("\n", len(match[1]))
    return Cell(match[2] or "", raw_cell[match.end() :], "".join(above))


def is_about_us(raw_cell: str) -> bool:
    """Return whether a cell has nothing but lines of ``%tfsession``, lines that load extensions, and comments."""
    written = [line for line in map(str.strip, re.split(r"[\r\n]", raw_cell)) if line]
    return bool(written) and all(map(_LINE_ABOUT_US.match, written))


def parse_header(
    words: Sequence[str],
    evaluate: Callable[[str, str], Any],
    magic: str = "%%tfsession",
    takes: Collection[Option] = OPTIONS,
) -> Header:
    """Read a name and options; `evaluate` gives the value of an expression, after the option it belongs to.

    Parameters
    ----------
    magic
        The words in front of the name, for usage texts.
    takes
        The options that may be given.

    Raises
    ------
    InvalidNameError
        If there is no name, or more than one.
    InvalidOptionError
        If an option is unknown, given twice or without a value, or its expression raises.
    """
    names, options = parse_line(words, takes)
    if not names:
        usage = " ".join(["NAME", *(f"[{option.usage}]" for option in takes)])
        raise InvalidNameError(f"a session's name is missing. Usage: {magic} {usage}")
    if len(names) > 1:
        raise InvalidNameError(
            f"one name is wanted, got {len(names)}: {', '.join(map(repr, names))}. "
            "Options start with --, and code goes on the lines below."
        )
    for option in OPTIONS:
        if option.metavar == EXPR and (text := options.get(option.name)):
            options[option.name] = Written(evaluate(option.flag, text), text)
    return Header(names[0], options)
