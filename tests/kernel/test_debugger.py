"""The notebook's debugger stops in the body of a ``%%tfsession`` cell."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from .harness import Kernel
from .pair import HEADER, IN_EAGER, IN_SESSION, PLAIN, PREPARE, require_outside

_sequence = itertools.count(1)


def _ask(kernel: Kernel, command: str, **arguments: Any) -> Any:
    request = {"type": "request", "seq": next(_sequence), "command": command, "arguments": arguments}
    reply = kernel.reply(kernel.request("control", "debug_request", request))
    assert reply["success"], reply
    return reply.get("body", {})


@pytest.fixture(scope="module")
def debugged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with the debugger on, as a front end starts it."""
    with Kernel(tmp_path_factory.mktemp("debugged")) as kernel:
        assert kernel.run(PREPARE).status == "ok"
        client = {
            "clientID": "tests",
            "adapterID": "",
            "pathFormat": "path",
            "linesStartAt1": True,
            "columnsStartAt1": True,
        }
        _ask(kernel, "initialize", **client, supportsVariableType=True, supportsRunInTerminalRequest=True, locale="en")
        _ask(kernel, "attach")
        yield kernel


@pytest.mark.parametrize(("header", "inside"), [(PLAIN, IN_EAGER), (HEADER, IN_SESSION)], ids=["plain", "session"])
@pytest.mark.parametrize("body", ["mark()\nx = 1\ny = x + 1\ny", "mark()\nx = await asyncio.sleep(0, 1)\ny = x + 1\ny"])
def test_breakpoint_stops_in_the_body(debugged: Kernel, header: str, inside: tuple[bool, bool], body: str) -> None:
    """A breakpoint in the cell's third line of code stops there, shows its variables, and the cell goes on."""
    code = f"{header}\n{body}"
    source = {"path": _ask(debugged, "dumpCell", code=code)["sourcePath"]}
    set_ = _ask(debugged, "setBreakpoints", source=source, breakpoints=[{"line": 4}], sourceModified=False)
    assert set_["breakpoints"][0]["verified"]
    _ask(debugged, "configurationDone")
    request = debugged.send(code)
    stopped = debugged.event("debug_event", "stopped")["body"]
    assert stopped["reason"] == "breakpoint"
    frames = _ask(debugged, "stackTrace", threadId=stopped["threadId"])["stackFrames"]
    assert (frames[0]["line"], frames[0]["source"]["path"]) == (4, source["path"])
    assert _ask(debugged, "evaluate", expression="x", frameId=frames[0]["id"], context="repl")["result"] == "1"
    _ask(debugged, "continue", threadId=stopped["threadId"])
    assert debugged.outcome(request).result == "2"
    require_outside(debugged, inside)
