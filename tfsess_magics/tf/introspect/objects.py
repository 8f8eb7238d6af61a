"""Finds instances of classes, and suspended calls of generator functions, among all objects.

It asks what refers to their class or code, and never `gc.get_objects`. As long as that list is held, other threads'
``tuple(generator)`` fails with a SystemError. A tuple with a second reference cannot grow (python/cpython#59313,
mended in 3.14).
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator
from types import CodeType, GeneratorType
from typing import Any


def instances(*classes: type) -> list[Any]:
    """Return those of the classes and of their subclasses, which takes some 30 ms where TensorFlow is loaded."""
    wanted = {id(subclass): subclass for cls in classes for subclass in _with_subclasses(cls)}
    return [found for found in gc.get_referrers(*wanted.values()) if id(type(found)) in wanted]


def may_be_hidden(cls: type) -> bool:
    """Say whether there may be instances of a class that `instances` does not find: its module was there at a freeze.

    ``gc.freeze()`` hides what there is from the collector. Then the module's own names are hidden as well.
    """
    if not gc.get_freeze_count():
        return False
    names = vars(sys.modules[cls.__module__])
    return not any(found is names for found in gc.get_referrers(cls))


def generators(codes: Iterable[CodeType]) -> list[GeneratorType[Any, Any, Any]]:
    """Return the generators of functions with such code, begun or not, which takes as long."""
    return [found for found in gc.get_referrers(*codes) if type(found) is GeneratorType]


def _with_subclasses(cls: type) -> Iterator[type]:
    yield cls
    subclasses: list[type] = type.__subclasses__(cls)
    for subclass in subclasses:
        yield from _with_subclasses(subclass)
