"""The questions to servers, in threads of their own, as a server may not answer.

`OnServer` asks a server once a run has succeeded there, and again when other runs have ended or a reader looks. Each
answer has `Settings.server_patience`. Until then nothing is known, and where no answer comes the row says so.

The thread keeps the user's session only during the step that asks for its variables; a stop waits for that step. Of
operations that no run has shown to the server it asks nothing: their variables may have a value from another session.
So before the first run that succeeds nothing is known of the server, nor of a variable that no run has used.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections import deque
from collections.abc import Callable
from threading import get_ident

import tensorflow as tf
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.model import DeviceInfo
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.settings import settings
from tfsess_magics.tf.cluster.devices import described
from tfsess_magics.tf.cluster.server_devices import list_devices
from tfsess_magics.tf.stopping.gate import USES
from tfsess_magics.tf.variables.graph_variables import GraphVariables

_log = logging.getLogger(__name__)


class Server:
    """Puts questions to one server, one after the other, in a thread that lives as long as there are any.

    Any thread may call it. Nothing waits for the thread, neither a lock nor the end of the process.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self._changing = threading.Lock()
        self._questions: deque[Callable[[], None]] = deque()
        self._thread: threading.Thread | None = None

    def ask(self, question: Callable[[], None]) -> None:
        """Have `question` called in the server's thread; it never raises."""
        with self._changing:
            self._questions.append(question)
            if self._thread is None or not self._thread.is_alive():  # an interrupt may have kept one from starting
                name = f"tfsess_magics asks {self._target}"
                self._thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changing:
                if not self._questions:
                    self._thread = None
                    return
                question = self._questions.popleft()
            question()


_servers: weakref.WeakValueDictionary[str, Server] = weakref.WeakValueDictionary()


class OnServer:
    """The answers of a server on one session: its devices, and which variables have a value.

    It keeps the session alive only while the server is given time to answer. Any thread may call it.

    Parameters
    ----------
    session
        Returns the session, None when it is gone.
    """

    def __init__(self, session: Callable[[], BaseSession | None], meter: RunMeter, variables: GraphVariables) -> None:
        self._get_session = session
        self._meter = meter
        self._variables = variables
        self._server: Server | None = None
        self._asked: object = None
        """The runs after which it was asked last."""
        self.devices: tuple[DeviceInfo, ...] | None = None
        """The devices of the session, None as long as they are not known."""
        self.answers: bool | None = None
        """True if the server answered the last question, None if it was not asked yet."""

    def ask(self, *, again: bool = False) -> None:
        """Have the server asked, if there is one, a run has succeeded there and others have ended since.

        Parameters
        ----------
        again
            Ask also if there was no answer to the same question.
        """
        runs, is_silent = (self._meter.runs, self._meter.table.running_since), self.answers is False
        is_known = self.devices is not None and self._variables.are_known and not is_silent
        if is_known or not self._meter.has_succeeded or (runs == self._asked and not (again and is_silent)):
            return
        session = self._get_session()
        if session is None or not session._target:
            return
        self._asked = runs
        if self._server is None:
            target = session._target.decode()
            self._server = _servers.setdefault(target, Server(target))
        self._server.ask(self._find_out)

    def _find_out(self) -> None:
        try:
            self.answers = self._is_answered()
        except Exception:  # noqa: BLE001 - not known is the truth
            _log.debug("a server could not be asked", exc_info=True)
        self._meter.changed()

    def _is_answered(self) -> bool | None:
        """Ask, and return whether there was an answer; None if there is no session to ask for."""
        session = self._get_session()
        if session is None or session._closed:
            return None
        target, config = session._target, session._config
        try:
            self._ask_variables(session)
            del session  # listing the devices needs nothing of it
            if self.devices is None or self.answers is False:
                self.devices = described(list_devices(target, config, settings.server_patience))
        except (tf.errors.DeadlineExceededError, tf.errors.UnavailableError):
            return False
        return True

    @USES.follow
    def _ask_variables(self, session: BaseSession) -> None:
        """Ask which have a value, unless the session is being stopped: its C session would be deleted meanwhile."""
        thread = get_ident()
        self._meter.in_use[thread] = None
        try:
            if self._meter.stop is None:
                self._variables.ask_server(session, settings.server_patience)
        finally:
            self._meter.in_use.pop(thread, None)
