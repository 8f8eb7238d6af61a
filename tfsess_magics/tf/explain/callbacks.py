"""The note under an error of a function that a session's cell has defined, and that a library calls elsewhere.

Widgets, observers, animations and ``_repr_html_`` are called when their cell has ended.
"""

from __future__ import annotations

import re
import sys
from itertools import pairwise
from types import FrameType

from tfsess_magics.core.origin import CELL, cells_of, function_of, is_ours
from tfsess_magics.core.plain import plain
from tfsess_magics.tf.explain.location import Live, graph_activation
from tfsess_magics.tf.explain.threads import graph_of_element, has_asked_for_a_session
from tfsess_magics.tf.introspect.frames import frames
from tfsess_magics.tf.introspect.paths import is_between
from tfsess_magics.tf.session.ownership import home_of

_WANTS_SESSION = re.compile(
    r"No default session is registered|is out of scope and cannot be used here|graph is different from the session's"
    r"|not an element of this graph|must be from the same graph"
    r"|not compatible with eager execution|[Ww]hen eager execution is enabled"
)


def explain_callback(error: BaseException, live: Live) -> str | None:
    """Say how the function keeps its session, if `error` comes of a call outside of that."""
    if not (_WANTS_SESSION.search(str(error)) or has_asked_for_a_session(error)):
        return None
    activation, graph = graph_activation(), graph_of_element(error)
    for caller, called in _callbacks(error):
        number, name = _cell_and_session(called.f_code.co_filename, live)
        is_of_another = graph is not None and home_of(graph, live).name != name
        if name and not is_of_another and not (activation and activation.session.name == name):
            function = plain(function_of(called.f_code))
            return (
                f"{plain(_library(caller))} has called {function}, which {number} has defined, outside of "
                f"session {name!r}. To carry the session there, under %%tfsession {name}: "
                "tfsess_magics.bind(function), or @tfsess_magics.bind above def"
            )
    return None


def _callbacks(error: BaseException) -> list[tuple[FrameType, FrameType]]:
    """Return the calls of functions by a library, each as the frames of both, the innermost first."""
    passed = [frame for frame in frames(error) if not is_ours(frame.f_code.co_filename)]
    calls = list(pairwise(passed))
    return [
        (caller, called)
        for caller, called in reversed(calls)
        if function_of(called.f_code) != CELL
        and not cells_of(caller.f_code.co_filename)
        and not is_between(caller.f_code.co_filename)
        and caller.f_globals.get("__name__") != "__main__"  # what %%time runs has no file name of a cell
    ]


def _library(frame: FrameType) -> str:
    """Return the name of the package of a frame, of the module if it is one of Python's own."""
    module = str(frame.f_globals.get("__name__", ""))
    package = module.partition(".")[0]
    return module if package in sys.stdlib_module_names else package


def _cell_and_session(file: str, live: Live) -> tuple[str, str]:
    """Return the cell that has this file name and ran in a session, and the name of that; empty where none did."""
    cells = [f"cell {number}" for number in reversed(cells_of(file))]
    found = ((cell, session.name) for cell in cells for session in live if cell in getattr(session, "cells", ()))
    return next(found, ("", ""))
