"""Differences between the supported versions of IPython; nothing else of `notebook` asks for a version.

Each part names the first version that has no need of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

import IPython
from IPython.core import magic
from IPython.core.interactiveshell import InteractiveShell

from tfsess_magics.core.errors import NOTE_PREFIX


def _unchanged(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


# IPython 8.10: before, a semicolon at the end of a magic's line silences nothing.
output_can_be_silenced: Callable[[Callable[..., Any]], Callable[..., Any]] = getattr(
    magic, "output_can_be_silenced", _unchanged
)

# IPython 8.14: before, it does not show the notes of an error.
SHOWS_NOTES: bool = IPython.version_info >= (8, 14)


def notes_to_show(error: BaseException | None) -> Iterator[str]:
    """Yield this package's notes on `error` and on the errors it came from, for an IPython that shows none.

    Notes of other code remain unseen, as they are without this package. It calls nothing of the errors' own classes.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        notes = BaseException.__getattribute__(error, "__dict__").get("__notes__")
        if isinstance(notes, list):
            yield from (note for note in notes if type(note) is str and note.startswith(NOTE_PREFIX))
        cause = error.__cause__
        error = cause if cause is not None or error.__suppress_context__ else error.__context__


_numbers: WeakKeyDictionary[Any, dict[str, int]] = WeakKeyDictionary()
"""The record of each compiler that keeps none itself."""


class CellNumbers:
    """The execution counts of a shell's cells by the file names of their code; the record grows as cells run."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._compiler: Any = shell.compile
        self._has_record = hasattr(self._compiler, "_filename_map")
        self._numbers: dict[str, int] = (
            self._compiler._filename_map if self._has_record else _numbers.setdefault(self._compiler, {})
        )
        self._before: Any = None
        self._cache: Any = None
        self._is_on = False

    def number_of(self, file: str) -> int | None:
        """Return the execution count of the cell whose code has that file name, None if it is no cell's."""
        return self._numbers.get(file)

    def install(self) -> None:
        """Begin the record."""
        # IPython 8.0: before, the compiler keeps no record, and a kernel's names of cells do not tell the number. Cells
        # that have run already remain unknown.
        if self._has_record:
            return
        original = self._compiler.cache

        @functools.wraps(original)
        def cache(transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
            name: str = original(transformed_code, number, raw_code=raw_code)
            if self._is_on:
                self._numbers[name] = number
            return name

        self._before, self._cache, self._is_on = vars(self._compiler).get("cache"), cache, True
        self._compiler.cache = cache

    def uninstall(self) -> None:
        """End it. Harmless when that is done already; a wrapper around ours keeps it, and it only passes calls on."""
        self._is_on = False
        if self._cache is None or vars(self._compiler).get("cache") is not self._cache:
            return
        if self._before is None:
            del self._compiler.cache
        else:
            self._compiler.cache = self._before
