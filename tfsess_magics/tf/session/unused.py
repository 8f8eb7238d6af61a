"""References to a TensorFlow session, and the sessions that look leaked.

A session looks leaked when it has not run for `IDLE` seconds and is no thread's default session. Besides, one name in
one module must be all that refers to it, by its reference count. The feed looks once, `IDLE` seconds after the last
run. So that mark is the one message that comes without a change.

A session that a cell made is left out while the notebook has a name for it: the user sees that name. A session to which
an object, a closure or IPython's ``Out`` refers never looks leaked, however forgotten that is.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from operator import is_
from types import CellType, FrameType, GeneratorType, ModuleType
from typing import Any

from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.plain import plain
from tfsess_magics.tf.introspect.generators import CONTROLLERS
from tfsess_magics.tf.session.facts import Watched, default_stacks

IDLE = 600.0
"""Seconds without a run after which a session may be taken for forgotten."""


def find_leaked(sessions: Mapping[int, Watched]) -> set[int]:
    """Return the keys of those `sessions` to which one name in one module is the only reference.

    It takes some 15 ms for any number of them.
    """
    names: Counter[int] = Counter()
    held = {number: session for number, watched in sessions.items() if (session := watched.session) is not None}
    if not held:
        return set()
    wanted = {id(session) for session in held.values()}
    # Each module once: multiprocessing gives ``__main__`` a second name.
    for module in {id(module): module for module in list(sys.modules.values())}.values():
        if isinstance(module, ModuleType):
            names.update(id(value) for value in list(vars(module).values()) if id(value) in wanted)
    del session
    # Besides the name there are the dict above and getrefcount's parameter.
    return {number for number in held if names[id(held[number])] == sys.getrefcount(held[number]) - 2 == 1}


def held_by(watched: Watched) -> list[str]:
    """Say what refers to a session, for people: ``the name 'sess' in __main__``; empty if nothing does.

    References that TensorFlow and this package keep for their own purposes do not count. It takes some 30 ms, and
    15 ms for each dict that refers to it.
    """
    session = watched.session
    if session is None:
        return []
    found: list[str] = []
    explained = 0
    references = sys.getrefcount(session) - _counted_here()
    for holder in gc.get_referrers(session):
        explained += sum(map(functools.partial(is_, session), gc.get_referents(holder)))
        found += map(plain, _describe(holder, session))
    if references > explained:
        found.append("code that is running")
    return sorted(set(found))


def _counted_here() -> int:
    """Return what `sys.getrefcount` says of an object to which one local variable alone refers.

    It is 2, the variable and the function's parameter, and 1 from Python 3.14 on, where the parameter borrows.
    """
    alone = object()
    return sys.getrefcount(alone)


def _describe(holder: Any, session: BaseSession) -> Iterator[str]:
    if isinstance(holder, dict):
        yield from _describe_dict(holder, session)
    elif isinstance(holder, FrameType):
        yield f"a frame of {holder.f_code.co_qualname}"
    elif isinstance(holder, GeneratorType):
        if holder.gi_code not in CONTROLLERS:
            yield f"the generator {holder.__qualname__}"
    elif any(holder is stack for stack in default_stacks()):
        yield "the default sessions of a thread"
    elif isinstance(holder, CellType):
        yield "a variable of a nested function"
    elif not type(holder).__module__.startswith("tfsess_magics."):
        kind = type(holder)
        is_plain = kind.__module__ in ("builtins", "__main__")
        yield f"an object of type {kind.__qualname__ if is_plain else f'{kind.__module__}.{kind.__qualname__}'}"


def _describe_dict(holder: dict[Any, Any], session: BaseSession) -> Iterator[str]:
    module = sys.modules.get(str(holder.get("__name__")))
    if module is not None and vars(module) is holder:
        for name, value in list(holder.items()):
            if value is session:
                yield f"the name {name!r} in {module.__name__}"
    else:
        owners = [owner for owner in gc.get_referrers(holder) if _has_as_dict(holder, owner)]
        yield from _describe(owners[0], session) if owners else ["a dict"]


def _has_as_dict(names: dict[Any, Any], owner: Any) -> bool:
    """Say whether a dict is that of a suspended generator's variables or an object's attributes."""
    if isinstance(owner, GeneratorType):  # Python 3.13: before, a frame may keep a dict of its variables
        return owner.gi_frame is not None and owner.gi_frame.f_locals is names
    with suppress(AttributeError):
        return object.__getattribute__(owner, "__dict__") is names
    return False
