"""The form of a verb's entry in the table of verbs, and the reading of its lines."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tfsess_magics.core.errors import InvalidOptionError
from tfsess_magics.core.options import Option
from tfsess_magics.notebook.cells.line import ParsedLine, parse_line

NAME, NAMES, NAME_PATH, OLD_NEW = "NAME", "NAME...", "NAME PATH", "OLD NEW"
EXPR_NAME, HEADER = "EXPR NAME", "NAME [options]"
"""The arguments that a verb may have. `HEADER` is a line like that of a cell, which the verb's handler reads."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write the line of a verb."""

    help: str
    arguments: str = ""
    """One of `NAME`, `NAMES`, `NAME_PATH`, `OLD_NEW`, `EXPR_NAME`, `HEADER`, or empty."""
    needs: tuple[Option, ...] = ()
    """The options that make the form."""
    takes: tuple[Option, ...] = ()
    """The options that may be added."""
    is_of_new_name: bool = False
    """True if no live session may have the name."""
    is_for_named: bool = False
    """True if it is refused for the sessions of other code that have no name."""

    @property
    def usage(self) -> str:
        """The form without the verb: ``NAME [--now]``; that of a `HEADER` does not list the options."""
        added = () if self.arguments == HEADER else self.takes
        words = [self.arguments, *(option.usage for option in self.needs), *(f"[{option.usage}]" for option in added)]
        return " ".join(filter(None, words))

    @property
    def options(self) -> dict[str, Option]:
        """The options that it needs or takes, as they are written."""
        return {option.flag: option for option in (*self.needs, *self.takes)}

    def fits(self, line: ParsedLine) -> bool:
        """Return whether `line` is written in this form."""
        needed = {option.name for option in self.needs}
        allowed = needed | {option.name for option in self.takes}
        return needed <= line.options.keys() <= allowed and self._fits(line.arguments)

    def _fits(self, words: Sequence[str]) -> bool:
        if self.arguments == EXPR_NAME:
            return len(words) > 1 and _is_expression(words[:-1])
        return len(words) >= 1 if self.arguments == NAMES else len(words) == len(self.arguments.split())


@dataclass(frozen=True, slots=True)
class Verb:
    """An entry in the table of verbs: a word behind ``%tfsession``."""

    name: str
    forms: tuple[Form, ...]
    handler: Callable[[Any, ParsedLine], None]
    """Carries out a line that was read."""

    @property
    def takes_expression(self) -> bool:
        """True if its line has Python in it, whose braces are no variables of IPython's."""
        return any(form.arguments == EXPR_NAME for form in self.forms)

    @property
    def usages(self) -> list[str]:
        """Its forms as they are written: ``stop NAME [--now]``."""
        return [f"{self.name} {form.usage}".rstrip() for form in self.forms]

    def line(self, words: Sequence[str]) -> str:
        """Return the line to type for `words` behind the verb, its usages where they fit none of its forms."""
        try:
            fits = bool(words) or not any(form.arguments == HEADER for form in self.forms)
            self.read(words)
        except InvalidOptionError:
            fits = False
        lines = [" ".join([self.name, *words])] if fits else self.usages
        return " or ".join(f"%tfsession {line}" for line in lines)

    def read(self, words: Sequence[str]) -> ParsedLine:
        """Read the words behind the verb; those of a `HEADER` are all arguments.

        Raises
        ------
        InvalidOptionError
            If they fit none of its forms, with the usage of all.
        """
        if any(form.arguments == HEADER for form in self.forms):
            return ParsedLine(list(words), {})
        options = {option.name: option for form in self.forms for option in (*form.needs, *form.takes)}
        try:
            line = parse_line(words, options.values())
        except InvalidOptionError:
            line = None
        if line is None or not any(form.fits(line) for form in self.forms):
            *others, last = self.usages
            usage = f"{', '.join(others)} or {last}" if others else last
            given = repr(" ".join(words)) if words else "nothing"
            raise InvalidOptionError(f"usage: %tfsession {usage}; got {given}")
        return line


def _is_expression(words: Sequence[str]) -> bool:
    """Return whether `words` are Python, or ``#7``."""
    try:
        ast.parse(" ".join(words), mode="eval")
    except SyntaxError:
        return len(words) == 1 and words[0].startswith("#")
    return True
