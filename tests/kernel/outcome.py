"""What came back for one execute request, as a front end sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Message = Mapping[str, Any]

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_OUTPUTS = frozenset(
    {"execute_result", "display_data", "update_display_data", "clear_output", "error", "stream", "execute_input"}
)


@dataclass(frozen=True)
class Output:
    """One message of the iopub channel."""

    type: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """A reply and all outputs, in order; colours are taken out, and a stream's neighbouring pieces are one."""

    status: str
    ename: str
    evalue: str
    traceback: str
    execution_count: int | None
    user_expressions: Mapping[str, Any]
    payload: Sequence[Mapping[str, Any]]
    prompts: tuple[str, ...]
    """What ``input()`` asked for."""
    outputs: tuple[Output, ...]

    def stream(self, name: str = "stdout") -> str:
        """Return what went to a stream."""
        return "".join(o.content["text"] for o in self.outputs if o.type == "stream" and o.content["name"] == name)

    @property
    def result(self) -> str | None:
        """The plain text of the value that the cell displayed as its own."""
        texts = [o.content["data"]["text/plain"] for o in self.outputs if o.type == "execute_result"]
        return texts[-1] if texts else None

    @property
    def displayed(self) -> tuple[Mapping[str, Any], ...]:
        """The data of each rich display."""
        return tuple(o.content["data"] for o in self.outputs if o.type == "display_data")

    @property
    def text(self) -> str:
        """Everything that can be read."""
        shown = [str(o.content.get("data", "")) for o in self.outputs]
        return "\n".join([self.stream(), self.stream("stderr"), self.traceback, *shown])

    def points_at(self, line: int) -> bool:
        """Say whether the traceback names a line of the cell, in whichever form."""
        forms = rf"\bline {line}\b|^-+> {line} |<\w+>:{line}\b"
        return re.search(forms, self.text, re.MULTILINE) is not None


def outcome_of(reply: Message, iopub: Sequence[Message], prompts: Sequence[str]) -> Outcome:
    """Put the messages that answer one request together."""
    content = reply["content"]
    return Outcome(
        status=content["status"],
        ename=content.get("ename", ""),
        evalue=content.get("evalue", ""),
        traceback=_plain("\n".join(content.get("traceback", ()))),
        execution_count=content.get("execution_count"),
        user_expressions=content.get("user_expressions", {}),
        payload=_plain(content.get("payload", [])),
        prompts=tuple(prompts),
        outputs=tuple(_outputs(iopub)),
    )


def _outputs(iopub: Sequence[Message]) -> list[Output]:
    found: list[Output] = []
    for message in iopub:
        if message["msg_type"] not in _OUTPUTS:
            continue
        output = Output(message["msg_type"], _plain(message["content"]))
        last = found[-1] if found else None
        if last and output.type == last.type == "stream" and output.content["name"] == last.content["name"]:
            found[-1] = Output("stream", {**last.content, "text": last.content["text"] + output.content["text"]})
        else:
            found.append(output)
    return found


def _plain(value: Any) -> Any:
    return mapped(value, lambda text: _ANSI.sub("", text))


def mapped(value: Any, change: Any) -> Any:
    """Return `value` with `change` done to every text in it."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: mapped(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(mapped(item, change) for item in value)
    return value
