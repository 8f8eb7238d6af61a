"""Differences between the supported versions of IPython; nothing else of `notebook` asks for a version.

Each part names the first version that has no need of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import IPython
from IPython.core import completer, magic
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


Complete = Callable[[str, int, int], tuple[str, Sequence[str]] | None]
"""From a cell and the line and column of the cursor to a text before it, and what may take the text's place."""


class Matcher:
    """The offers of `complete` on Tab in a shell, and no others where it has one.

    `install` and `uninstall` may be called in any order.
    """

    def __init__(self, shell: InteractiveShell, complete: Complete) -> None:
        self._completer: Any = shell.Completer

        @completer.context_matcher(identifier="tfsess_magics", priority=_FIRST)  # type: ignore[untyped-decorator]
        def match(context: Any) -> dict[str, Any]:
            found = complete(context.full_text, context.cursor_line, context.cursor_position)
            if found is None:
                return {"completions": []}
            fragment, words = found
            return {
                "completions": [completer.SimpleCompletion(word, type="magic") for word in words],
                "matched_fragment": fragment,
                "suppress": True,
                "ordered": True,
            }

        self._match = match

    def install(self) -> None:
        """Begin to offer."""
        self.uninstall()
        self._completer.custom_matchers.append(self._match)

    def uninstall(self) -> None:
        """End it."""
        while self._match in self._completer.custom_matchers:
            self._completer.custom_matchers.remove(self._match)


class CompleteCommand:
    """The same for an IPython without such matchers: its own offers come as well, and it shows one line of the cell."""

    _COMMANDS = ("%tfsession", "%%tfsession")

    def __init__(self, shell: InteractiveShell, complete: Complete) -> None:
        self._shell = shell

        def hook(_: InteractiveShell, event: Any) -> list[str]:
            found = complete(event.line, 0, len(event.text_until_cursor))
            if found is None or not found[0].endswith(event.symbol):
                return []
            fragment, words = found
            there = len(fragment) - len(event.symbol)  # IPython puts a word in the place of the symbol
            return [word[there:] for word in words if word.startswith(fragment)]

        self._hook = hook

    def install(self) -> None:
        """Begin to offer."""
        self.uninstall()
        for command in self._COMMANDS:
            self._shell.set_hook("complete_command", self._hook, str_key=command)

    def uninstall(self) -> None:
        """End it."""
        by_command = self._shell.strdispatchers["complete_command"].strs
        for command in self._COMMANDS:
            if chain := by_command.get(command):
                chain.chain[:] = [(_, one) for _, one in chain.chain if getattr(one, "__func__", one) is not self._hook]
                if not chain.chain:
                    del by_command[command]


_FIRST = 1000
"""The priority of the matcher: where it has an offer, IPython does not ask the others, which may take long."""

# IPython 8.6: before, there is a hook only.
Tab: type[Matcher | CompleteCommand] = Matcher if hasattr(completer, "context_matcher") else CompleteCommand


_numbers: WeakKeyDictionary[Any, dict[str, int]] = WeakKeyDictionary()
"""The record of each compiler that keeps none itself."""


class CellNumbers:
    """The execution counts of a shell's cells by the file names of their code; the record grows as cells run."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._compiler: Any = shell.compile
        self._has_record = hasattr(self._compiler, "_filename_map")
        self._numbers: dict[str, int] = (
            self._compiler._filename_map if self._has_record else _numbers.setdefault(self._compiler, {})
        )
        self._before: Any = None
        self._cache: Any = None
        self._is_on = False

    def number_of(self, file: str) -> int | None:
        """Return that of the cell that has run last with that file name, None if it is no cell's."""
        return self._numbers.get(file)

    def numbers_of(self, file: str) -> list[int]:
        """Return those of all cells that have run with that file name, the last one last.

        IPython keeps the last one only. A cell that has the same text in its history, and no file name of its own, is
        another.
        """
        last = self._numbers.get(file)
        if last is None:
            return []
        history = self._shell.history_manager.input_hist_raw
        text = history[last] if last < len(history) else None
        others = set(self._numbers.values())
        same = (number for number, other in enumerate(history) if number and other == text and number not in others)
        return [*(number for number in same if number < last), last]

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
