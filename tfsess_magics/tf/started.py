"""Threads that are started inside a named session, and are not in it themselves."""

from __future__ import annotations

import logging
import threading
import weakref
from typing import Any

from tensorflow.python.eager import context
from tensorflow.python.framework import ops
from tensorflow.python.framework.func_graph import FuncGraph

from tfsess_magics.tf.guard import caller, say_unbound
from tfsess_magics.tf.stay import Stay, innermost_stay

_log = logging.getLogger(__name__)

_BEGIN = "_set_ident"
"""What a thread calls first of its own methods (threading.py, ``_bootstrap_inner``), before it runs anybody's code."""

_followed: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


def is_followed(thread: threading.Thread) -> bool:
    """Say whether the thread tells of its first eager operation."""
    return thread in _followed


def follow(thread: threading.Thread) -> None:
    """Have a thread that the calling one is about to start tell the session's stay of its first eager operation.

    It leaves nothing in the thread's way but a callback of TensorFlow's, which goes with the first operation.
    """
    stay = innermost_stay()
    if stay is None or stay.session.kind.is_eager or thread.ident is not None:
        return
    seen = weakref.ref(stay)
    begin = getattr(thread, _BEGIN)

    def begin_noted() -> None:
        leave(thread)
        begin()
        try:
            context.context().add_op_callback(_Note(seen))
        except Exception:  # noqa: BLE001 - the thread is the user's
            _log.debug("a thread could not be followed", exc_info=True)

    _followed.add(thread)
    thread.__dict__[_BEGIN] = begin_noted


def leave(thread: threading.Thread) -> None:
    """Leave nothing on the thread."""
    thread.__dict__.pop(_BEGIN, None)


class _Note:
    """A callback that TensorFlow calls after an operation of one thread; it takes itself away.

    Parameters
    ----------
    stay
        Returns the stay in which the thread was started, None when that is gone.
    """

    def __init__(self, stay: weakref.ref[Stay]) -> None:
        self._stay = stay

    def __call__(self, op_type: str, *args: Any, **kwargs: Any) -> Any:
        """Tell of the operation if it is eager, or traced for a function that is."""
        callbacks = context.context().op_callbacks
        place = callbacks.index(self)
        del callbacks[place]
        self._tell(op_type, kwargs.get("graph"))
        # TensorFlow, which goes through the list, passes over what takes this place.
        return callbacks[place](op_type, *args, **kwargs) if place < len(callbacks) else None

    def _tell(self, op_type: str, graph: Any) -> None:
        try:
            stay = self._stay()
            if stay is None or innermost_stay() is not None or not _is_eager(graph):
                return
            who = caller()
            notice = who and say_unbound(who, stay.session.name, op_type)
            if notice and notice not in stay.notices:
                stay.notices.append(notice)
        except Exception:  # noqa: BLE001 - as above
            _log.debug("an operation in a thread could not be noted", exc_info=True)


def _is_eager(graph: Any) -> bool:
    while isinstance(graph, FuncGraph):
        graph = graph.outer_graph
        if graph is ops._default_graph_stack._global_default_graph:
            return True
    return graph is None
