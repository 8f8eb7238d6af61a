"""Begins a TensorFlow session anew, in the same Python object."""

from __future__ import annotations

from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.client.session import BaseSession

from tfsess_magics.tf.instances import instances


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
