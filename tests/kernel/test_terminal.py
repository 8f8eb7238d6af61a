"""``%%tfsession`` cells in terminal IPython and in jupyter console."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from .harness import ENVIRONMENT, TIMEOUT
from .train import GO

_PROMPT = r"In \[\d+\]: "


class Terminal:
    """A shell behind a pseudo-terminal; used by one thread."""

    def __init__(self, command: list[str], home: Path) -> None:
        env = {**os.environ, **ENVIRONMENT, "IPYTHONDIR": str(home), "TERM": "dumb", "NO_COLOR": "1"}
        arguments = ["-m", *command, "--simple-prompt"]
        self._child = pexpect.spawn(sys.executable, arguments, env=env, cwd=str(home), encoding="utf-8", echo=False)
        self._child.timeout = TIMEOUT
        self._child.expect(_PROMPT)

    def _type(self, cell: str) -> None:
        """Type a cell; empty lines end one of several lines."""
        lines = cell.split("\n")
        if len(lines) > 1:
            lines += ["", ""]
        for line in lines[:-1]:
            self._child.sendline(line)
            self._child.expect_exact("...: ")
        self._child.sendline(lines[-1])

    def run(self, cell: str) -> str:
        """Type a cell and return what is written until the next prompt."""
        self._type(cell)
        return self._written()

    def interrupt(self, cell: str, at: str) -> str:
        """Type a cell, press Ctrl-C once it has written `at`, and return what is written after that."""
        self._type(cell)
        self._child.expect_exact(at)
        self._child.sendintr()
        return self._written()

    def _written(self) -> str:
        self._child.expect(_PROMPT)
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", str(self._child.before))

    def close(self) -> None:
        """Leave the shell."""
        self._child.sendline("exit")
        self._child.expect(pexpect.EOF)
        self._child.close()


class IPythonTerminal(Terminal):
    """IPython in a terminal."""

    def __init__(self, home: Path) -> None:
        super().__init__(["IPython", "--no-banner"], home)


class Console(Terminal):
    """jupyter console, whose simple prompt takes single lines: a cell goes to its kernel through ``run_cell``."""

    def __init__(self, home: Path) -> None:
        super().__init__(["jupyter_console"], home)

    def _type(self, cell: str) -> None:
        super()._type(f"_ran = get_ipython().run_cell({cell!r})" if "\n" in cell else cell)


@pytest.fixture(scope="module", params=[IPythonTerminal, Console])
def terminal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Each kind of terminal in turn, with the extension and TensorFlow loaded."""
    terminal: Terminal = request.param(tmp_path_factory.mktemp("terminal"))
    terminal.run("%load_ext tfsess_magics")
    terminal.run("import tensorflow as tf, time")
    yield terminal
    terminal.close()


def test_session_is_opened_used_listed_closed(terminal: Terminal) -> None:
    """A session that one cell opens is there for the next, is listed, and is gone after close."""
    assert "'x:0'" in terminal.run("%%tfsession term\nx = tf.compat.v1.placeholder(tf.float32, name='x')\nx.name")
    assert "[False, True]" in terminal.run(
        "%%tfsession term\n[tf.executing_eagerly(), x.graph is tf.compat.v1.get_default_graph()]"
    )
    assert "term" in terminal.run("%tfsession")
    assert "closed term" in terminal.run("%tfsession close term")
    assert "No session is open" in terminal.run("%tfsession")
    assert "(True, None)" in terminal.run("tf.executing_eagerly(), tf.compat.v1.get_default_session()")


def test_error_and_header_error(terminal: Terminal) -> None:
    """An error shows the body's line and no frame of ours; a wrong header shows one line."""
    shown = terminal.run("%%tfsession term\ny = 1\n1/0")
    assert "ZeroDivisionError" in shown
    assert "tfsess_magics" not in shown
    assert re.search(r"-+> 3 ", shown)
    shown = terminal.run("%%tfsession term --treads 2\nprint('bo' + 'dy')")
    assert "UsageError: unknown option --treads" in shown
    assert "body" not in shown
    assert "(True, None)" in terminal.run("tf.executing_eagerly(), tf.compat.v1.get_default_session()")


def test_interrupt(terminal: Terminal) -> None:
    """Ctrl-C ends a body, and the next cell is eager.

    Python misses one that comes just before a sleep begins, until that ends.
    """
    body = "print('go')\nwhile True: time.sleep(0.01)"
    assert "KeyboardInterrupt" in terminal.interrupt(f"%%tfsession term\n{body}", at="go")
    assert "(True, None)" in terminal.run("tf.executing_eagerly(), tf.compat.v1.get_default_session()")


def test_interrupt_of_a_run_that_waits(terminal: Terminal) -> None:
    """Ctrl-C ends a run that waits, and the variables keep their values."""
    terminal.run(
        f"%%tfsession waits\n{GO.strip()}\nsess = tf.compat.v1.get_default_session()\n"
        "v = tf.compat.v1.get_variable('v', initializer=41.0)\nv.initializer.run()\n"
        "w = tf.compat.v1.FIFOQueue(1, tf.float32).dequeue()"
    )
    shown = terminal.interrupt("%%tfsession waits\ngo()\nw.eval()", at="go")
    assert "KeyboardInterrupt" in shown
    assert "Kept: 1 variable (4 B)" in shown
    assert "42.0" in terminal.run("%%tfsession waits\n(v + 1).eval()")
    assert "closed waits" in terminal.run("%tfsession close waits")


@pytest.mark.parametrize("command", [["IPython", "--no-banner"], ["jupyter_console"]], ids=["IPython", "console"])
def test_tab(command: list[str], tmp_path: Path) -> None:
    """Tab completes a verb, and the line is run."""
    env = {**os.environ, **ENVIRONMENT, "IPYTHONDIR": str(tmp_path), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
    child = pexpect.spawn(sys.executable, ["-m", *command], env=env, cwd=str(tmp_path), encoding="utf-8")
    child.timeout = TIMEOUT
    escapes = r"(?:\x1b\[[0-9;?]*[a-zA-Z]|\s)*"
    child.expect(rf"In {escapes}\[{escapes}1")
    child.send("%load_ext tfsess_magics\r")
    child.expect(rf"In {escapes}\[{escapes}2")
    child.send("%tfsession sto\t")
    child.expect(rf"sto{escapes}p")
    child.send("\r")
    child.expect(r"usage: %tfsession stop NAME .* got nothing")
    child.expect(rf"In {escapes}\[{escapes}3")
    child.send("exit\r")
    child.expect(pexpect.EOF)
    child.close()


def test_await_in_ipython(tmp_path: Path) -> None:
    """A body may await in terminal IPython, whose event loop runs for that cell only."""
    terminal = IPythonTerminal(tmp_path)
    terminal.run("%load_ext tfsess_magics")
    shown = terminal.run(
        "%%tfsession term\nimport asyncio, tensorflow as tf\n"
        "r = await asyncio.sleep(0, 'done')\n(r, tf.executing_eagerly())"
    )
    assert "('done', False)" in shown
    assert "True" in terminal.run("tf.executing_eagerly()")
    terminal.close()
