"""Begins a TensorFlow session anew, in the same Python object."""

from __future__ import annotations

import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.client.session import BaseSession

from tfsess_magics.tf.instances import instances

_FUNCTIONS = (
    "ExtendSession",
    "TF_CloseSession",
    "TF_DeleteSession",
    "TF_DeleteSessionOptions",
    "TF_NewSessionOptions",
    "TF_NewSessionRef",
)
_METHODS = ("_call_tf_sessionrun", "_call_tf_sessionprun", "_extend_graph")
_ATTRIBUTES = ("_closed", "_config", "_target")


def missing_parts(session: BaseSession | None = None) -> list[str]:
    """Return the names of TensorFlow's private parts that `begin_anew` needs, and that this TensorFlow lacks.

    Parameters
    ----------
    session
        The one that is to begin anew; without it, what can be known before there is one.
    """
    graph = tf.Graph() if session is None else session.graph
    missing = [f"pywrap_tf_session.{name}" for name in _FUNCTIONS if not hasattr(pywrap_tf_session, name)]
    missing += [f"BaseSession.{name}" for name in _METHODS if not hasattr(BaseSession, name)]
    missing += [] if hasattr(graph, "_session_run_lock") else ["Graph._session_run_lock"]
    missing += [] if hasattr(getattr(graph, "_c_graph", None), "get") else ["Graph._c_graph.get"]
    if session is not None:
        missing += [f"BaseSession.{name}" for name in _ATTRIBUTES if not hasattr(session, name)]
    return missing


def begin_anew(session: BaseSession) -> int:
    """Put a new C session in the place of the closed one; return how many callables went with that."""
    with session.graph._session_run_lock():
        callables = _release_callables(session)
        closed = session._session
        options = pywrap_tf_session.TF_NewSessionOptions(target=session._target, config=session._config)
        try:
            with session.graph._c_graph.get() as graph:
                session._session = pywrap_tf_session.TF_NewSessionRef(graph, options)
        finally:
            pywrap_tf_session.TF_DeleteSessionOptions(options)
        pywrap_tf_session.TF_DeleteSession(closed)
        pywrap_tf_session.ExtendSession(session._session)
    return callables


def _release_callables(session: BaseSession) -> int:
    """Take their handles from the callables of a session: the new C session may give them to others."""
    released = 0
    for made in instances(BaseSession._Callable):
        if made.__dict__.get("_session") is session:
            released += made._handle is not None
            made._handle = None
    return released
