"""A kernel of our own, spoken to as a front end speaks to it."""

from __future__ import annotations

import ast
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import zmq
from jupyter_client.manager import KernelManager

from .outcome import Message, Outcome, outcome_of

TIMEOUT = 180.0
"""Seconds after which something that has to come is taken to be missing."""

ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUNBUFFERED": "1"}


class Kernel:
    """One ipykernel and its client, used by one thread. Every wait ends with a failure after `TIMEOUT`.

    Messages are sorted by the request that they answer, so that several requests may be under way.
    """

    def __init__(self, home: Path) -> None:
        self._manager = KernelManager(transport="ipc", ip=str(home / "ipc"))
        env = {**os.environ, **ENVIRONMENT, "IPYTHONDIR": str(home), "JUPYTER_RUNTIME_DIR": str(home)}
        self._manager.start_kernel(env=env, cwd=str(home))
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=TIMEOUT)
        self._receive: dict[Any, Callable[..., Message]] = {
            self._client.iopub_channel.socket: self._client.get_iopub_msg,
            self._client.shell_channel.socket: self._client.get_shell_msg,
            self._client.stdin_channel.socket: self._client.get_stdin_msg,
            self._client.control_channel.socket: self._client.get_control_msg,
        }
        self._poller = zmq.Poller()
        for socket in self._receive:
            self._poller.register(socket, zmq.POLLIN)
        self._answers = True
        self.came: defaultdict[str, list[Message]] = defaultdict(list)

    def interrupt(self) -> None:
        """Send SIGINT, and a request that wakes the kernel's event loop.

        While a cell awaits, ipykernel's handler only queues a callback, and the loop sleeps on (tornado's
        ``add_callback`` in the loop's own thread does not wake it): ipykernel 7.4, ``_cancel_on_sigint``.
        """
        self._manager.interrupt_kernel()
        self.request("shell", "kernel_info_request", {})

    @property
    def manager(self) -> KernelManager:
        return self._manager

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.stop_channels()
        self._client.context.destroy()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()

    def run(
        self, code: str, *, answers: Iterable[str] = (), interrupt_at: str | Iterable[str] = (), **request: Any
    ) -> Outcome:
        """Run a cell to its end.

        Parameters
        ----------
        answers
            What to say to ``input()``, in turn; what asks for more waits.
        interrupt_at
            Interrupt the kernel as soon as the cell has printed this; of several texts, once for each in turn.
        **request
            As `send` takes it. Where the cell fails, the kernel does not abort what comes next: older ones do so for a
            while after the reply.
        """
        sent = self.send(code, **{"stop_on_error": False, **request})
        return self.outcome(sent, answers=answers, interrupt_at=interrupt_at)

    def send(
        self,
        code: str,
        *,
        silent: bool = False,
        store_history: bool = True,
        user_expressions: Mapping[str, str] | None = None,
        stop_on_error: bool = True,
        cell_id: str | None = None,
        subshell: str | None = None,
        allow_stdin: bool = True,
    ) -> str:
        """Ask for a cell to be run and return the id of the request."""
        content = {
            "code": code,
            "silent": silent,
            "store_history": store_history,
            "user_expressions": dict(user_expressions or {}),
            "allow_stdin": allow_stdin,
            "stop_on_error": stop_on_error,
        }
        metadata = {"cellId": cell_id} if cell_id else {}
        return self.request("shell", "execute_request", content, metadata=metadata, subshell=subshell)

    def request(
        self, channel: str, type_: str, content: Mapping[str, Any], *, metadata: Any = None, subshell: str | None = None
    ) -> str:
        """Send any request and return its id."""
        message = self._client.session.msg(type_, dict(content), metadata=metadata)
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        getattr(self._client, f"{channel}_channel").send(message)
        return str(message["header"]["msg_id"])

    def reply(self, request: str) -> Message:
        """Wait for the reply to a request and return its content."""
        message = self.wait(lambda: self._first(request, lambda m: m["msg_type"].endswith("_reply")), "a reply")
        content: Message = message["content"]
        return content

    def idle(self, request: str) -> None:
        """Wait until a request was handled."""
        self.wait(
            lambda: self._first(request, lambda m: m["content"].get("execution_state") == "idle"), "idle", request
        )

    def unasked(self, type_: str) -> list[Message]:
        """Return the messages of a type that came on the kernel's own account."""
        return [message for message in self.came[""] if message["msg_type"] == type_]

    @property
    def has_subshells(self) -> bool:
        """True if the kernel can make subshells: ipykernel does from 7.0 on."""
        info = self.reply(self.request("control", "kernel_info_request", {}))
        return "kernel subshells" in info.get("supported_features", [])

    @contextmanager
    def subshell(self) -> Iterator[str]:
        """Make a subshell and give its id."""
        made: str = self.reply(self.request("control", "create_subshell_request", {}))["subshell_id"]
        try:
            yield made
        finally:
            self.reply(self.request("control", "delete_subshell_request", {"subshell_id": made}))

    def outcome(self, request: str, *, answers: Iterable[str] = (), interrupt_at: str | Iterable[str] = ()) -> Outcome:
        """Wait until a cell has ended, and return all that came of it."""
        left, prompts, interrupted = iter(answers), list[str](), False
        texts = [interrupt_at] if isinstance(interrupt_at, str) else list(interrupt_at)

        def end() -> bool:
            nonlocal interrupted
            asked = [m["content"]["prompt"] for m in self.came[request] if m["msg_type"] == "input_request"]
            if texts and texts[0] in self._said(request):
                del texts[0]
                interrupted = True
                self.interrupt()
            if not interrupted:
                for prompt in asked[len(prompts) :]:
                    prompts.append(prompt)
                    if (answer := next(left, None)) is not None:
                        self._client.input(answer)
            replied = self._first(request, lambda m: m["msg_type"] == "execute_reply")
            idle = self._first(request, lambda m: m["content"].get("execution_state") == "idle")
            return replied is not None and idle is not None

        self.wait(end, "the end of a cell", request)
        messages = self.came.pop(request)
        reply = next(m for m in messages if m["msg_type"] == "execute_reply")
        return outcome_of(reply, messages, prompts)

    def said(self, request: str, text: str, times: int = 1) -> None:
        """Wait until the cell of a request has printed `text`, so many times."""
        self.wait(lambda: self._said(request).count(text) >= times, f"the text {text!r}")

    def value(self, expression: str, subshell: str | None = None) -> Any:
        """Return the value of an expression that is a Python literal; nothing of it stays in the kernel's history."""
        outcome = self.run("", store_history=False, user_expressions={"value": expression}, subshell=subshell)
        found = outcome.user_expressions["value"]
        assert found["status"] == "ok", found
        return ast.literal_eval(found["data"]["text/plain"])

    def event(self, type_: str, name: str) -> Message:
        """Wait for a broadcast that answers no particular request, take it, and return its content."""

        def come() -> Message | None:
            for messages in self.came.values():
                for message in messages:
                    if message["msg_type"] == type_ and message["content"].get("event") == name:
                        messages.remove(message)
                        return message
            return None

        content: Message = self.wait(come, f"the {type_} {name}")["content"]
        return content

    def wait(self, come: Callable[[], Any], what: str, request: str = "") -> Any:
        """Receive messages until `come` returns something true, and return that."""
        assert self._answers, "this kernel has ceased to answer"
        deadline = time.monotonic() + TIMEOUT
        while not (found := come()):
            ready = self._poller.poll(int(max(0.0, deadline - time.monotonic()) * 1000))
            self._answers = bool(ready)
            assert ready, f"{what} has not come within {TIMEOUT:.0f} s; this came: {self.came[request]}"
            for socket, _ in ready:
                message = self._receive[socket](timeout=TIMEOUT)
                self.came[message["parent_header"].get("msg_id", "")].append(message)
        return found

    def _first(self, request: str, is_it: Callable[[Message], bool]) -> Message | None:
        return next((message for message in self.came[request] if is_it(message)), None)

    def _said(self, request: str) -> str:
        return "".join(m["content"]["text"] for m in self.came[request] if m["msg_type"] == "stream")
