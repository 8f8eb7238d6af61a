"""Kernel > Interrupt ends the body of a ``%%tfsession`` cell as it ends an ordinary cell."""

from __future__ import annotations

import pytest

from .harness import Kernel
from .pair import IN_SESSION, Pair, require_outside

SLEEP = "[time.sleep(0.01) for _ in iter(int, 1)]"
"""In many short sleeps: Python misses an interrupt that comes just before one begins, until it ends."""

BODIES = {
    "loop": ("KeyboardInterrupt", "mark()\nsaid = []\nwhile True: said or said.append(print('go'))"),
    "sleep": ("KeyboardInterrupt", f"mark()\nprint('go'); {SLEEP}"),
    "function": ("KeyboardInterrupt", f"def wait():\n    mark()\n    print('go'); {SLEEP}\nwait()"),
    "await": ("CancelledError", "mark()\nprint('go')\nawait asyncio.sleep(600)"),
    "await-in-function": (
        "CancelledError",
        "async def wait():\n    mark()\n    print('go')\n    await asyncio.sleep(600)\nawait wait()",
    ),
    "async-loop": ("CancelledError", "mark()\nprint('go')\nwhile True:\n    await asyncio.sleep(0.001)"),
    "input": ("KeyboardInterrupt", "mark()\nblocked()\ninput()"),
    "cleanup": (
        "KeyboardInterrupt",
        f"try:\n    print('go'); {SLEEP}\nfinally:\n    mark()\n    print('cleaned')",
    ),
    "async-cleanup": (
        "CancelledError",
        (
            "try:\n    print('go')\n    await asyncio.sleep(600)\n"
            "finally:\n    await asyncio.sleep(0)\n    mark()\n    print('cleaned')"
        ),
    ),
    "caught": (
        "",
        f"try:\n    print('go'); {SLEEP}\nexcept KeyboardInterrupt:\n    mark()\n    print('caught')\n'on'",
    ),
    "async-caught": (
        "",
        (
            "try:\n    print('go')\n    await asyncio.sleep(600)\n"
            "except asyncio.CancelledError:\n    mark()\n    print('caught')\n'on'"
        ),
    ),
}


@pytest.mark.parametrize("body", BODIES)
def test_interrupt_ends_a_body_as_it_ends_a_cell(pair: Pair, body: str) -> None:
    """Same error, same line, same frames; the defaults are TensorFlow's own again, and the session goes on."""
    ename, code = BODIES[body]
    outcome = pair.run_body(code, interrupt_at="go")
    assert outcome.ename == ename
    assert "tfsess_magics" not in outcome.traceback
    pair.run_body("mark()")


OPENINGS = {
    "loop": "[print('go'), [0 for _ in iter(int, 1)]]",
    "sleep": f"[print('go'), {SLEEP}]",
}


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("verb", ["%%tfsession", "%tfsession new"])
def test_interrupt_while_a_session_is_being_opened(kernel: Kernel, opening: str, verb: str) -> None:
    """The cell ends with KeyboardInterrupt, its body has not run, no session is there, and the name can be used."""
    body = "\nmark()" if verb.startswith("%%") else ""
    outcome = kernel.run(f"{verb} half --config {OPENINGS[opening]}{body}", interrupt_at="go")
    assert (outcome.status, outcome.ename) == ("error", "KeyboardInterrupt")
    assert "half" not in kernel.value("[s.name for s in __import__('tfsess_magics').sessions()]")
    require_outside(kernel)
    assert kernel.run("%%tfsession half\nmark()").status == "ok"
    assert kernel.run("%tfsession close half").status == "ok"
    require_outside(kernel, IN_SESSION)
