"""The session to which a graph belongs, and the place where a tensor or operation was made.

A session claims its graph weakly when it gets it. So graphs of older generations are known as long as code holds
them.
"""

from __future__ import annotations

import contextlib
import functools
import linecache
import os
import threading
import weakref
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Any, NamedTuple, Protocol

import tensorflow as tf

from tfsess_magics.core.origin import cell_of, is_ours
from tfsess_magics.core.plain import plain, quoted
from tfsess_magics.core.protocol import CodeLine

TENSORFLOW = f"{Path(tf.__file__).parent}{os.sep}"
"""Folder of TensorFlow's code."""
KERAS = tuple(
    f"{os.sep}{folder.replace('/', os.sep)}{os.sep}"
    for folder in ("keras/src", "tf_keras/src", "tensorflow/python/keras")
)
"""Parts of the paths of Keras' code, whichever it is."""
_FILES = 4096
"""Of so many files it is remembered whose they are: building asks for every frame, at each change of the defaults."""


@functools.lru_cache(_FILES)
def is_between(file: str) -> bool:
    """Say whether `file` is TensorFlow's or Keras', or runs their context managers: no code of whoever uses them."""
    return file.startswith(TENSORFLOW) or file == contextlib.__file__ or is_keras(file)


@functools.lru_cache(_FILES)
def is_keras(file: str) -> bool:
    """Say whether `file` is Keras'."""
    return any(folder in file for folder in KERAS)


class Owner(Protocol):
    """A session that works in a graph."""

    name: str
    generation: int

    @property
    def closed(self) -> bool:
        """Whether it was closed for good."""

    @property
    def session(self) -> Any:
        """Its TensorFlow session."""


class _Claim(NamedTuple):
    session: weakref.ref[Owner]
    of_tensorflow: weakref.ref[Any]
    name: str
    generation: int

    @property
    def holder(self) -> Owner | None:
        """The session, None when it was closed."""
        session = self.session()
        return None if session is None or session.closed else session


_claims: weakref.WeakKeyDictionary[tf.Graph, tuple[_Claim, ...]] = weakref.WeakKeyDictionary()
"""Of each graph those who work in it, or worked in it last; ``--graph`` and adopting let several."""
_claiming = threading.Lock()


def claim(graph: tf.Graph, session: Owner) -> None:
    """Note that `graph` is that of the present generation of `session`; keeps neither alive. Any thread may call it."""
    by = _Claim(weakref.ref(session), weakref.ref(session.session), session.name, session.generation)
    with _claiming:
        others = (other for other in _claims.get(graph, ()) if other.holder not in (None, session))
        _claims[graph] = (*others, by)


def successor_of(session: Any) -> str | None:
    """Return the name of the live session of which a TensorFlow session was that of an older generation."""
    for one in _claims.get(session.graph, ()):
        if one.of_tensorflow() is session and (holder := one.holder) and holder.generation != one.generation:
            return one.name
    return None


class Home(NamedTuple):
    """Where a graph belongs, in words."""

    text: str
    """``in session 'prep'``, ``before the reset of 'prep'``, ``in no session that is open``."""
    name: str | None
    """Name of the live session, ``#7`` for one of other code, None if there is none."""
    generation: int | None
    successor: str | None = None
    """Name of the live session of which it was an older generation."""


def home_of(graph: tf.Graph, live: Iterable[Any]) -> Home:
    """Return where `graph` belongs, as far as the `live` sessions and those that were named know."""
    claims = _claims.get(graph, ())
    present = [one for one in claims if (holder := one.holder) and holder.generation == one.generation]
    if len(present) > 1:
        return Home(f"in the graph of {' and '.join(repr(one.name) for one in present)}", present[0].name, None)
    found = next(iter(present or [one for one in claims if one.holder] or claims), None)
    if found and present:
        return Home(f"in session {found.name!r}", found.name, found.generation)
    if found and found.holder:
        return Home(f"before the reset of {found.name!r}", None, found.generation, successor=found.name)
    for other in live:
        if other.name.startswith("#") and not other.closed and other.graph is graph:
            return Home(f"in the graph of {other.name}, a session made by {other.origin}", other.name, None)
    if found:
        return Home(f"in session {found.name!r}, which was closed since", None, found.generation)
    return Home("in no session that is open", None, None)


def place_of(operation: tf.Operation) -> str:
    """Return where `operation` was made: ``cell 4``, ``prep/io.py:42``, empty if that is not known."""
    frame = frame_of(operation)
    if frame is None:
        return ""
    cell = cell_of(frame.filename)
    return f"{_short(frame.filename)}:{frame.lineno}" if cell is None else f"cell {cell}"


class Line(NamedTuple):
    """A line of code that made an operation."""

    file: str
    number: int
    text: str
    """Empty if its file cannot be read."""

    @property
    def shown(self) -> CodeLine:
        """The line as messages show it."""
        text = plain(self.text[: 2 * _WIDTH])
        text = text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
        return CodeLine(_short(self.file), self.number, cell_of(self.file), text)


_WIDTH = 80
"""Characters of a line of code at most, where it is shown."""


def line_of(operation: tf.Operation) -> Line | None:
    """Return the line that made `operation`, None if that is not known."""
    frame = frame_of(operation)
    if frame is None:
        return None
    return Line(frame.filename, frame.lineno, linecache.getline(frame.filename, frame.lineno).strip())


def frame_of(operation: tf.Operation) -> Any:
    """Return the innermost frame outside TensorFlow, Keras and this package that made `operation`, None if unknown."""
    for frame in reversed(list(operation.traceback or ())):
        file = frame.filename
        if not (is_ours(file) or is_between(file)):
            return frame
    return None


def _short(file: str) -> str:
    return plain("/".join(PurePath(file).parts[-2:]))


def describe(element: Any, live: Iterable[Any]) -> str:
    """Say what an element of a graph is and where it was made.

    ``tensor 'Const:0' was made in session 'prep' (generation 1, cell 4)``
    """
    operation = element if isinstance(element, tf.Operation) else element.op
    home = home_of(element.graph, live)
    generation = "" if home.generation is None else f"generation {home.generation}"
    known = ", ".join(filter(None, (generation, place_of(operation))))
    kind = "operation" if operation is element else "tensor"
    return f"{kind} {quoted(element.name)} was made {home.text}{f' ({known})' if known else ''}"
