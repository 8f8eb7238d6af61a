"""The abilities of the extension where a part of TensorFlow has another name: ``python -m tests.tf.capable NAME``.

Prints as JSON what was said after the first cell, and each ability with True or what kept it from working.
"""

import contextlib
import io
import json
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from tests.tf.renamed import rename

FOREIGN = """
with tf.Graph().as_default() as graph:
    x = tf.constant(1.0) + 1
    take = v1.FIFOQueue(1, tf.float32).dequeue()
    v = v1.get_variable("v", [1024, 256])
    made = v.initializer
foreign = v1.Session(graph=graph)
foreign.run(made)
"""


class Cells:
    """A shell with the extension."""

    def __init__(self) -> None:
        config = Config()
        config.HistoryManager.hist_file = ":memory:"
        self.shell = InteractiveShell.instance(config=config)
        self.run("%load_ext tfsess_magics")
        self.said = self.run("import tensorflow as tf, tfsess_magics, threading\nv1 = tf.compat.v1")

    def run(self, cell: str) -> str:
        """Run a cell that has to work, and return what it printed."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            result = self.shell.run_cell(cell, store_history=True)
        if error := result.error_before_exec or result.error_in_exec:
            raise error
        return out.getvalue()

    def value(self, expression: str) -> Any:
        return self.shell.ev(expression)


def ordinary(cells: Cells) -> bool:
    cells.run("eager = (tf.constant(1) + 1).numpy()")
    cells.run(FOREIGN)
    return bool(cells.value("eager == 2 and foreign.run(x) == 2.0"))


def listed(cells: Cells) -> bool:
    cells.run("%tfsession list")
    return bool(cells.value("[info.name for info in tfsess_magics.sessions() if info.operations] == ['#1']"))


def swap(cells: Cells) -> bool:
    cells.run("%%tfsession train\ny = v1.get_variable('y', initializer=3.0)\ny.initializer.run()\nread = y.eval()")
    return bool(cells.value("read == 3.0"))


def runs(cells: Cells) -> bool:
    return bool(cells.value("tfsess_magics.sessions()[0].runs > 0"))


def values(cells: Cells) -> bool:
    return bool(cells.value("tfsess_magics.sessions()[0].variables[0].initialized"))


def memory(cells: Cells) -> bool:
    return bool(cells.value("tfsess_magics.memory().devices[0].in_use"))


def trace(cells: Cells) -> bool:
    cells.run("%tfsession trace #1")
    cells.run("foreign.run(x);")
    return "CPU:0            1  add    none" in cells.run("%tfsession trace #1 --show")


def growth(cells: Cells) -> bool:
    cells.run("with graph.as_default():\n    for _ in range(30):\n        foreign.run(x + 1)")
    return bool(cells.value("'each session.run adds' in tfsess_magics.sessions()[0].growth"))


def save(cells: Cells) -> bool:
    cells.run("import tempfile\nwith tempfile.TemporaryDirectory() as folder:\n    %tfsession save #1 {folder}/model")
    return True


def stop(cells: Cells) -> bool:
    """Stop a run that waits; close its session where that does not work."""
    ended: list[BaseException] = []

    def take() -> None:
        try:
            cells.value("foreign.run(take)")
        except BaseException as error:  # noqa: BLE001 - told below
            ended.append(error)

    thread = threading.Thread(target=take)
    thread.start()
    try:
        cells.run("tfsess_magics.stop('#1', now=True)")
    except BaseException:
        cells.run("foreign.close()")
        raise
    finally:
        thread.join()
    return type(ended[0]).__name__ == "SessionStopped" and bool(cells.value("foreign.run(x) == 2.0"))


def graph_lock(_: Cells) -> bool:
    from tensorflow.python.util.lock_util import GroupLock

    return hasattr(GroupLock.acquire, "__wrapped__")


def eager_variables(cells: Cells) -> bool:
    cells.run("held = tf.Variable(1.0)")
    return bool(cells.value("any(info.kind == 'outside' for info in tfsess_magics.sessions())"))


def switches(cells: Cells) -> bool:
    return "disable_control_flow_v2" in cells.run("v1.disable_control_flow_v2()")


def functions(cells: Cells) -> bool:
    cells.run("with tf.Graph().as_default():\n    w = tf.Variable(1.0)\n    f = tf.function(lambda x: x * w)")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cells.run("with tf.Graph().as_default():\n    f(tf.constant(1.0));")
    return [warning.category.__name__ for warning in caught] == ["SessionWarning"]


ABILITIES: tuple[Callable[[Cells], bool], ...] = (
    ordinary,
    listed,
    runs,
    values,
    memory,
    growth,
    graph_lock,
    trace,
    save,
    stop,
    swap,
    eager_variables,
    switches,
    functions,
)


def found(name: str) -> Iterator[tuple[str, object]]:
    """Yield what was said, and each ability."""
    if name:
        rename(name)
    cells = Cells()
    yield "said", cells.said
    for ability in ABILITIES:
        try:
            yield ability.__name__, ability(cells)
        except Exception as error:  # noqa: BLE001 - it is the result
            yield ability.__name__, f"{type(error).__name__}: {error}"
    yield "unloaded", cells.run("%unload_ext tfsess_magics")


if __name__ == "__main__":
    print(json.dumps(dict(found(sys.argv[1]))))
