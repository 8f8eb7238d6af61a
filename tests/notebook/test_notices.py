"""What ordinary cells do to TensorFlow's defaults, and any cell to the whole process, is said once."""

import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import tfsess_magics
from tests.notebook.conftest import Notebook

SHELL = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell(config=config)
shell.run_line_magic("load_ext", "tfsess_magics")
for cell in sys.argv[1:]:
    print("cell")
    shell.run_cell(cell)
"""


@pytest.fixture
def tf_notebook(notebook: Notebook) -> Notebook:
    notebook.ok("import tensorflow as tf\nv1 = tf.compat.v1")
    return notebook


HOLDS = "That holds for the whole process, and until the kernel is restarted"
PREPARE = "import tensorflow as tf; v1 = tf.compat.v1"


def said_after(cells: Iterable[str]) -> list[list[str]]:
    """Run cells in a process of its own and return what each printed, TensorFlow's own log left out."""
    run = subprocess.run([sys.executable, "-c", SHELL, *cells], capture_output=True, text=True, check=True)
    parts = run.stdout.split("cell\n")[1:]
    return [[line for line in part.splitlines() if HOLDS in line] for part in parts]


def test_a_switch_for_the_whole_process_is_said_once() -> None:
    """After the cell that threw it, with what it means; one line."""
    switches = {
        "v1.disable_eager_execution()": "disable_eager_execution was called: new threads are in graph mode",
        "v1.disable_resource_variables()": "disable_resource_variables was called: get_variable makes reference",
        "v1.disable_control_flow_v2()": "disable_control_flow_v2 was called: cond and while_loop build",
        "v1.disable_v2_tensorshape()": "disable_v2_tensorshape was called: the elements of a shape are Dimension",
        "v1.mixed_precision.enable_mixed_precision_graph_rewrite(v1.train.GradientDescentOptimizer(0.1))": (
            "enable_mixed_precision_graph_rewrite was called: sessions that are made from now on rewrite"
        ),
    }
    prepared, *said = said_after([PREPARE, *(f"x = {call}" for call in switches), "x = 1"])
    assert prepared == []
    assert said.pop() == []
    for lines, start in zip(said, switches.values(), strict=True):
        (line,) = lines
        assert line.startswith(start)


def test_a_switch_that_throws_others_is_said_alone() -> None:
    """Also in a session's cell, and not again after the next one."""
    header = "%%tfsession a\n"
    prepared, said, *after = said_after([PREPARE, f"{header}v1.disable_v2_behavior()", f"{header}x = 1", "x = 1"])
    assert [line.split(":")[0] for line in said] == ["disable_v2_behavior was called"]
    assert [prepared, *after] == [[], [], []]


def test_an_interactive_session_that_an_ordinary_cell_left_open(tf_notebook: Notebook) -> None:
    """Said once, with its number and maker; it stays as it is until it is closed."""
    cell = tf_notebook.shell.execution_count
    (out,) = tf_notebook.ok("sess = v1.InteractiveSession()").out.splitlines()
    number = out.split(",")[1].strip()
    assert out == (
        f"an InteractiveSession, {number}, made by cell {cell}, was left open; it stays the default session of "
        f"ordinary cells. To end it: %tfsession close {number}"
    )
    assert tf_notebook.ok("v1.get_default_session() is sess").value is True
    assert tf_notebook.ok("%%tfsession a\nv1.get_default_session() is sess").value is False
    assert "left open" not in tf_notebook.ok("1").out
    tf_notebook.ok(f"%tfsession close {number}")
    assert tf_notebook.ok("v1.get_default_session()").value is None
    tf_notebook.ok("del sess")


def test_a_graph_that_an_ordinary_cell_left_entered(tf_notebook: Notebook) -> None:
    """Said once, not repaired."""
    out = tf_notebook.ok("manager = tf.Graph().as_default(); manager.__enter__();").out
    assert out == ("a graph was entered and never left; ordinary cells build in its graph and are not eager any more\n")
    assert tf_notebook.ok("tf.executing_eagerly()").value is False
    assert tf_notebook.ok("manager.__exit__(None, None, None);").out == ""
    tf_notebook.ok("del manager")


def test_a_session_that_an_ordinary_cell_left_entered(tf_notebook: Notebook) -> None:
    """One line for it and its graph."""
    (out,) = tf_notebook.ok("sess = v1.Session(graph=tf.Graph()); sess.__enter__();").out.splitlines()
    assert out.startswith("a session, #")
    assert "ordinary cells build in its graph and are not eager any more. To end it: %tfsession close #" in out
    tf_notebook.ok("sess.__exit__(None, None, None)\ndel sess")


def test_a_named_session_that_an_ordinary_cell_left_entered(tf_notebook: Notebook) -> None:
    """With the line that leaves it."""
    cell = tf_notebook.shell.execution_count
    (out,) = tf_notebook.ok("import tfsess_magics\ntfsess_magics.session('a').__enter__();").out.splitlines()
    said, line = out.split(" To leave it: ")
    assert said == f"cell {cell}, line 2 entered 'a' and never left it; ordinary cells run in it."
    assert tf_notebook.ok(line).out == ""
    assert tf_notebook.ok("tf.executing_eagerly()").value is True


def test_nothing_is_said_while_a_cell_runs(tf_notebook: Notebook) -> None:
    """A cell that a cell runs, and what it is inside of."""
    inner = "get_ipython().run_cell('y = 1')"
    assert tf_notebook.ok(f"%%tfsession a\nx = {inner}").out == ""
    assert tf_notebook.ok(f"with tf.Graph().as_default():\n    x = {inner}").out == ""
    assert tf_notebook.ok(f"import tfsess_magics\nwith tfsess_magics.get('a'):\n    x = {inner}").out == ""


@pytest.fixture
def resetting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "resetting.py").write_text(
        textwrap.dedent("""\
            import tensorflow as tf
            def reset():
                tf.compat.v1.reset_default_graph()
            """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield f"{tmp_path.name}/resetting.py"
    sys.modules.pop("resetting", None)


def test_a_module_that_resets_the_notebooks_graph(tf_notebook: Notebook, resetting: str) -> None:
    """Only where something was in it, and only when it was not the cell itself."""
    tf_notebook.ok("import resetting")
    assert tf_notebook.ok("resetting.reset()").out == ""
    build = "with v1.get_default_graph().as_default():\n    tf.constant(1)\n"
    assert tf_notebook.ok(f"{build}resetting.reset()").out == (
        f"resetting.reset ({resetting}:3) called reset_default_graph: "
        "the default graph of ordinary cells is an empty one\n"
    )
    assert tf_notebook.ok(f"{build}v1.reset_default_graph()").out == ""


def test_a_silent_cell_says_nothing(tf_notebook: Notebook) -> None:
    """What it left open is said after the next one."""
    tf_notebook._capture.readouterr()
    tf_notebook.shell.run_cell("manager = tf.Graph().as_default(); manager.__enter__();", silent=True)
    assert tf_notebook._capture.readouterr().out == ""
    assert "a graph was entered and never left" in tf_notebook.ok("1").out
    tf_notebook.ok("manager.__exit__(None, None, None)\ndel manager")
    assert tfsess_magics.sessions() == ()
