"""The names of a notebook that the cells of an eager scope have assigned."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

_SHOWN = re.compile(r"_{1,3}|_\d+")
"""Names under which IPython keeps what cells have shown."""
_PLAIN = (bool, int, float, complex, str, bytes, type(None))


class CellBindings:
    """Names with the objects that they were bound to. Keeps none of the objects alive. Any thread may call it.

    An object without weak references is known by its address; a cell that assigns the name anew says so by `forget`.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._is_same: dict[str, Callable[[object], bool]] = {}

    def add(self, names: Iterable[str]) -> None:
        """Take names that a cell of the scope has assigned into the list, but for those of modules."""
        for name in names:
            self._is_same.pop(name, None)
            value = self._shell.user_ns.get(name)
            if name in self._shell.user_ns and not isinstance(value, ModuleType):
                self._is_same[name] = _sameness(value)

    def add_output(self, number: int) -> None:
        """Take what a cell of the scope has shown as its output into the list, if it is worth it."""
        if not isinstance(self._shell.user_ns.get(f"_{number}"), _PLAIN):
            self.add([f"_{number}"])

    def forget(self, names: Iterable[str]) -> None:
        """Leave out names that another cell has assigned."""
        for name in names:
            self._is_same.pop(name, None)

    def names(self) -> list[str]:
        """Return those that are bound to the same objects still, in the order in which they were assigned."""
        namespace = self._shell.user_ns
        return [name for name, is_same in list(self._is_same.items()) if name in namespace and is_same(namespace[name])]

    def drop(self) -> None:
        """Unbind them, and have IPython forget their objects as outputs."""
        shell = self._shell
        for name in self.names():
            value = shell.user_ns.pop(name, None)
            for namespace in (shell.user_ns, shell.user_ns_hidden):
                for other in [
                    other for other, shown in namespace.items() if shown is value and _SHOWN.fullmatch(other)
                ]:
                    del namespace[other]
            outputs = shell.history_manager.output_hist
            for number in [number for number, shown in outputs.items() if shown is value]:
                del outputs[number]
            for attribute in ("_", "__", "___"):
                if getattr(shell.displayhook, attribute, None) is value:
                    setattr(shell.displayhook, attribute, None)
            last = shell.last_execution_result
            if last is not None and last.result is value:
                last.result = None
        self._is_same.clear()


def _sameness(value: Any) -> Callable[[object], bool]:
    try:
        reference = weakref.ref(value)
    except TypeError:
        address, type_ = id(value), type(value)
        return lambda other: id(other) == address and type(other) is type_
    return lambda other: reference() is other
