"""What a body did to TensorFlow's defaults, who did it, and how that is said."""

from __future__ import annotations

import sys
from inspect import CO_COROUTINE, CO_GENERATOR
from pathlib import PurePath
from types import FrameType
from typing import Any, NamedTuple, SupportsIndex

from tfsess_magics.core.model import Kind
from tfsess_magics.core.origin import cell_of, function_of, is_ours
from tfsess_magics.tf.belongings import is_between, is_keras


class Caller(NamedTuple):
    """The code that called TensorFlow."""

    file: str
    line: int
    function: str
    module: str
    is_suspendable: bool
    """Whether it is a generator or a coroutine."""
    by_keras: bool
    """Whether Keras' ``clear_session`` made the call for it."""

    def __str__(self) -> str:
        function = self.function if self.function != "<module>" else ""
        cell = cell_of(self.file)
        if cell is not None:
            place = f"cell {cell}, line {self.line}"
            return f"{function} ({place})" if function else place
        name = f"{self.module}.{function}" if function else self.module
        return f"{name} ({'/'.join(PurePath(self.file).parts[-2:])}:{self.line})"


def caller() -> Caller | None:
    """Return the code outside this package, TensorFlow and Keras that is calling, None if there is none."""
    frame: FrameType | None = sys._getframe(1)
    by_keras = False
    while frame is not None:
        code = frame.f_code
        file = code.co_filename
        if is_keras(file):
            by_keras |= code.co_name == "clear_session"
        elif not (is_between(file) or is_ours(file)):
            module = str(frame.f_globals.get("__name__", ""))
            suspendable = bool(code.co_flags & (CO_GENERATOR | CO_COROUTINE))
            return Caller(file, frame.f_lineno, function_of(code), module, suspendable, by_keras)
        frame = frame.f_back
    return None


class NotingStack(list[Any]):
    """One of TensorFlow's stacks of defaults, that knows who put something on it.

    TensorFlow appends, pops and removes, and reads; all else is as in a list.
    """

    def __init__(self, items: list[Any]) -> None:
        super().__init__(items)
        self.callers: list[Caller | None] = [None] * len(items)

    def append(self, item: Any) -> None:
        """Put an item on top."""
        self.callers.append(caller())
        super().append(item)

    def pop(self, index: SupportsIndex = -1) -> Any:
        """Take an item away."""
        item = super().pop(index)
        self.callers.pop(index)
        return item

    def remove(self, item: Any) -> None:
        """Take the first such item away."""
        index = self.index(item)
        super().remove(item)
        self.callers.pop(index)


def callers_of(defaults: list[Any]) -> list[tuple[Any, Caller]]:
    """Return what was put on one of TensorFlow's stacks, with who did it, as far as that was seen."""
    callers = defaults.callers if isinstance(defaults, NotingStack) else []
    return [(default, who) for default, who in zip(defaults, callers, strict=False) if who is not None]


class Left(NamedTuple):
    """Something that a body put on TensorFlow's stacks and left there."""

    what: str
    """``an InteractiveSession``, ``a session``, ``a graph``, ``the device scope '/CPU:0'``."""
    who: Caller | None
    """None where TensorFlow does not tell."""
    is_kept: bool
    """Whether it stays the session's own for its next cell."""
    in_order: bool
    """False if it was left, but not in the order in which it was entered."""

    def say(self, name: str, by: str) -> str:
        """Say who left it in the session of that name, the body of `by` if more is not known, and what became of it."""
        who = self.who or by
        if self.is_kept:
            return (
                f"{who} left {self.what} open; it stays the default of {name!r} for its next cell, "
                "the notebook's defaults are unchanged"
            )
        if not self.in_order:
            return f"{who} left {self.what} in another order than it was entered; the notebook's defaults are unchanged"
        if self.who and self.who.is_suspendable:
            return f"{who} is suspended inside {self.what}; it was ended, the notebook's defaults are unchanged"
        return f"{who} entered {self.what} and never left it; it was ended, the notebook's defaults are unchanged"


def say_reset(who: Caller, name: str, kind: Kind, generation: int) -> str:
    """Say who replaced the default graph, and what it means for the session of that name."""
    call = "Keras' clear_session, which resets the default graph" if who.by_keras else "reset_default_graph"
    if kind is Kind.ADOPTED:
        return f"{who} called {call}; {name!r} stays on its maker's graph"
    if kind is Kind.EAGER:
        return f"{who} called {call}; {name!r} is eager, and what was made in it stays"
    return f"{who} called {call}; {name!r} goes on with the new graph (generation {generation})"


def say_set_session(who: Caller, name: str, kind: Kind) -> str:
    """Say who gave Keras a session of its own inside the session or scope of that name."""
    inside = "" if kind is Kind.EAGER else f"Keras goes on with the default session, that of {name!r}, and "
    return f"{who} called Keras' set_session; {inside}the notebook's Keras session is unchanged"


def say_block(who: Caller | None, name: str) -> str:
    """Say who entered a named session in a ``with`` block that was never left."""
    return f"{who or 'a with block'} entered {name!r} and never left it; it was left with the cell"


def say_unbound(who: Caller | None, name: str, operation: str = "VarHandleOp") -> str:
    """Say who ran TensorFlow eagerly in a thread that is not in the session of that name, and how it gets there."""
    did = "made an eager variable" if operation == "VarHandleOp" else f"ran {operation} eagerly"
    return (
        f"{who or 'a function of the cell'} {did} in another thread, which is not in {name!r}. "
        "To carry the session there: tfsess_magics.bind(function)"
    )
