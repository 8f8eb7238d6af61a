"""The context manager that keeps a graph or session among TensorFlow's defaults, and the code or name that holds it.

All of it is found among the objects there are, so that entering costs no code anything. Suspended code that holds the
context manager is named as a function. Otherwise a name of a module leads to it, and only the module is known: which
function of that module entered the graph is not.
"""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from types import CoroutineType, FrameType, GeneratorType, ModuleType
from typing import Any, NamedTuple

from tfsess_magics.core.origin import function_of
from tfsess_magics.tf.introspect.callers import Caller
from tfsess_magics.tf.introspect.generators import open_controllers
from tfsess_magics.tf.introspect.paths import TENSORFLOW

_STEPS = 5
"""The distance of a name from the generator at most: context manager, attributes, object, list."""


_MANY = 1000
"""So many holders are no way to a name."""


class Holder(NamedTuple):
    """A name of a module from which a context manager is reached."""

    module: str
    name: str
    is_manager: bool
    """True if it is the name of the context manager itself."""

    @property
    def leave(self) -> str:
        """The line by which a cell leaves the block that it is inside of, empty if a cell cannot name it."""
        can_be_named = self.is_manager and self.module == "__main__" and self.name.isidentifier()
        return f"{self.name}.__exit__(None, None, None)" if can_be_named else ""


class Entered:
    """The way in which a graph or session came among the defaults; it keeps nothing of that alive.

    Parameters
    ----------
    controllers
        The generators that will take it away again.
    """

    def __init__(self, controllers: Iterable[GeneratorType[Any, Any, Any]]) -> None:
        controllers = list(controllers)
        self._controllers = [weakref.ref(controller) for controller in controllers]
        self.holder = _holder_of(controllers)
        """The code that is inside, or the name from which it can be left; None if that is not known."""

    @property
    def is_over(self) -> bool:
        """True once it was left; if it is among the defaults all the same, in another order than it was entered."""
        return not any(controller and controller.gi_frame for controller in (ref() for ref in self._controllers))


def how_entered(defaults: Iterable[Any]) -> Iterator[Entered]:
    """Yield for each graph or session how it came among the defaults; takes some 100 ms."""
    controllers = open_controllers()
    for default in defaults:
        yield Entered(c for c in controllers if c.gi_frame and c.gi_frame.f_locals.get("default") is default)


def name_in_notebook(thing: object) -> str:
    """Return a name by which cells reach `thing`, empty if there is none; IPython's own begin with an underscore."""
    names = vars(sys.modules["__main__"])
    return next((name for name, value in list(names.items()) if value is thing and not name.startswith("_")), "")


def _holder_of(controllers: list[GeneratorType[Any, Any, Any]]) -> Caller | Holder | None:
    held: list[Any] = controllers
    for _ in range(_STEPS):
        found: list[Any] = []
        for holder in gc.get_referrers(*held):
            if isinstance(holder, GeneratorType | CoroutineType) and (who := _suspended(holder)) is not None:
                return who
            if isinstance(holder, dict) and (named := _named(holder, held)):
                return named
            if holder is not held and not isinstance(holder, FrameType):
                found.append(holder)
        if not 0 < len(found) < _MANY:
            break
        held = found
    return None


def _suspended(holder: Any) -> Caller | None:
    code = holder.gi_code if isinstance(holder, GeneratorType) else holder.cr_code
    frame = holder.gi_frame if isinstance(holder, GeneratorType) else holder.cr_frame
    if code.co_filename.startswith(TENSORFLOW) or frame is None:
        return None
    module = str(frame.f_globals.get("__name__", ""))
    return Caller(code.co_filename, frame.f_lineno, function_of(code), module, is_suspendable=True, by_keras=False)


def _named(names: dict[Any, Any], held: list[Any]) -> Holder | None:
    module = sys.modules.get(str(names.get("__name__")))
    if not isinstance(module, ModuleType) or vars(module) is not names:
        return None
    ids = {id(thing) for thing in held}
    is_notebook = module.__name__ == "__main__"  # where names of outputs, as _, soon stand for something else
    named = ((name, value) for name, value in list(names.items()) if not (is_notebook and name.startswith("_")))
    found = next(((name, value) for name, value in named if id(value) in ids), None)
    return found and Holder(module.__name__, found[0], isinstance(found[1], AbstractContextManager))
