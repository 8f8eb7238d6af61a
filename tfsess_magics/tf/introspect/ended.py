"""Generators that were suspended inside a graph or session which a cell left for them, and that go on outside of it.

`note_ended` notes each weakly, with the address of its frame. An error that goes through that frame comes of being
outside.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Collection
from contextlib import _GeneratorContextManager
from types import GeneratorType, MethodType, TracebackType
from typing import Any, TypeAlias

from tfsess_magics.core.origin import cell_of
from tfsess_magics.core.plain import plain
from tfsess_magics.tf.introspect.objects import instances

_Generator: TypeAlias = "GeneratorType[Any, Any, Any]"

_ended: weakref.WeakKeyDictionary[_Generator, int] = weakref.WeakKeyDictionary()
"""The address of the frame of each, which a generator that has failed does not tell any more."""


def note_ended(controllers: Collection[_Generator], entered: Collection[Any]) -> None:
    """Note the generators inside whose ``with`` statements these controllers, or the sessions among `entered`, are."""
    ids = {id(controller) for controller in controllers}
    by_controllers = (of for of in instances(_GeneratorContextManager) if id(of.__dict__.get("gen")) in ids)
    managers = [*by_controllers, *entered]
    # A with statement keeps the bound method ``__exit__`` on its frame's stack.
    methods = (found for found in gc.get_referrers(*managers) if type(found) is MethodType)
    exits = [method for method in methods if getattr(method, "__name__", "") == "__exit__"]
    for generator in gc.get_referrers(*exits):
        if type(generator) is GeneratorType and generator.gi_suspended:
            _ended[generator] = id(generator.gi_frame)


def explain_ended(error: BaseException) -> str | None:
    """Say that `error` comes of a generator that goes on outside of what it was inside of, if it does."""
    frames = set(_ended.values())
    traceback: TracebackType | None = error.__traceback__
    while traceback is not None:
        if id(traceback.tb_frame) in frames:
            code = traceback.tb_frame.f_code
            cell = cell_of(code.co_filename)
            where = plain(code.co_name) + ("" if cell is None else f" (cell {cell})")
            return (
                f"{where} had entered a graph or session, and was suspended in it when its cell ended: it is outside "
                "of it since. Let it come to its end in the cell that begins it."
            )
        traceback = traceback.tb_next
    return None
