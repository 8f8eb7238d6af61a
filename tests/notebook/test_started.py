"""A thread that a session's cell starts, and that runs TensorFlow eagerly, is told of under the cell."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import tfsess_magics
from tests.notebook.conftest import Notebook

MODULE = """\
import threading
from concurrent.futures import ThreadPoolExecutor
import tensorflow as tf
v1 = tf.compat.v1

def tensors():
    return tf.constant([1.0, 2.0]) * 2.0

def variable():
    return tf.Variable(1.0)

def graph():
    with tf.Graph().as_default(), v1.Session() as session:
        x = tf.constant(2.0) * 2.0
        return session.run(x)

def traced():
    return tf.function(lambda x: x + 1.0)(3.0)

def fails():
    tf.constant(1.0) + 1.0
    raise LookupError('mine')

def session(given, x):
    return given.run(x)

def thread(function):
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start(); thread.join()
    return found[0]

def pool(function, times=2):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda _: function(), range(times)))
"""


@pytest.fixture
def started(notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook with a module whose functions run in threads, and a session."""
    (tmp_path / "work.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    notebook.ok("import work, tfsess_magics")
    notebook.ok("%%tfsession train\ny = work.tf.constant(2.0, name='y') * 1.0")
    yield notebook
    sys.modules.pop("work")


def said(notebook: Notebook, body: str, header: str = "%%tfsession train") -> str:
    """Run a cell, and return what is said under it of threads, without the way out."""
    out = notebook.ok(f"{header}\n{body}").out
    lines = [line for line in out.splitlines() if "another thread" in line]
    assert all(line.endswith(" To carry the session there: tfsess_magics.bind(function)") for line in lines)
    return "\n".join(line.split(", which")[0] for line in lines)


@pytest.mark.parametrize("header", ["%%tfsession train", "%%time\n%%tfsession train"])
@pytest.mark.parametrize("how", ["thread", "pool"])
@pytest.mark.parametrize("function", ["tensors", "variable", "traced"])
def test_a_function_of_a_module_is_named(
    started: Notebook, tmp_path: Path, header: str, how: str, function: str
) -> None:
    """Once for a cell, with its line, whoever starts the thread."""
    who, what = {
        "tensors": ("tensors ({}:7)", "ran Mul eagerly"),
        "variable": ("variable ({}:10)", "made an eager variable"),
        "traced": ("traced ({}:18)", "ran Const eagerly"),
    }[function]
    where = who.format(f"{tmp_path.name}/work.py")
    assert said(started, f"work.{how}(work.{function})", header) == f"work.{where} {what} in another thread"


def test_a_function_of_the_cell_is_named(started: Notebook) -> None:
    cell = started.shell.execution_count
    assert said(started, "def f(): return work.tf.ones([2]) + 1.0\nwork.thread(f)") == (
        f"f (cell {cell}, line 2) ran Fill eagerly in another thread"
    )


@pytest.mark.parametrize(
    "body",
    [
        "work.thread(work.graph)",
        "work.pool(work.graph)",
        "s = tfsess_magics.get('train').session\nassert work.thread(lambda: work.session(s, y)) == 2.0",
        "work.thread(tfsess_magics.bind(work.tensors))",
        "work.thread(lambda: 1)",
        "work.tensors()",
    ],
)
def test_a_thread_that_relies_on_no_defaults_is_not(started: Notebook, body: str) -> None:
    """It has a graph, a session or a bound function of its own."""
    assert said(started, body) == ""


def test_ordinary_cells_and_eager_scopes_are_not_told(started: Notebook) -> None:
    """There eager threads are what they should be."""
    assert said(started, "work.thread(work.tensors)", header="") == ""
    assert said(started, "work.thread(work.tensors)", header="%%tfsession scope --eager") == ""


def test_results_are_as_without_us(started: Notebook) -> None:
    """So are the error that ends a thread, its traceback, and what other code has called back."""
    assert started.ok("%%tfsession train\nwork.pool(work.tensors)[1].numpy().tolist()").value == [2.0, 4.0]
    assert started.ok("%%tfsession train\nwork.thread(work.traced).numpy()").value == 4.0
    cell = """%%tfsession train
from tensorflow.python.framework import op_callbacks
seen, after = [], []
def f():
    op_callbacks.add_op_callback(lambda op, ins, attrs, outs, *_, **__: seen.append((op, len(outs))))
    x = work.tf.ones([2]) + 1.0
    after.append(len(op_callbacks.context.context().op_callbacks))
    op_callbacks.clear_op_callbacks()
work.thread(f)
seen, after"""
    assert started.ok(cell).value == ([("Fill", 1), ("AddV2", 1)], [1])
    errors: list[threading.ExceptHookArgs] = []
    started.shell.user_ns["errors"] = errors
    started.ok("""%%tfsession train
import threading
hook, threading.excepthook = threading.excepthook, errors.append
thread = threading.Thread(target=work.fails)
thread.start(); thread.join()
threading.excepthook = hook""")
    files = []
    traceback = errors[0].exc_traceback
    while traceback is not None:
        files.append(Path(traceback.tb_frame.f_code.co_filename).name)
        traceback = traceback.tb_next
    assert files == ["threading.py", "threading.py", "work.py"]
    assert set(vars(started.shell.user_ns["thread"])) == set(vars(plain_thread()))
    errors.clear()


def plain_thread() -> threading.Thread:
    """Return a thread that has ended, of no session."""
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    return thread


def test_threads_are_started_as_before_when_the_extension_is_gone(started: Notebook) -> None:
    """Also one that was started while it was there."""
    ours = threading.Thread.start
    started.ok("""%%tfsession train
go = threading.Event() if 'threading' in globals() else __import__('threading').Event()
import threading
thread = threading.Thread(target=lambda: (go.wait(), work.tensors()))
thread.start()""")
    assert isinstance(started.shell.user_ns["work"], ModuleType)
    tfsess_magics.close("train")
    tfsess_magics.unload_ipython_extension(started.shell)
    assert threading.Thread.start is not ours
    assert threading.Thread.start.__module__ == "threading"
    assert "__wrapped__" not in vars(threading.Thread.start)
    started.ok("go.set(); thread.join()")
    assert started.ok("work.thread(work.tensors).numpy().tolist()").value == [2.0, 4.0]
