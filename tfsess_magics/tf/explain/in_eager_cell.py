"""The note under an error about a saver or an initializer of a session that an ordinary cell uses, which is eager."""

from __future__ import annotations

import linecache
import re
from typing import Any

import tensorflow as tf

from tfsess_magics.tf.explain.location import Live, graph_activation
from tfsess_magics.tf.introspect.frames import variables_in
from tfsess_magics.tf.session.facts import known

_NONE_WHERE_EAGER = re.compile(r"_initializer\(|\bget_default_session\(")


def explain_saver(error: BaseException, live: Live) -> str | None:
    """Say where a saver of a graph works."""
    session = variables_in(error, "save", "restore").get("sess")
    if session is None or not tf.executing_eagerly():
        return None
    return f"a Saver of a graph works where the graph is the default one, and this cell is eager. {_way(session, live)}"


def explain_none(error: BaseException, live: Live) -> str | None:
    """Say why an initializer is None, or there is no default session, and where that is not so."""
    if not tf.executing_eagerly() or graph_activation():
        return None
    found = variables_in(error, "_run")
    if found and found.get("fetches") is None:
        return (
            "the code asked to run None: in an eager cell TensorFlow gives None for an initializer. "
            f"{_way(found.get('self'), live)}"
        )
    if isinstance(error, AttributeError) and _NONE_WHERE_EAGER.search(_line(error)):
        return (
            "this cell is eager: there is no default session, and an initializer is None. "
            "Put the cell in a session: %%tfsession NAME"
        )
    return None


def _way(session: Any, live: Live) -> str:
    on = known(getattr(session, "session", session), live)
    if on is None:
        return "Put the line in a block: with session.graph.as_default(), session.as_default()"
    if on.name.startswith("#"):
        return (
            f"Put the line in a block: with session.graph.as_default(), session.as_default(), where session stands for "
            f"{on.name}, made by {on.origin}"
        )
    return f"Put the line in a cell of the session: %%tfsession {on.name}"


def _line(error: BaseException) -> str:
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return "" if traceback is None else linecache.getline(traceback.tb_frame.f_code.co_filename, traceback.tb_lineno)
