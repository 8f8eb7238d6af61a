"""The session to which a graph belongs.

A session claims its graph weakly when it gets it. So graphs of older generations are known as long as code holds
them.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

import tensorflow as tf

from tfsess_magics.core.plain import quoted
from tfsess_magics.tf.introspect.lines import place_of


class Owner(Protocol):
    """A session that works in a graph."""

    name: str
    generation: int

    @property
    def closed(self) -> bool:
        """True once it was closed for good."""

    @property
    def session(self) -> Any:
        """Its TensorFlow session."""


class _Claim(NamedTuple):
    session: weakref.ref[Owner]
    of_tensorflow: weakref.ref[Any]
    first_name: str
    generation: int

    @property
    def name(self) -> str:
        """The name of the session, which may have another one by now."""
        session = self.session()
        return self.first_name if session is None else session.name

    @property
    def holder(self) -> Owner | None:
        """The session, None when it was closed."""
        session = self.session()
        return None if session is None or session.closed else session


_claims: weakref.WeakKeyDictionary[tf.Graph, tuple[_Claim, ...]] = weakref.WeakKeyDictionary()
"""Of each graph the sessions that work in it, or worked in it last; ``--graph`` and adopting let several."""
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
    """The place where a graph belongs, in words."""

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


def describe(element: Any, live: Iterable[Any]) -> str:
    """Say what an element of a graph is and where it was made.

    ``tensor 'Const:0' was made in session 'prep' (generation 1, cell 4)``; a variable is one as well.
    """
    operation = element if isinstance(element, tf.Operation) else element.op
    home = home_of(element.graph, live)
    generation = "" if home.generation is None else f"generation {home.generation}"
    known = ", ".join(filter(None, (generation, place_of(operation))))
    kind = "operation" if operation is element else "variable" if isinstance(element, tf.Variable) else "tensor"
    return f"{kind} {quoted(element.name)} was made {home.text}{f' ({known})' if known else ''}"
