"""Parts of an object that come into being at their first use.

A process may have thousands of sessions, and front ends look at few of them closely. Each object that lives on
has Python's collector go through all of them again the sooner. So a new session makes few objects, and looks at no
other session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class Lazy(Generic[T]):
    """An attribute that is made once, of its object, whichever threads ask for it; it takes no lock.

    Parameters
    ----------
    make
        Makes it, perhaps in two threads at once; one of the two is kept.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | T:
        if instance is None:
            return self
        made: T = instance.__dict__.setdefault(self._name, self._make(instance))
        return made
