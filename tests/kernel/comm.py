"""A front end's comm, without a front end."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from tfsess_magics.core.protocol import PROTOCOL_VERSION, TARGET

from .harness import Kernel
from .outcome import Message


class Comm:
    """One front end's comm with a kernel.

    Its orders go to its subshell, or over the control channel where it has none, as those of the panel do.
    """

    def __init__(self, kernel: Kernel, subshell: str | None) -> None:
        self._kernel = kernel
        self._subshell = subshell
        self._id = uuid.uuid4().hex
        self._requests = itertools.count(1)
        self.revisions: list[int] = []
        """Of all messages that were taken."""

    def open(self, version: int = PROTOCOL_VERSION) -> Message:
        """Open it as a front end that speaks a version of the protocol, and return the snapshot."""
        self.opening = self._request("comm_open", {"target_name": TARGET, "data": {"version": version}})
        return self.next("snapshot")

    def close(self) -> str:
        """Close it and return the id of the request."""
        return self._request("comm_close", {"data": {}})

    def send(self, data: Any, *, channel: str = "") -> str:
        """Send anything and return the id of the request."""
        channel = channel or ("control" if self._subshell is None else "shell")
        return self._request("comm_msg", {"data": data}, channel)

    def order(self, type_: str, *, channel: str = "", **fields: Any) -> Message:
        """Give an order and return the reply to it; news that came before it stays to be taken."""
        number = next(self._requests)
        self.send({"type": type_, "request": number, **fields}, channel=channel)
        return self._take(lambda data: data.get("request") == number, f"the reply to {type_}", alone=True)

    def next(self, type_: str) -> Message:
        """Wait for a message of that type, take it and all before it, and return it."""
        return self._take(lambda data: data.get("type") == type_, type_)

    def next_session(self, **facts: Any) -> Message:
        """Wait for the news of a session of which those facts are true, take it and all before it, and return it."""
        return self._take(
            lambda data: data.get("type") == "changed" and facts.items() <= data["session"].items(), f"{facts}"
        )

    def waiting(self) -> list[Message]:
        """Return what has come and was not taken."""
        return [m["content"]["data"] for m in self._kernel.unasked("comm_msg") if m["content"]["comm_id"] == self._id]

    def is_closed_by_the_kernel(self) -> bool:
        """Say whether the kernel has closed it."""
        return any(
            message["content"]["comm_id"] == self._id
            for messages in self._kernel.came.values()
            for message in messages
            if message["msg_type"] == "comm_close"
        )

    def _take(self, is_it: Any, what: str, *, alone: bool = False) -> Message:
        def come() -> Message | None:
            mine = [m for m in self._kernel.unasked("comm_msg") if m["content"]["comm_id"] == self._id]
            for index, message in enumerate(mine):
                if is_it(message["content"]["data"]):
                    for taken in mine[index if alone else 0 : index + 1]:
                        self._kernel.came[""].remove(taken)
                        if "revision" in taken["content"]["data"]:
                            self.revisions.append(taken["content"]["data"]["revision"])
                    data: Message = message["content"]["data"]
                    return data
            return None

        found: Message = self._kernel.wait(come, what)
        return found

    def _request(self, type_: str, content: dict[str, Any], channel: str = "shell") -> str:
        return self._kernel.request(channel, type_, {"comm_id": self._id, **content}, subshell=self._subshell)


@contextmanager
def opened(kernel: Kernel) -> Iterator[tuple[Comm, Message]]:
    """Open a comm, on a subshell of its own where the kernel has them, and give it and its snapshot."""
    with kernel.subshell() if kernel.has_subshells else nullcontext() as subshell:
        comm = Comm(kernel, subshell)
        snapshot = comm.open()
        try:
            yield comm, snapshot
        finally:
            kernel.idle(comm.close())
