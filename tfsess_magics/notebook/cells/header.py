"""Reads the line of a magic: words, a name, options."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tfsess_magics.core.errors import InvalidNameError, InvalidOptionError, did_you_mean
from tfsess_magics.core.options import Written

OPTIONS = {
    "graph": "EXPR",
    "config": "EXPR",
    "config-file": "PATH",
    "device": "DEVICE",
    "threads": "INTRA[,INTER]",
    "seed": "NUMBER",
    "timeout": "SECONDS",
    "on-stop": "keep|drop",
    "trace": "",
    "eager": "",
}
"""Each with what it takes, empty for nothing."""
USAGE = "NAME " + " ".join(f"[--{option} {value}]".replace(" ]", "]") for option, value in OPTIONS.items())

_CELL = re.compile(r"\s*%%tfsession(?:[ \t]+([^\r\n]*))?\r?(?:\n|\Z)")
_EXPRESSIONS = ("graph", "config")
"""Options whose values are expressions of Python. IPython's expansion of variables would eat their braces."""
_EXPRESSION_FLAGS = [f"--{option}" for option in _EXPRESSIONS]
_NUMBER = re.compile(r"#\d+(?=\s|$)")
_CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell under ``%%tfsession``: its header without the magic, its body, and the lines above the body."""

    header: str
    body: str
    lines_above: int


@dataclass(frozen=True, slots=True)
class Header:
    """A name and options, the values of ``--graph`` and ``--config`` `Written`."""

    name: str
    options: dict[str, Any]


def split_cell(raw_cell: str) -> Cell | None:
    """Split a cell at its ``%%tfsession`` header; None if it has none."""
    match = _CELL.match(raw_cell)
    if match is None:
        return None
    body = raw_cell[match.end() :]
    return Cell(match[1] or "", body, raw_cell.count("\n", 0, match.end()))


def split_words(line: str, expand: Callable[[str], str]) -> list[str]:
    """Split a magic's line into words, as a shell does, and `expand` all but the expressions of options.

    A word ends at white space outside quotes and brackets, so that an expression needs no quotes. ``#`` at the start
    of a word begins a comment, but for the number of a session: ``#7``.

    Raises
    ------
    InvalidOptionError
        If a quote or a bracket is never closed.
    """
    words: list[str] = []
    for word in _words(line):
        flag, is_assigned, value = word.partition("=")
        if words and words[-1] in _EXPRESSION_FLAGS:
            words.append(_unquoted(word))
        elif is_assigned and flag in _EXPRESSION_FLAGS:
            words += [flag, _unquoted(value)]
        else:
            words += [_unquoted(part) for part in _words(expand(word))]
    return words


def _words(line: str) -> Iterator[str]:
    word, open_until = "", ""
    for position, char in enumerate(line):
        if open_until and char == open_until[-1]:
            open_until = open_until[:-1]
        elif open_until[-1:] in ("'", '"'):
            pass
        elif char in "'\"":
            open_until += char
        elif char in _CLOSING:
            open_until += _CLOSING[char]
        elif not open_until and char.isspace():
            if word:
                yield word
            word = ""
            continue
        elif not word and char == "#" and not _NUMBER.match(line, position):
            return
        word += char
    if open_until:
        raise InvalidOptionError(f"{open_until[-1]} is missing in: {line.strip()}")
    if word:
        yield word


def _unquoted(word: str) -> str:
    is_quoted = len(word) > 1 and word[0] in "'\"" and word.find(word[0], 1) == len(word) - 1
    return word[1:-1] if is_quoted else word


def parse_header(words: Sequence[str], evaluate: Callable[[str, str], Any]) -> Header:
    """Read a name and options; `evaluate` gives the value of an expression, after the option it belongs to.

    Raises
    ------
    InvalidNameError
        If there is no name, or more than one.
    InvalidOptionError
        If an option is unknown, given twice or without a value, or its expression raises.
    """
    names: list[str] = []
    options: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            names.append(word)
            continue
        flag, has_value, value = word.partition("=")
        option = flag.removeprefix("--")
        if option not in OPTIONS:
            known = [f"--{known}" for known in OPTIONS]
            raise InvalidOptionError(f"unknown option {flag}. Options: {', '.join(known)}.{did_you_mean(flag, known)}")
        if option.replace("-", "_") in options:
            raise InvalidOptionError(f"--{option} is given twice.")
        if not OPTIONS[option]:
            if has_value:
                raise InvalidOptionError(f"--{option} takes no value; got {word}.")
            options[option] = True
            continue
        value = _unquoted(value) if has_value else next(rest, "")
        if not value or value.startswith("--"):
            raise InvalidOptionError(f"--{option} needs a value: --{option} {OPTIONS[option]}")
        is_expression = option in _EXPRESSIONS
        options[option.replace("-", "_")] = Written(evaluate(flag, value), value) if is_expression else value
    if not names:
        raise InvalidNameError(f"a session's name is missing. Usage: %%tfsession {USAGE}")
    if len(names) > 1:
        raise InvalidNameError(
            f"one name is wanted, got {len(names)}: {', '.join(map(repr, names))}. "
            "Options start with --, and code goes on the lines below."
        )
    return Header(names[0], options)
