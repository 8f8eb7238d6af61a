"""Records of what a body left among TensorFlow's defaults, of the code that did it, and the sentences about it.

A body may leave, with this consequence:

- an open ``InteractiveSession``: it remains the default of this session's next cell, as TensorFlow 1 code expects,
  until the session closes or begins anew
- a named session's ``with`` block in a suspended generator: it ends with the cell
- another default graph, by ``reset_default_graph`` or Keras' ``clear_session``: it becomes the session's graph, in a
  new generation. Called by the body's own code, that is so at once. Called by other code, TensorFlow's rule holds
  until the body ends: the session remains as it is, and gets the graph then if something was built in it
- a graph or session that is entered, also in a suspended generator: its context manager ends at once. Its
  collection would turn eager mode off in a later cell
- Keras' own session (``set_session``, ``clear_session``): Keras gets back what it had; inside it goes by the default
  session anyway
- a default summary writer or step: the session's next cell finds it, and what the notebook had is back
- devices, control dependencies, colocation and names of the graph: they end with the body, the context manager of a
  device at once
- eager mode, also by ``tf.init_scope``: it ends with the body; its context manager remains open
- an eager device or name scope: it ends with the body

The cell says each in one line, also under ``%%time``. A ``with`` block warns with a `SessionWarning`, as code outside
of cells has no place to print to. A reset of an empty graph takes nothing away, so no line tells it: TensorFlow 1
code begins with one.

The stacks of an activation are lists that note the code that calls ``append`` (`NotingStack`). A patch notes the code
that resets the graph. Of name scopes and eager devices TensorFlow keeps the name only, and of Keras' session the
session. For these the sentence names the cell, and no line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, SupportsIndex

from tfsess_magics.core.model import Kind
from tfsess_magics.core.text import first_names, format_bytes
from tfsess_magics.tf.introspect.callers import Caller, caller


class NotingStack(list[Any]):
    """One of TensorFlow's stacks of defaults, with the code that put each item on it.

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
    """Return the items on one of TensorFlow's stacks, each with the code that put it there, where that was seen."""
    callers = defaults.callers if isinstance(defaults, NotingStack) else []
    return [(default, who) for default, who in zip(defaults, callers, strict=False) if who is not None]


class Left(NamedTuple):
    """Something that a body put on TensorFlow's stacks and left there."""

    what: str
    """``an InteractiveSession``, ``a session``, ``a graph``, ``the device scope '/CPU:0'``."""
    who: Caller | None
    """None where TensorFlow does not tell."""
    is_kept: bool
    """True if it remains the session's own for its next cell."""
    in_order: bool
    """False if it was left, but not in the order in which it was entered."""

    def say(self, name: str, by: str) -> str:
        """Say which code left it in the session of that name, `by` if no more is known, and what happens to it."""
        who = self.who or by
        if self.is_kept:
            return (
                f"{who} left {self.what} open; it stays the default of {name!r} for its next cell, "
                "the notebook's defaults are unchanged"
            )
        if not self.in_order:
            return f"{who} left {self.what} before what it had entered after it; later cells are as they were"
        if self.who and self.who.is_suspendable:
            return f"{who} is suspended inside {self.what}; the extension ended it, and later cells are as they were"
        return f"{who} entered {self.what} and never left it; the extension ended it, and later cells are as they were"


class Gone(NamedTuple):
    """The contents of a generation that a session has no more."""

    operations: int
    """The number of operations in its graph."""
    values: Mapping[str, int]
    """The bytes of the variables that had a value, by name."""


def say_followed(followed: Sequence[tuple[Caller, Gone]], name: str, generation: int) -> str:
    """Say which code reset the default graph, and the values that the session of that name has lost by each reset."""
    of = f", the last of {len(followed)} resets" if len(followed) > 1 else ""
    said = f"{_reset_by(followed[-1][0])}{of}; {name!r} goes on with the new graph (generation {generation})"
    values: dict[str, int] = {}
    for _, gone in followed:
        values |= gone.values
    if not values:
        return said
    return (
        f"{said}, without the values of {first_names(list(values), len(values))} ({format_bytes(sum(values.values()))})"
    )


def say_reset(who: Caller, name: str, kind: Kind) -> str:
    """Say which code reset the default graph, and why the session of that name has not followed."""
    called = _reset_by(who)
    if kind is Kind.ADOPTED:
        return f"{called}; {name!r} keeps its graph, which belongs to the code that made it"
    if kind is Kind.EAGER:
        return f"{called}; {name!r} is eager, and what was made in it stays"
    return (
        f"{called}, and nothing was built after that; {name!r} keeps its graph and values. "
        f"To empty it: %tfsession reset {name}"
    )


def _reset_by(who: Caller) -> str:
    call = "Keras' clear_session, which resets the default graph" if who.by_keras else "reset_default_graph"
    return f"{who} called {call}"


def say_keras_session(by: str, name: str, kind: Kind) -> str:
    """Say that the body of `by` gave Keras a session of its own inside the session or scope of that name."""
    inside = "" if kind is Kind.EAGER else f"Keras goes on with the default session, that of {name!r}, and "
    return f"{by} gave Keras a session; {inside}the notebook's Keras session is unchanged"


def say_summary(by: str, what: Sequence[str], name: str) -> str:
    """Say that the body of `by` has set the default summary writer or step in the session or scope of that name."""
    stay = "they stay those" if len(what) > 1 else "it stays that"
    are = "are" if len(what) > 1 else "is"
    return (
        f"{by} set the default summary {' and '.join(what)}; {stay} of {name!r} for its next cell, the notebook's "
        f"{are} unchanged"
    )


def say_block(who: Caller | None, name: str) -> str:
    """Say which code entered a named session in a ``with`` block that was never left."""
    return f"{who or 'a with block'} entered {name!r} and never left it; the extension left it at the end of the cell"


def say_unbound(who: Caller | None, name: str) -> str:
    """Say which code made an eager variable in a thread that is not in the session of that name, and how to get in."""
    return (
        f"{who or 'a function of the cell'} made an eager variable in another thread, which is not in {name!r}. "
        "To carry the session there: tfsess_magics.bind(function)"
    )
