"""The comms over which front ends hear of sessions and give orders."""

from __future__ import annotations

import functools
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tfsess_magics.core.feed import Feed
from tfsess_magics.core.notice import Notice, Topic
from tfsess_magics.core.orders import carry_out_message
from tfsess_magics.core.protocol import (
    PROTOCOL_VERSION,
    TARGET,
    Announcement,
    FromKernel,
    encode,
)
from tfsess_magics.core.registry import SessionRegistry
from tfsess_magics.notebook.comm.busy import RunningCells
from tfsess_magics.notebook.comm.subshells import SubshellRequests


@dataclass(frozen=True)
class _OpenComm:
    comm: Any
    subshell: str | None
    unsubscribe: Callable[[], None]


class _Beacon:
    """A comm that the kernel registers and never opens; it sends nothing over it."""

    def __init__(self) -> None:
        self.comm_id = uuid.uuid4().hex
        self.target_name = TARGET
        self.topic = f"comm-{self.comm_id}".encode("ascii")

    def handle_msg(self, message: Any) -> None:
        """Leave a message unanswered."""

    def handle_close(self, message: Any) -> None:
        """Leave a close unanswered."""


class Channel:
    """The kernel's side of every front end's comm.

    Front ends open the comms. The kernel opens none to talk over: it would broadcast that, and a window that does not
    know the target would close it for all. A front end that asks for comms of the target finds the beacon.

    A comm ends when its front end closes it, or ends the subshell in which it was opened. A front end that goes while a
    cell runs has no other way to be heard. A message to the subshell would be lost with it, and one to the main shell
    would wait for the cell.

    `install` and `uninstall` are the shell's thread's to call. Messages arrive in whichever thread, or subshell, the
    front end chose. They also arrive on the control channel, where a kernel by itself knows no messages of comms.
    """

    def __init__(self, kernel: Any, registry: SessionRegistry[Any], feed: Feed, running: RunningCells) -> None:
        self._kernel = kernel
        self._registry = registry
        self._running = running
        self._feed = feed
        self._subshells = SubshellRequests(kernel, self._subshell_done)
        self._changing = threading.Lock()
        """Held while a comm is opened: a page that has its snapshot may unload the extension before that."""
        self._is_installed = False
        self._comms: dict[str, _OpenComm] = {}
        self._beacon = _Beacon()
        self._news: list[str] = []

    def install(self) -> None:
        """Answer front ends from now on, and tell those that are there."""
        self._is_installed = True
        manager = self._kernel.comm_manager
        manager.register_target(TARGET, self._open)
        manager.register_comm(self._beacon)
        self._send(self._beacon, Announcement(TARGET, PROTOCOL_VERSION))
        self._subshells.install()

        self._kernel.control_handlers["comm_msg"] = self._receive_on_control

    def uninstall(self) -> None:
        """Close every comm. Harmless when `install` was not called, or failed half way."""
        self._kernel.control_handlers.pop("comm_msg", None)
        self._subshells.uninstall()
        manager = self._kernel.comm_manager
        if TARGET in manager.targets:
            manager.unregister_target(TARGET, self._open)
        if self._beacon.comm_id in manager.comms:
            manager.unregister_comm(self._beacon)
        with self._changing:
            self._is_installed = False
            for opened in list(self._comms.values()):
                opened.unsubscribe()
                opened.comm.close()
            self._comms.clear()

    def news(self) -> list[Notice]:
        """Return what to say after a cell of the front ends that have connected since."""
        news, self._news = self._news, []
        return [Notice(Topic.FRONT_ENDS, sentence) for sentence in news]

    def _look_at_version(self, data: object) -> None:
        """Say after the next cell what to upgrade, if a front end that opens its comm speaks another version."""
        version = data.get("version") if isinstance(data, dict) else None
        if type(version) is int and version != PROTOCOL_VERSION:
            self._news.append(_say_mismatch(version))

    def _open(self, comm: Any, message: Any) -> None:
        # IPython's own handler would trigger pre_execute and post_execute, which for example flush the figure that a
        # running cell is drawing.
        comm.handle_msg = functools.partial(self._receive, comm)
        comm.on_close(functools.partial(self._close, comm))
        with self._changing:
            if earlier := self._comms.get(comm.comm_id):
                # Left alone it would be told of everything, and close this one in the front end when it is collected.
                self._kernel.comm_manager.register_comm(earlier.comm)
                self._end(comm.comm_id)
                self._kernel.comm_manager.register_comm(comm)
            if self._is_installed:
                unsubscribe = self._feed.subscribe(functools.partial(self._send, comm))
                self._comms[comm.comm_id] = _OpenComm(comm, message["header"].get("subshell_id"), unsubscribe)
            else:
                comm.close()
        self._look_at_version(message["content"].get("data"))
        self._running.say_busy()

    def _close(self, comm: Any, _: Any) -> None:
        if opened := self._comms.pop(comm.comm_id, None):
            opened.unsubscribe()
        self._running.say_busy()

    def _subshell_done(self, ended: str | None) -> None:
        for comm_id in [comm_id for comm_id, opened in self._comms.items() if ended and opened.subshell == ended]:
            self._end(comm_id)
        self._running.say_busy()

    def _end(self, comm_id: str) -> None:
        """Have a comm end as if its front end had closed it."""
        self._kernel.comm_manager.comm_close(None, None, {"content": {"comm_id": comm_id}})

    def _receive(self, comm: Any, message: Any) -> None:
        self._answer(comm, message)
        self._running.say_busy()

    def _answer(self, comm: Any, message: Any) -> None:
        data = message["content"]["data"]
        reply = carry_out_message(data, self._registry)
        if isinstance(data, dict) and data.get("type") == "refresh":
            self._feed.send_snapshot(functools.partial(self._send, comm))
        self._send(comm, reply)

    def _receive_on_control(self, _: Any, __: Any, message: Any) -> None:
        """Carry out an order that must not wait for the cell in a kernel without subshells."""
        with self._changing:  # the front end may have its snapshot before `_open` has noted its comm
            opened = self._comms.get(message["content"].get("comm_id"))
        if opened:
            threading.Thread(target=self._answer, args=(opened.comm, message), daemon=True).start()
        self._running.say_busy()

    def _send(self, comm: Any, message: FromKernel) -> None:
        # Not comm.send: it names the cell that happens to run as the cause of the message. It also notes the subshell
        # of that cell as the one in which the comm wants its answers. Then orders wait for the cell.
        self._kernel.session.send(
            self._kernel.iopub_socket,
            "comm_msg",
            {"comm_id": comm.comm_id, "data": encode(message)},
            ident=comm.topic,
        )


def _say_mismatch(version: int) -> str:
    """Say what to upgrade for a front end that speaks another version of the protocol."""
    if version > PROTOCOL_VERSION:
        remedy = "Upgrade tfsess_magics in this kernel (%pip install --upgrade tfsess_magics), and restart it"
    else:
        remedy = "Upgrade tfsess_magics in the environment in which JupyterLab runs, restart that, and reload the page"
    return (
        f"the TensorFlow Sessions panel cannot list the sessions of this kernel: the panel speaks version {version} of "
        f"the protocol, this kernel version {PROTOCOL_VERSION}. {remedy}"
    )
