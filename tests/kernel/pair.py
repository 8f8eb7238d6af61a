"""Two kernels with the same history: one gets ordinary cells, the other the same below ``%%tfsession``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pprint import pformat
from typing import Any

from .harness import Kernel
from .outcome import Outcome, mapped

HEADER = "%%tfsession pair"
PLAIN = "# header"

PREPARE = """\
%load_ext tfsess_magics
import asyncio, sys, threading, time
import tensorflow as tf
modes = []
def blocked():
    "Say so, once the main thread waits for what input() is to return."
    from tfsess_magics.core.frames import current_frames
    main = threading.main_thread().ident
    def wait():
        while current_frames()[main].f_code.co_name != "select": time.sleep(0.001)
        print("go")
    threading.Thread(target=wait).start()
def mark():
    "Note where a cell runs: is it eager, is there a default session."
    modes.append((tf.executing_eagerly(), tf.compat.v1.get_default_session() is not None))
tf.compat.v1.Session(graph=tf.Graph()).list_devices();
"""
_OUTSIDE = """(
    tf.executing_eagerly(),
    tf.compat.v1.get_default_session(),
    tf.compat.v1.get_default_graph().num_operations(),
    modes[:],
    modes.clear(),
)"""

IN_EAGER = (True, False)
IN_SESSION = (False, True)

_VARYING: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"%%tfsession [^\r\n\\']*|# header"), ""),
    (re.compile(r"\bat (0x)?[0-9a-f]{6,}"), "at …"),
    (re.compile(r"ipykernel_\d+"), "ipykernel"),
    (re.compile(r"\b(plain|session)\d+/"), ""),  # the kernels' folders
    (re.compile(r"\b\d+\.py\b"), "cell.py"),
    (re.compile(r"(CPU times: |Wall time: |Parser +: |Compiler +: ).*"), r"\1"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
)

# IPython 9: before, it hides the empty line that stands for the header.
if int(version("ipython").partition(".")[0]) < 9:
    _VARYING += ((re.compile(r"^ +1\n", re.MULTILINE), ""),)


def require_outside(kernel: Kernel, inside: tuple[bool, bool] | None = None) -> None:
    """Check that cells are eager and no session and no graph of a body is left; and that ``mark()`` ran `inside`."""
    *outside, modes, _ = kernel.value(_OUTSIDE)
    assert outside == [True, None, 0], "a cell left TensorFlow's defaults changed"
    assert set(modes) == ({inside} if inside else set()), "a body ran in the wrong place"


class Pair:
    """The kernel `plain` and the kernel `session`; every cell that one gets, the other gets too."""

    def __init__(self, plain: Kernel, session: Kernel) -> None:
        self.plain = plain
        self.session = session
        for kernel, cell in ((plain, PLAIN), (session, HEADER)):
            assert kernel.run(PREPARE).status == "ok"
            assert kernel.run(cell).status == "ok"

    def level(self) -> None:
        """Let the kernel whose history is shorter catch up."""
        counts = {
            kernel: kernel.value("get_ipython().execution_count, modes.clear()")[0]
            for kernel in (self.plain, self.session)
        }
        for kernel, count in counts.items():
            for _ in range(max(counts.values()) - count):
                kernel.run("None")

    def run(self, code: str, **how: Any) -> Outcome:
        """Run an ordinary cell in both kernels, and check that they answer alike."""
        return self._same(self.plain.run(code, **how), self.session.run(code, **how))

    @contextmanager
    def installed(self, install: str, remove: str) -> Iterator[None]:
        """Run `install` in both kernels, and in any case `remove` at the end, as expressions that no hook sees."""
        self.run(install)
        try:
            yield
        finally:
            for kernel in (self.plain, self.session):
                kernel.value(remove)

    def run_body(
        self,
        body: str,
        *,
        header: str = HEADER,
        above: str = "",
        plain: str | None = None,
        newline: str = "\n",
        **how: Any,
    ) -> Outcome:
        """Run `body` as an ordinary cell and as one in a session, and check that nothing tells one from the other.

        Parameters
        ----------
        above
            Lines above the header.
        plain
            The ordinary cell, where it is not the body below a comment.
        newline
            How lines end.

        Returns
        -------
        Outcome
            That of the cell in the session.
        """
        ordinary = f"{above}{PLAIN}\n{body}" if plain is None else above + plain
        in_plain = self.plain.run(ordinary.replace("\n", newline), **how)
        in_session = self.session.run(f"{above}{header}\n{body}".replace("\n", newline), **how)
        outcome = self._same(in_plain, in_session, one_line=plain is not None)
        self.require_outside("mark()" in body)
        return outcome

    def require_outside(self, marked: bool = False) -> None:
        """Check `require_outside` of both kernels."""
        require_outside(self.plain, IN_EAGER if marked else None)
        require_outside(self.session, IN_SESSION if marked else None)

    def _same(self, plain: Outcome, session: Outcome, one_line: bool = False) -> Outcome:
        assert _lines(session, one_line) == _lines(plain, one_line)
        return session


def normal(text: str) -> str:
    """Take out what has to differ: headers, addresses, times."""
    for pattern, instead in _VARYING:
        text = pattern.sub(instead, text)
    return text


def _lines(outcome: Outcome, one_line: bool) -> list[str]:
    """Write out an outcome in `normal` form; with `one_line` also without the empty line for the header."""

    def change(text: str) -> str:
        return normal(text).lstrip("\n") if one_line else normal(text)

    fields = {name: mapped(getattr(outcome, name), change) for name in ("traceback", "evalue", "payload")}
    outputs = tuple(replace(output, content=mapped(output.content, change)) for output in outcome.outputs)
    return pformat(replace(outcome, **fields, outputs=outputs), width=200).splitlines()
