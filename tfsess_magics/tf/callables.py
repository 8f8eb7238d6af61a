"""What each callable that a session has made is for: a call of it tells only what it is given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary


class CallableStep(NamedTuple):
    """A call of a callable, by names of operations."""

    fed: tuple[str, ...] = ()
    """Those whose output is given."""
    wanted: tuple[str, ...] = ()
    """Those whose output or effect it is for."""


_made: WeakKeyDictionary[Any, CallableStep] = WeakKeyDictionary()


def note_callable(called: Any, callable_options: Any) -> None:
    """Note what ``_make_callable_from_options`` has returned, and for which ``CallableOptions``."""
    wanted = [*callable_options.fetch, *callable_options.target]
    _made[called] = CallableStep(_operations(callable_options.feed), _operations(wanted))


def step_of(called: Any) -> CallableStep:
    """Return a step for one call; it is empty where the callable was made before the extension was loaded."""
    return CallableStep(*_made.get(called, ()))


def _operations(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.partition(":")[0] for name in names)
