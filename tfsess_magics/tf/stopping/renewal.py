"""Begins a TensorFlow session anew, in the same Python object.

That needs private parts of TensorFlow (`tfsess_magics.tf.internals.STOP`), and of the session, which this module looks
for before a cut. If one is missing, a stop refuses its order, and an interrupt does what it does in plain TensorFlow
(`tests/tf/stopping/test_stop_unavailable.py`).
"""

from __future__ import annotations

import sys
from contextlib import suppress

import tensorflow as tf
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf.internals import STOP
from tfsess_magics.tf.runs.callables import give_none_below, take_numbers

_ATTRIBUTES = ("_closed", "_config", "_target")


def missing_parts(session: BaseSession) -> tuple[str, ...]:
    """Return the names of TensorFlow's private parts that `begin_anew` needs for a session, and that are missing."""
    return *STOP.missing, *(f"BaseSession.{name}" for name in _ATTRIBUTES if not hasattr(session, name))


class NewSession:
    """A C session that is to take the place of the one of a session, on the same graph.

    It has the same target and configuration, and its own resources. In this process no two C sessions share any, as
    each makes its own devices (``DirectSessionFactory::NewSession``, direct_session.cc).

    Parameters
    ----------
    session
        The one whose C session is to be replaced.
    unnoted
        The number that no callable may have, and none below it; see `unnoted_below`.
    """

    def __init__(self, session: BaseSession, unnoted: int) -> None:
        self.graph: tf.Graph = session.graph
        with self.graph._session_run_lock():
            options = pywrap_tf_session.TF_NewSessionOptions(target=session._target, config=session._config)
            try:
                with self.graph._c_graph.get() as graph:
                    self._session = pywrap_tf_session.TF_NewSessionRef(graph, options)
            finally:
                pywrap_tf_session.TF_DeleteSessionOptions(options)
            self.version: int = self.graph.version
            """Of the graph that it has certainly seen."""
            try:
                pywrap_tf_session.ExtendSession(self._session)
                give_none_below(unnoted, self._session, self.graph)
            except BaseException:
                self.drop()
                raise

    def drop(self) -> None:
        """Close it, where it is not needed."""
        with suppress(tf.errors.OpError):
            pywrap_tf_session.TF_CloseSession(self._session)
        pywrap_tf_session.TF_DeleteSession(self._session)


def begin_anew(session: BaseSession, new: NewSession, meter: RunMeter) -> None:
    """Put a new C session in the place of the closed one."""
    with session.graph._session_run_lock():
        take_numbers(session)
        closed, session._session = session._session, new._session
        meter.version = new.version
        meter.gone_callables = sys.maxsize if meter.unnoted_callables is None else meter.unnoted_callables
        pywrap_tf_session.TF_DeleteSession(closed)
