"""One side of a comparison of how programs end while sessions are alive: runs them and writes how, as JSON.

``python -m tests.harm.exits plain``, or ``observed``. Each is a fork of a process that has imported TensorFlow and has
no session; it ends as any interpreter.
"""

from __future__ import annotations

import json
import os
import sys
from tempfile import TemporaryFile
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

PROGRAMS = {
    "an open session": "session = make()",
    "a closed session": "session = make()\nsession.close()",
    "a session in a function that never returned": """\
def steps():
    with make() as session:
        yield session
running = steps()
next(running)""",
    "an entered session": "session = make()\nsession.__enter__()",
    "an interactive session": "session = v1.InteractiveSession(graph=tf.Graph())",
    "a session in a cycle": "session = make()\nsession.me = session",
    "a session in a module": """\
import types
sys.modules['prep'] = module = types.ModuleType('prep')
module.session = make()""",
    "a session that atexit runs": """\
import atexit
session = make()
atexit.register(lambda: print(session.run('x:0')))""",
    "a session whose holder runs it when it goes": """\
class Holder:
    def __init__(self):
        self.session = make()
    def __del__(self):
        print(self.session.run('x:0'))
        self.session.close()
holder = Holder()""",
    "a session that its holder makes when it goes": """\
class Holder:
    def __del__(self, make=make):
        make().close()
holder = Holder()""",
    "a thread that is running": """\
import threading
session = make()
def run():
    for _ in range(200):
        session.run('x:0')
threading.Thread(target=run).start()""",
    # Neither thread is in Python as a run begins or ends at the very end: that aborts the process, without us too.
    "a daemon thread that runs until atexit": """\
import atexit, threading
session, (started, ends, ended) = make(), (threading.Event() for _ in range(3))
def run():
    while not ends.is_set():
        session.run('x:0')
        started.set()
    ended.set()
    threading.Event().wait()
atexit.register(lambda: (ends.set(), ended.wait()))
threading.Thread(target=run, daemon=True).start()
started.wait()""",
    "a thread that is blocked": """\
import threading
with tf.Graph().as_default():
    queue = tf.queue.FIFOQueue(1, tf.int32, shapes=[[]])
    enqueue, dequeue = queue.enqueue(1), queue.dequeue_many(3)
    session = v1.Session()
threading.Thread(target=lambda: session.run(dequeue), daemon=True).start()
for _ in range(2):  # there is room for the second one only once the dequeue waits for more
    session.run(enqueue)""",
    "an uncaught error of a run": "session = make()\nsession.run('nobody:0')",
    "an exit in a with block": "with make() as session:\n    sys.exit(3)",
    "a server": """\
server = v1.train.Server.create_local_server()
session = v1.Session(server.target, graph=tf.Graph())""",
}
"""The end of each by what is alive then."""

BEGINNING = """\
import sys
import tensorflow as tf
v1 = tf.compat.v1
def make():
    with tf.Graph().as_default():
        tf.constant(1, name='x')
        return v1.Session()
make().run('x:0')
"""


def _run(program: str) -> list[Any] | None:
    """Return exit code, output and errors of a program; in the program itself, None at its end."""
    with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
        child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            exec(BEGINNING + program, vars(sys.modules["__main__"]))
            return None
        _, status = os.waitpid(child, 0)
        for stream in (output, errors):
            stream.seek(0)
        return [os.waitstatus_to_exitcode(status), output.read(), errors.read()]


def main(side: str) -> None:
    """Run the programs."""
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    if side == "observed":
        shell.run_line_magic("load_ext", "tfsess_magics")
    import tensorflow  # noqa: F401, ICN001 - for all of them

    from tests.frozen import freeze

    freeze()
    outcomes = {}
    for title, program in PROGRAMS.items():
        outcomes[title] = _run(program)
        if outcomes[title] is None:
            return
    json.dump(outcomes, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
