"""Generators that were suspended inside a graph or session which a cell left for them, and that go on outside of it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Collection
from types import GeneratorType, TracebackType
from typing import Any, TypeAlias

from tfsess_magics.core.origin import cell_of

_Generator: TypeAlias = "GeneratorType[Any, Any, Any]"

_ended: weakref.WeakKeyDictionary[_Generator, int] = weakref.WeakKeyDictionary()
"""The address of the frame of each, which a generator that has failed does not tell any more."""


def note_ended(
    generators: Collection[_Generator], controllers: Collection[_Generator], entered: Collection[Any]
) -> None:
    """Note the generators inside whose ``with`` statements these controllers, or the sessions among `entered`, are."""
    for generator in generators:
        if generator.gi_suspended and _is_inside(generator, controllers, entered):
            _ended[generator] = id(generator.gi_frame)


def _is_inside(generator: _Generator, controllers: Collection[_Generator], entered: Collection[Any]) -> bool:
    # A with statement keeps the bound method ``__exit__`` on its frame's stack.
    exits = (method for method in gc.get_referents(generator) if getattr(method, "__name__", "") == "__exit__")
    managers = [manager for method in exits if (manager := getattr(method, "__self__", None)) is not None]
    return any(
        any(getattr(manager, "gen", None) is one for one in controllers) or any(manager is one for one in entered)
        for manager in managers
    )


def explain_ended(error: BaseException) -> str | None:
    """Say that `error` comes of a generator that goes on outside of what it was inside of, if it does."""
    frames = set(_ended.values())
    traceback: TracebackType | None = error.__traceback__
    while traceback is not None:
        if id(traceback.tb_frame) in frames:
            code = traceback.tb_frame.f_code
            cell = cell_of(code.co_filename)
            where = "" if cell is None else f" (cell {cell})"
            return (
                f"{code.co_name}{where} was suspended inside a graph or session when the cell ended that had entered "
                "it, and is outside of it since. Let it come to its end in the cell that begins it."
            )
        traceback = traceback.tb_next
    return None
