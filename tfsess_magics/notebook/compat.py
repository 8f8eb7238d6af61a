"""Differences between the supported versions of IPython; nothing else of `notebook` asks for a version.

Each part names the first version that has no need of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
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

    Notes of other code stay unseen, as they are without this package; nothing of the errors' own classes is called.
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


def cell_numbers(shell: InteractiveShell) -> tuple[Mapping[str, int], Callable[[], None]]:
    """Return the execution counts of a shell's cells by the file names of their code, and what ends the record.

    The mapping grows as cells run.
    """
    compiler: Any = shell.compile
    if hasattr(compiler, "_filename_map"):
        return compiler._filename_map, lambda: None
    # IPython 8.0: before, the compiler keeps no record, and a kernel's names of cells do not tell the number. Cells
    # that have run already stay unknown.
    numbers = _numbers.setdefault(compiler, {})
    own, original = vars(compiler).get("cache"), compiler.cache
    is_on = True

    @functools.wraps(original)
    def cache(transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
        name: str = original(transformed_code, number, raw_code=raw_code)
        if is_on:
            numbers[name] = number
        return name

    def end() -> None:
        nonlocal is_on
        is_on = False  # where other code has wrapped it in turn, it stays and only passes calls on
        if vars(compiler).get("cache") is cache:
            del compiler.cache
            if own is not None:
                compiler.cache = own

    compiler.cache = cache
    return numbers, end
