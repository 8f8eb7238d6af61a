"""An interrupt at any moment leaves TensorFlow's defaults as they were, and nothing in use."""

import sys
from collections.abc import Callable

import pytest
import tensorflow as tf

import tfsess_magics
from tests.conftest import Raised
from tests.notebook.conftest import Notebook
from tests.notebook.raising import RaiseAt


def open_it() -> None:
    with tfsess_magics.session("a") as a:
        if a.graph.version == 0:
            tf.constant(1.0, name="c")


def closed() -> None:
    if "a" in tfsess_magics.process.registry.names:
        tfsess_magics.close("a")


def enter_a_block() -> None:
    with tfsess_magics.session("a"):
        tf.constant(1.0)


def run_it() -> None:
    tfsess_magics.get("a").run("c:0")


CELLS: dict[str, tuple[Callable[[], None], str | Callable[[], object]]] = {
    "opening cell": (closed, "%%tfsession a\n1"),
    "cell": (open_it, "%%tfsession a\n1"),
    "awaiting cell": (open_it, "%%tfsession a\nimport asyncio\nawait asyncio.sleep(0)"),
    "traced cell": (open_it, "%%tfsession a --trace\n1"),
    "eager cell": (lambda: None, "%%tfsession e --eager\n1"),
    "timed cell": (open_it, "%%time\n%%tfsession a\n1"),
    "resetting cell": (open_it, "%%tfsession a\ntf.compat.v1.reset_default_graph()"),
    "cell that leaves a graph entered": (open_it, "%%tfsession a\nm = tf.Graph().as_default(); m.__enter__();"),
    "with block": (open_it, enter_a_block),
    "run": (open_it, run_it),
    "reset": (open_it, lambda: tfsess_magics.reset("a")),
    "close": (open_it, lambda: tfsess_magics.close("a")),
}


# An interrupt may also hit __del__, and come before IPython awaits a cell: Python tells of both.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", CELLS)
def test_an_exception_at_any_moment_leaves_nothing_behind(notebook: Notebook, name: str, raised: Raised) -> None:
    """Eager mode on, no default session, no graph entered, no session in use, and it can be closed."""
    prepare, act = CELLS[name]
    notebook.shell.user_ns["tf"] = tf
    notebook.shell.showtraceback = lambda *_, **__: None
    notebook.ok("%%time\n1")  # IPython loads it at its first use, and never if that is interrupted
    moment, moments = 1, 0
    try:
        while True:
            prepare()
            interrupt = RaiseAt(moment, raised.error)
            sys.setprofile(interrupt)
            try:
                notebook.shell.run_cell(act) if isinstance(act, str) else act()
            except raised.error:
                pass
            finally:
                sys.setprofile(None)
            if not interrupt.raised_in:
                break
            moment += raised.every
            moments += 1
            assert tf.executing_eagerly(), interrupt.raised_in
            assert tf.compat.v1.get_default_session() is None, interrupt.raised_in
            assert tf.compat.v1.get_default_graph().version == 0, interrupt.raised_in
            assert {info.state for info in tfsess_magics.sessions()} <= {"idle", "closed"}, interrupt.raised_in
            assert not any(info.is_trace_ordered for info in tfsess_magics.sessions()), interrupt.raised_in
            tfsess_magics.close(*tfsess_magics.process.registry.names)
    finally:
        del notebook.shell.showtraceback
    assert moments > 2


CUT = """{header}
import contextlib, sys
lines = 0
def trace(frame, event, _):
    global lines
    if frame.f_code.co_filename == contextlib.__file__ and frame.f_code.co_name in ("__enter__", "__exit__"):
        lines += event == "line"
        if lines == {line}:
            sys.settrace(None)
            raise KeyboardInterrupt
    return trace
sys.settrace(trace)
try:
    session.run(x)
finally:
    sys.settrace(None)
"""


@pytest.mark.parametrize(
    "header", ["%%tfsession cut", "with tfsess_magics.session('cut'):", ""], ids=["cell", "block", "ordinary"]
)
def test_an_interrupt_between_the_lines_of_context_managers_leaves_ordinary_cells_eager(
    tf_notebook: Notebook, header: str
) -> None:
    """Also when the traceback goes, which has kept what the interrupt has cut off."""
    notebook = tf_notebook
    notebook.ok("import tfsess_magics, gc")
    notebook.ok("%%tfsession cut\nx = tf.constant(1.0)\nsession = v1.get_default_session()\nsession.run(x)")
    cell = CUT.format(header=header, line="{line}")
    if header.startswith("with"):
        head, *body = cell.splitlines()
        cell = "\n".join([body[0], head, *(f"    {line}" for line in body[1:])])
    for line in range(1, 1000):
        notebook.run(cell.format(line=line))
        if notebook.shell.user_ns["lines"] < line:
            break
        assert notebook.ok("tf.executing_eagerly()").value is True, line
        notebook.run("1 / 0")  # takes the place of the last error
        notebook.ok("gc.collect()")
        assert notebook.ok("tf.executing_eagerly()").value is True, line
    assert line > 10
    notebook.ok("%tfsession close cut")
