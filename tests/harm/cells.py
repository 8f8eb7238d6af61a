"""One side of a comparison of what IPython prints: runs cells and writes their output to standard output, as JSON.

``python -m tests.harm.cells plain``, or ``observed``.
"""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

FAIL = "session.run(inverse)"
CELLS = {
    "prepare": """\
import tensorflow as tf
session = tf.compat.v1.Session(graph=tf.Graph())
with session.graph.as_default():
    inverse = tf.linalg.inv(tf.zeros([2, 2]), name="inverse")
def user():
    session.run(inverse)""",
    "a run": FAIL,
    "a run in a function": "user()",
    "eval": "inverse.eval(session=session)",
    "a callable": "session.make_callable(inverse)()",
    "a callable of a list": "session.make_callable([inverse])()",
    "a constructor": "tf.compat.v1.Session(5)",
    "a with block": f"with session.as_default():\n    {FAIL}",
    "under %time": f"%time {FAIL}",
    "under %%time": f"%%time\n{FAIL}",
    "under %%capture": f"%%capture\n{FAIL}",
    "await": f"async def fails():\n    {FAIL}\nawait fails()",
    "from another error": f"try:\n    1 / 0\nexcept ZeroDivisionError:\n    {FAIL}",
    "to another error": f"try:\n    {FAIL}\nexcept Exception as error:\n    raise KeyError('of the user') from error",
    "a group": f"""\
errors = []
try:
    {FAIL}
except Exception as error:
    errors.append(error)
raise ExceptionGroup('of the user', errors)""",
    "again": "%tb",
    "verbose": f"%xmode Verbose\n{FAIL}",
    "minimal": f"%xmode Minimal\n{FAIL}",
    "plain": f"%xmode Plain\n{FAIL}",
    "a closed session": "%xmode Context\nsession.close()\nsession.run(inverse)",
}
"""Ordinary cells by what fails in them."""


def main(side: str) -> None:
    """Run the cells."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell.instance(config=config)
    if side == "observed":
        shell.run_line_magic("load_ext", "tfsess_magics")
    printed = {}
    for title, cell in CELLS.items():
        with redirect_stdout(io.StringIO()) as output, redirect_stderr(output):
            shell.run_cell(cell, store_history=True)
        printed[title] = output.getvalue()
    json.dump(printed, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
