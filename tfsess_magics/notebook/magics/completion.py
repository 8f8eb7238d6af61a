"""The words that Tab offers on a line of ``%tfsession`` and in the header of a cell, from the tables.

It offers nothing in expressions of Python, in quotes, in comments and in the body of a cell; what IPython offers there
remains.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from tfsess_magics.core.options import CELL_OPTIONS, DEVICE, EAGER, EXPR, FILE, FRESH, OPTIONS, PATH, TIMEOUT, Option
from tfsess_magics.core.registry import SessionRegistry
from tfsess_magics.notebook.cells.line import HELP, HELP_FLAGS, is_one_word, split_at_cursor, words_in
from tfsess_magics.notebook.magics.verb import EXPR_NAME, HEADER, NAME, NAME_PATH, NAMES, OLD_NEW, Form
from tfsess_magics.notebook.magics.verbs import VERBS

_log = logging.getLogger(__name__)

_MAGIC = re.compile(r"\s*(%%?)tfsession\s")
_MAY_BE_ABOVE = re.compile(r"\s*(#|%%(?!tfsession\b)|$)")
"""A line that may stand above the header of a cell."""
_WHOLE = HELP_FLAGS[0]
_HEADER_OF_CELL = Form("", HEADER, takes=OPTIONS)
_MOST = {"": 0, NAME: 1, HEADER: 1, NAME_PATH: 2, OLD_NEW: 2}
"""The most words that the arguments of a form may have, where there is a limit."""
_OF_A_CELL = (TIMEOUT, *CELL_OPTIONS)
"""The options that a later cell may give anew; the others remain as they were when the session was opened."""
_ONE_OF = (("--config", "--config-file"), ("--graph", FRESH.flag))
"""Options that do not go together. Only `FRESH` goes with `EAGER`."""


class Offer(NamedTuple):
    """The words that may come next; the one that the user picks takes the place of `fragment`."""

    fragment: str
    """The text before the cursor that each of them begins with, quotes aside."""
    words: list[str]


@dataclass(frozen=True, slots=True)
class Known:
    """The live sessions and devices that offers are made from, besides the tables."""

    names: Mapping[str, bool]
    """The live named sessions and scopes, and whether each is eager."""
    numbers: Sequence[str]
    """The live sessions of other code: ``#7``."""
    devices: Callable[[], Sequence[str]]


class TabCompleter:
    """The offers for one kernel. Never raises; any thread may call it."""

    def __init__(self, registry: SessionRegistry[Any], devices: Callable[[], Sequence[str]]) -> None:
        self._registry = registry
        self._devices = devices

    def __call__(self, cell: str, line: int, column: int) -> Offer | None:
        """Return what may stand at a place in a cell, None where that is none of this package's business."""
        try:
            return offer(cell, line, column, self._known()) if "tfsession" in cell else None
        except Exception:  # noqa: BLE001 - the user only presses Tab
            _log.debug("nothing was offered on Tab", exc_info=True)
            return None

    def _known(self) -> Known:
        live = self._registry.live()
        named = self._registry.names
        return Known(
            names={session.name: session.kind.is_eager for session in live if session.name in named},
            numbers=[session.name for session in live if session.name.startswith("#")],
            devices=self._devices,
        )


def offer(cell: str, line: int, column: int, known: Known) -> Offer | None:
    """Return what may stand at a place in a cell, None where that is none of this package's business.

    Parameters
    ----------
    line, column
        The place of the cursor, from 0.
    """
    lines = cell.split("\n")
    magic = _MAGIC.match(lines[line])
    if magic is None or magic.end() > column:
        return None
    if magic[1] == "%%" and not all(_MAY_BE_ABOVE.match(above) for above in lines[:line]):
        return None
    at_cursor = split_at_cursor(lines[line][magic.end() : column])
    if at_cursor is None:
        return None
    words, fragment = at_cursor
    behind = words_in(re.sub(r"^\S+", "", lines[line][column:]))
    found = _in_header(words, behind, fragment, known) if magic[1] == "%%" else _in_line(words, behind, fragment, known)
    if found is None:
        return None
    fits = [word for word in dict.fromkeys(found.words) if word.lstrip("'").startswith(found.fragment)]
    return Offer(found.fragment, fits)


def _in_line(words: Sequence[str], behind: Sequence[str], fragment: str, known: Known) -> Offer | None:
    if not words:
        return Offer(fragment, [_WHOLE] if fragment.startswith("-") else [*VERBS, HELP])
    verb, *words = words
    if verb == HELP or verb in HELP_FLAGS:
        return Offer(fragment, [] if words else list(VERBS))
    return _in_forms(VERBS[verb].forms, words, behind, fragment, known) if verb in VERBS else None


def _in_header(words: Sequence[str], behind: Sequence[str], fragment: str, known: Known) -> Offer | None:
    return _in_forms([_HEADER_OF_CELL], words, behind, fragment, known)


class _Typed(NamedTuple):
    """The words on a line by what they are, but for the values of options."""

    arguments: list[str]
    flags: list[str]
    waiting: Option | None
    """The option whose value comes next."""


def _read(words: Iterable[str], options: Mapping[str, Option]) -> _Typed:
    arguments, flags, waiting = list[str](), list[str](), None
    for word in words:
        if waiting:
            waiting = None
        elif not word.startswith("-"):
            arguments.append(word)
        else:
            flag, has_value, _ = word.partition("=")
            flags.append(flag)
            option = options.get(flag)
            waiting = option if option and option.value and not has_value else None
    return _Typed(arguments, flags, waiting)


def _in_forms(
    forms: Sequence[Form], words: Sequence[str], behind: Sequence[str], fragment: str, known: Known
) -> Offer | None:
    """Offer what may stand between `words` and those `behind` the cursor, in a line of one of `forms`."""
    options = {flag: option for form in forms for flag, option in form.options.items()}
    before, after = _read(words, options), _read(behind, options)
    flag, has_value, value = fragment.partition("=")
    if before.waiting:
        return _values(before.waiting, fragment, known)
    if has_value and flag in options:
        return _values(options[flag], value, known)
    arguments, flags = before.arguments + after.arguments, {*before.flags, *after.flags}
    may_be = [_of_live(form, arguments, known) for form in forms if _fits(form, arguments, flags)]
    found: list[str] = []
    if not fragment.startswith("-"):
        found += [
            word for form in may_be for word in _arguments(form, arguments, len(before.arguments), fragment, known)
        ]
    found += [option.flag for form in may_be for option in _left(form, flags)]
    if fragment.startswith("-") and not flags:
        found.append(_WHOLE)
    return Offer(fragment, found)


def _fits(form: Form, arguments: Sequence[str], flags: Collection[str]) -> bool:
    """Return whether a line that has these words can become one of that form."""
    return len(arguments) <= _MOST.get(form.arguments, len(arguments)) and form.options.keys() >= set(flags)


def _of_live(form: Form, arguments: Sequence[str], known: Known) -> Form:
    """Return a form with those of its options that the session has not been opened with, if it is live."""
    is_eager = known.names.get(arguments[0]) if form.arguments == HEADER and arguments else None
    if is_eager is None or form.is_of_new_name:
        return form
    takes = (FRESH,) if is_eager else _OF_A_CELL
    return replace(form, takes=tuple(option for option in form.takes if option in takes))


def _arguments(form: Form, arguments: Sequence[str], place: int, fragment: str, known: Known) -> Iterator[str]:
    """Yield what an argument may be that has so many others before it."""
    if len(arguments) == _MOST.get(form.arguments):
        return
    if form.arguments in (NAMES, NAME):
        live = [*known.names, *(() if form.is_for_named else known.numbers)]
        yield from (name for name in live if name not in arguments)
    elif form.arguments in (OLD_NEW, HEADER) and place == 0 and not form.is_of_new_name:
        yield from known.names
    elif form.arguments == NAME_PATH and place == 0:
        yield from (*(name for name, is_eager in known.names.items() if not is_eager), *known.numbers)
    elif form.arguments == NAME_PATH:
        yield from _paths(fragment, ".index")  # a checkpoint goes by the name of its files without their ends
    elif form.arguments == EXPR_NAME and place == 0:
        yield from known.numbers


def _left(form: Form, flags: Collection[str]) -> list[Option]:
    """Return the options of a form that may be added to `flags`: those that it needs, then those that it takes."""
    needed = [option for option in form.needs if option.flag not in flags]
    left = needed or [option for option in form.takes if option.flag not in flags]
    if EAGER.flag in flags:
        return [option for option in left if option is FRESH]
    given = {flag for either in _ONE_OF for flag in either if any(other in flags for other in either)}
    if not {*flags} <= {FRESH.flag}:
        given.add(EAGER.flag)
    return [option for option in left if option.flag not in given]


def _values(option: Option, fragment: str, known: Known) -> Offer | None:
    """Offer values of an option, None for Python, which IPython completes."""
    if option.metavar == EXPR:
        return None
    if option.metavar == DEVICE:
        return Offer(fragment, list(known.devices()))
    if option.metavar in {PATH, FILE}:
        return Offer(fragment, list(_paths(fragment)))
    return Offer(fragment, list(option.choices))


def _paths(fragment: str, end: str = "") -> Iterator[str]:
    """Yield the files and folders whose paths begin with `fragment`, in quotes where they need these.

    Parameters
    ----------
    end
        The end that files have to have; they are offered without it.
    """
    folder, slash, name = fragment.rpartition("/")
    try:
        with os.scandir(os.path.expanduser(folder + slash) or ".") as entries:  # noqa: PTH111 - keeps the last slash
            found = sorted(
                (entry.name, True) if entry.is_dir() else (entry.name.removesuffix(end), False)
                for entry in entries
                if entry.is_dir() or entry.name.endswith(end)
            )
    except (OSError, ValueError):
        return
    for entry, is_folder in found:
        if entry.startswith(name) and (name or not entry.startswith(".")):
            path = f"{folder}{slash}{entry}{'/' if is_folder else ''}"
            if is_one_word(path):
                yield path
            elif "'" not in path:
                yield f"'{path}'"
