"""Fresh processes in which TensorFlow and IPython are imported, and nothing was done with them.

Each is a fork of one process that a worker of pytest has for each set of TensorFlow's environment variables: that takes
some 20 ms in place of seconds. Tests of what comes before TensorFlow's import start processes of their own.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing.connection import Connection, Pipe
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from tempfile import TemporaryFile
from types import ModuleType
from typing import NamedTuple, TextIO

_PATIENCE = 600.0
"""Seconds after which a process that has to end is taken to hang."""


class Program(NamedTuple):
    """A program to run as a fork: ``python -c CODE ARGUMENTS``."""

    code: str
    arguments: tuple[str, ...]
    environment: dict[str, str]


class Fork:
    """A process that was forked, the leader of a group of its own."""

    def __init__(self, pid: int, server: Connection) -> None:
        self.pid = pid
        self._server = server
        self._exit_code: int | None = None

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to the processes that it has forked."""
        os.killpg(self.pid, number)

    def wait(self) -> int:
        """Wait for its end and return its exit code, as `subprocess.Popen.wait` does."""
        if self._exit_code is None:
            self._server.send(self.pid)
            if not self._server.poll(_PATIENCE):
                self.send_signal(signal.SIGKILL)
            self._exit_code = self._server.recv()
        return self._exit_code

    def kill(self) -> None:
        """End it, where it has not ended, and what it has forked."""
        if self._exit_code is None:
            self.send_signal(signal.SIGKILL)
            self.wait()


def start(streams: tuple[int, int, int], code: str, *arguments: str, **environment: str) -> Fork:
    """Start ``python -c CODE ARGUMENTS`` as a fork, with these file descriptors as its standard streams."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    process, server = _server(frozenset(item for item in environment.items() if item[0].startswith("TF_")))
    server.send(Program(code, arguments, environment))
    for stream in streams:
        send_handle(server, stream, process.pid)
    return Fork(server.recv(), server)


def run(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -c CODE ARGUMENTS`` as a fork, without input, and return its exit code, output and errors."""
    with Path(os.devnull).open() as nothing, TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
        streams = (nothing.fileno(), output.fileno(), errors.fileno())
        exit_code = start(streams, code, *arguments, **environment).wait()
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(arguments, exit_code, output.read(), errors.read())


def call(function: Callable[..., object], *arguments: object) -> None:
    """Call a function of a module in a fork, with literals, since what it does to the process cannot be undone."""
    done = run(f"from {function.__module__} import {function.__name__} as function\nfunction(*{arguments!r})")
    assert done.returncode == 0, done.stderr


@contextmanager
def started(code: str, *arguments: str, reads: int = 1, **environment: str) -> Iterator[tuple[Fork, TextIO]]:
    """Start a program, give its process and what reads its output, or errors if `reads` is 2, and kill it at the end.

    Its input ends with this process, if not before.
    """
    (its_input, input_), (output, its_output) = os.pipe(), os.pipe()
    with os.fdopen(output) as lines, os.fdopen(input_, "w"), Path(os.devnull).open("w") as nothing:
        streams = [its_input, nothing.fileno(), nothing.fileno()]
        streams[reads] = its_output
        process = start((streams[0], streams[1], streams[2]), code, *arguments, **environment)
        os.close(its_input)
        os.close(its_output)
        try:
            yield process, lines
        finally:
            process.kill()


@cache
def _server(environment: frozenset[tuple[str, str]]) -> tuple[subprocess.Popen[bytes], Connection]:
    """Start a process that forks; return it and the connection to it, whose end is its end too."""
    ours, its = Pipe()
    with its:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.forks", str(its.fileno())],
            cwd=Path(__file__).parents[1],
            env={**os.environ, **dict(environment)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[its.fileno()],
            start_new_session=True,
        )
    atexit.register(process.wait)
    atexit.register(ours.close)
    return process, ours


def _serve(connection: Connection) -> Program | None:
    """Fork and wait as the tests ask until their end; in a fork, return the program to run."""
    while True:
        try:
            asked: int | Program = connection.recv()
        except EOFError:
            return None
        if isinstance(asked, int):
            _, status = os.waitpid(asked, 0)
            connection.send(os.waitstatus_to_exitcode(status))
            continue
        streams = [recv_handle(connection) for _ in range(3)]
        child = os.fork()
        os.setpgid(child, child)  # in both, since the one that is asked goes on first or last
        if child == 0:
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
        for stream in streams:
            os.close(stream)
        if child == 0:
            connection.close()
            return asked
        connection.send(child)


def _become(program: Program) -> None:
    """Be what the program asks for, as far as that is not told by running it."""
    os.environ.clear()
    os.environ.update(program.environment)
    sys.argv = ["-c", *program.arguments]
    sys.path[:0] = program.environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.modules["__main__"] = ModuleType("__main__")
    exec(program.code, vars(sys.modules["__main__"]))


if __name__ == "__main__":
    import IPython.core.interactiveshell  # noqa: F401
    import tensorflow as tf  # noqa: F401

    from tests.frozen import freeze

    freeze()
    if (program := _serve(Connection(int(sys.argv[1])))) is not None:
        _become(program)
