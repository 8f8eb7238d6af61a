"""Reads the line of a magic: words, and which of them are arguments, options and their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from tfsess_magics.core.errors import InvalidOptionError, did_you_mean
from tfsess_magics.core.options import EXPR, OPTIONS, Option

_EXPRESSION_FLAGS = [option.flag for option in OPTIONS if option.metavar == EXPR]
"""IPython's expansion of variables would eat the braces of their values."""
HELP = "help"
"""The word that asks for help without dashes, in place of a verb."""
HELP_FLAGS = ("--help", "-h")
"""Words that ask for help, anywhere on the line of a magic."""
_CURSOR = "\0"
"""Stands where the cursor is; no line has it."""
_NUMBER_AT_END = re.compile(r"(?<!\S)#\d*\Z")
_NUMBER = re.compile(r"#\d+(?=[\s;,]|$)")
_END = re.compile(r"[\s;]*(?:#(?!\d)|\Z)")
"""The text that may stand behind the semicolon that silences a cell's last line."""
_CLOSING = {"(": ")", "[": "]", "{": "}"}


class ParsedLine(NamedTuple):
    """The words of a line: arguments, and options by their names in Python, with True or the text of a value."""

    arguments: list[str]
    options: dict[str, Any]


def split_words(line: str, expand: Callable[[str], str]) -> list[str]:
    """Split a magic's line into words, as a shell does, and `expand` all but the expressions of options.

    A word ends at white space outside quotes and brackets, so that an expression needs no quotes. ``#`` at the start
    of a word begins a comment, but for the number of a session: ``#7``. A semicolon at the end is no part of a word:
    IPython shows no value of such a line.

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


def asks_for_help(line: str) -> bool:
    """Return whether one of `HELP_FLAGS` is a word of a magic's line."""
    if not any(flag in line for flag in HELP_FLAGS):
        return False
    try:
        words = split_words(line, str)
    except InvalidOptionError:
        return False
    return any(flag in words for flag in HELP_FLAGS)


def words_in(line: str) -> list[str]:
    """Return the words of a line as they are written, up to a quote or a bracket that is never closed."""
    words: list[str] = []
    with suppress(InvalidOptionError):
        words.extend(_words(line))
    return words


def is_one_word(text: str) -> bool:
    """Return whether `text` is one word on a line, and stands for itself."""
    return words_in(text) == [text] == [_unquoted(text)]


def split_at_cursor(before: str) -> tuple[list[str], str] | None:
    """Return the whole words `before` the cursor, and the part of the one that it is in.

    None if it is in a comment, in quotes or in brackets.
    """
    number = _NUMBER_AT_END.search(before)
    words = words_in((before[: number.start()] if number else before) + _CURSOR)
    if not words or not words[-1].endswith(_CURSOR):
        return None
    return words[:-1], number[0] if number else words[-1].removesuffix(_CURSOR)


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
        elif not open_until and (char.isspace() or (char == ";" and _END.match(line, position))):
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


def parse_line(words: Sequence[str], options: Iterable[Option]) -> ParsedLine:
    """Part arguments from `options`, in any order; values are given as a word of their own or behind ``=``.

    Raises
    ------
    InvalidOptionError
        If an option is unknown, given twice, without the value that it takes, or with one where it takes none.
    """
    known = {option.flag: option for option in options}
    line = ParsedLine([], {})
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            line.arguments.append(word)
            continue
        flag, has_value, value = word.partition("=")
        option = known.get(flag)
        if option is None:
            raise InvalidOptionError(f"unknown option {flag}. Options: {', '.join(known)}.{did_you_mean(flag, known)}")
        if option.name in line.options:
            raise InvalidOptionError(f"{flag} is given twice.")
        if not option.value:
            if has_value:
                raise InvalidOptionError(f"{flag} takes no value; got {word}.")
            line.options[option.name] = True
            continue
        value = _unquoted(value) if has_value else next(rest, "")
        if not value or value.startswith("--"):
            raise InvalidOptionError(f"{flag} needs a value: {option.usage}")
        line.options[option.name] = value
    return line
