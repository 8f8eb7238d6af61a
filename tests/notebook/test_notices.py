"""What ordinary cells do to TensorFlow's defaults, and any cell to the whole process, is said once."""

import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from tensorflow.python.eager import context
from tensorflow.python.framework import ops, stack

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


NOT_EAGER = "ordinary cells build in its graph and are not eager any more"
HOLDS = "That holds for the whole process, and until the kernel is restarted"
PREPARE = "import tensorflow as tf; v1 = tf.compat.v1"


def said_after(cells: Iterable[str], word: str = HOLDS) -> list[list[str]]:
    """Run cells in a process of its own and return what each printed with that `word`: TensorFlow prints too."""
    run = subprocess.run([sys.executable, "-c", SHELL, *cells], capture_output=True, text=True, check=True)
    parts = run.stdout.split("cell\n")[1:]
    return [[line for line in part.splitlines() if word in line] for part in parts]


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


GPU = """
class FakeGPU:
    '''Stands in for what TensorFlow lists where there is a GPU, which no machine of these tests has.'''
    name, device_type = "/physical_device:GPU:0", "GPU"
tf.config.list_physical_devices = lambda kind: [FakeGPU()] if kind == "GPU" else []
"""


def test_gpu_options_of_other_codes_sessions_that_come_too_late() -> None:
    """Said once for each place: not of the process's first session, nor of what asks for nothing."""
    config = "v1.ConfigProto(gpu_options=v1.GPUOptions(per_process_gpu_memory_fraction=0.5))"
    prepared, first, said, *after = said_after(
        [
            f"{PREPARE}{GPU}def make(): return v1.Session(graph=tf.Graph(), config={config})",
            "s = make()",
            "s = make(); t = make()",
            "s = v1.Session(graph=tf.Graph())",
            "s = v1.InteractiveSession(graph=tf.Graph()); s.close()",
        ],
        "GPU options",
    )
    assert [prepared, first, *after] == [[], [], [], []]
    (line,) = said
    assert re.fullmatch(
        r"#\d+, a session made by cell \d+: GPU options \(per_process_gpu_memory_fraction: 0\.5\) were asked for, but "
        r"TensorFlow reads them once per process, .*",
        line,
    )


def test_gpu_options_are_not_told_of_where_there_is_no_gpu() -> None:
    """They mean nothing there."""
    make = "s = v1.Session(graph=tf.Graph(), config=v1.ConfigProto(gpu_options=v1.GPUOptions(allow_growth=True)))"
    assert said_after([PREPARE, make, make], "GPU options") == [[], [], []]


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
    said, line = out.rstrip().split(" To leave it: ")
    assert said == f"a graph was entered and never left; {NOT_EAGER}."
    assert tf_notebook.ok("tf.executing_eagerly()").value is False
    assert tf_notebook.ok(f"{line};").out == ""
    assert tf_notebook.ok("tf.executing_eagerly()").value is True
    tf_notebook.ok("del manager")


def test_a_session_that_an_ordinary_cell_left_entered(tf_notebook: Notebook) -> None:
    """One line for it and its graph, with the line that leaves it, which closing it does not."""
    (out,) = tf_notebook.ok("sess = v1.Session(graph=tf.Graph()); sess.__enter__();").out.splitlines()
    said, line = out.split(" To leave it: ")
    assert said.startswith("a session, #")
    assert said.endswith(f"it stays the default session of ordinary cells, {NOT_EAGER}.")
    assert tf_notebook.ok(line).out == ""
    assert tf_notebook.ok("v1.get_default_session(), tf.executing_eagerly()").value == (None, True)
    tf_notebook.ok("del sess")


def test_a_session_that_an_ordinary_cell_made_the_default(tf_notebook: Notebook) -> None:
    """By ``as_default()``, which does not enter its graph."""
    tf_notebook.ok("sess = v1.Session(graph=tf.Graph())")
    (out,) = tf_notebook.ok("entered = sess.as_default(); entered.__enter__();").out.splitlines()
    said, line = out.split(" To leave it: ")
    assert said.endswith("it stays the default session of ordinary cells.")
    assert tf_notebook.ok(f"{line};").out == ""
    assert tf_notebook.ok("v1.get_default_session()").value is None
    tf_notebook.ok("sess.close(); del sess, entered")


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
def loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module that enters graphs and does not leave them."""
    (tmp_path / "loader.py").write_text(
        textwrap.dedent("""\
            import tensorflow as tf
            kept, running = [], None
            class Loader:
                def __init__(self):
                    self.manager = tf.Graph().as_default()
                    self.manager.__enter__()
            def load():
                kept.append(Loader())
            def batches():
                with tf.Graph().as_default():
                    yield
            def steps():
                with tf.compat.v1.Session(graph=tf.Graph()).as_default():
                    yield
            def start(generator):
                global running
                running = generator()
                next(running)
            """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield f"{tmp_path.name}/loader.py"
    sys.modules.pop("loader", None)


def test_a_graph_that_a_module_left_entered(tf_notebook: Notebook, loader: str) -> None:
    """The module is named by what holds the context manager."""
    tf_notebook.ok("import loader")
    assert tf_notebook.ok("loader.load()").out == (
        f"a graph was entered and never left, by a context manager in loader.kept; {NOT_EAGER}\n"
    )
    assert tf_notebook.ok("loader.kept.pop().manager.__exit__(None, None, None);").out == ""


def test_a_generator_that_is_suspended_inside_a_graph(tf_notebook: Notebook, loader: str) -> None:
    """With its place, whoever resumed it."""
    tf_notebook.ok("import loader")
    assert tf_notebook.ok("loader.start(loader.batches)").out == (
        f"loader.batches ({loader}:11) is suspended inside a graph; {NOT_EAGER}\n"
    )
    assert tf_notebook.ok("loader.running.close()").out == ""


def test_a_generator_that_is_suspended_inside_a_session(tf_notebook: Notebook, loader: str) -> None:
    """With the session's number and maker."""
    tf_notebook.ok("import loader")
    out = tf_notebook.ok("loader.start(loader.steps)").out
    assert re.fullmatch(
        rf"loader\.steps \({re.escape(loader)}:14\) is suspended inside a session, #\d+, "
        rf"made by loader:steps {re.escape(loader)}:13; it stays the default session of ordinary cells\.\n",
        out,
    )
    assert tf_notebook.ok("loader.running.close()").out == ""


@pytest.fixture
def stacks() -> Iterator[None]:
    """TensorFlow's defaults are put back, which nothing public can do once it has refused to leave one."""
    yield
    ops._default_graph_stack.reset()
    stack._default_session_stack.reset()
    context.context()._thread_local_data.is_eager = True


AMONG = "among the default graphs of ordinary cells"
DISORDER = "was left in another order than it was entered, and TensorFlow keeps it"


def test_graphs_that_an_ordinary_cell_left_in_the_wrong_order(tf_notebook: Notebook, stacks: None) -> None:
    """In one cell, and the one that is open still is told apart."""
    enter = "a, b = tf.Graph().as_default(), tf.Graph().as_default(); a.__enter__(); b.__enter__();"
    outcome = tf_notebook.run(f"{enter} a.__exit__(None, None, None)")
    assert isinstance(outcome.error, AssertionError)
    (note,) = outcome.error.__notes__
    assert note == (
        "tfsess_magics: a graph was left before a graph that was entered after it. Leave first what was entered last; "
        "TensorFlow keeps it among this thread's defaults until the kernel is restarted. "
        "In a cell under %%tfsession NAME the order is put right after the cell"
    )
    assert outcome.out.splitlines()[-2:] == [
        f"a graph {DISORDER} {AMONG} until the kernel is restarted",
        f"a graph was entered and never left; it stays {AMONG}. To leave it: b.__exit__(None, None, None)",
    ]
    tf_notebook.ok("b.__exit__(None, None, None)")
    assert tf_notebook.ok("%%tfsession train\ntf.constant(1.0).eval();").out == ""
    tf_notebook.run("del a, b; 1 / 0")


def test_a_graph_that_a_later_cell_left_in_the_wrong_order(tf_notebook: Notebook, stacks: None) -> None:
    """Said once more than that it is open."""
    assert "To leave it: a." in tf_notebook.ok("a = tf.Graph().as_default(); a.__enter__();").out
    assert "To leave it: b." in tf_notebook.ok("b = tf.Graph().as_default(); b.__enter__();").out
    outcome = tf_notebook.run("a.__exit__(None, None, None)")
    assert outcome.out.splitlines()[-1].startswith(f"a graph {DISORDER}")
    assert tf_notebook.ok("b.__exit__(None, None, None);").out == (
        "since a graph was left in another order than it was entered, ordinary cells are not eager any more until the "
        "kernel is restarted\n"
    )
    assert tf_notebook.ok("1;").out == ""
    tf_notebook.run("del a, b; 1 / 0")


def test_sessions_that_an_ordinary_cell_left_in_the_wrong_order(tf_notebook: Notebook, stacks: None) -> None:
    """By number and maker."""
    cell = tf_notebook.shell.execution_count
    tf_notebook.ok("s, t = v1.Session(graph=tf.Graph()), v1.Session(graph=tf.Graph())")
    outcome = tf_notebook.run(
        "a, b = s.as_default(), t.as_default(); a.__enter__(); b.__enter__(); a.__exit__(*3 * [None])"
    )
    first, second = outcome.out.splitlines()[-2:]
    assert re.fullmatch(
        rf"a session, #\d+, made by cell {cell}, {DISORDER} among the default sessions of ordinary cells until the "
        "kernel is restarted",
        first,
    )
    assert re.match(rf"a session, #\d+, made by cell {cell}, was left open; it stays the default session", second)
    tf_notebook.ok("b.__exit__(None, None, None)\ns.close(); t.close()")
    tf_notebook.run("del a, b, s, t; 1 / 0")


def test_an_interactive_session_that_was_closed_too_early(tf_notebook: Notebook, stacks: None) -> None:
    """What is on TensorFlow's stack is closed, which ``eval`` would find out."""
    tf_notebook.ok("s, t = v1.InteractiveSession(), v1.InteractiveSession()")
    assert tf_notebook.run("s.close()").out.splitlines()[-1] == (
        f"an InteractiveSession, which is closed, {DISORDER} among the default sessions of ordinary cells until the "
        "kernel is restarted"
    )
    tf_notebook.ok("t.close()")
    tf_notebook.run("del s, t; 1 / 0")


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


def test_a_device_that_an_ordinary_cell_left_entered_in_a_graph(tf_notebook: Notebook) -> None:
    """Said once, with its line and the one that leaves it."""
    tf_notebook.ok("manager = tf.Graph().as_default(); manager.__enter__();")
    cell = tf_notebook.shell.execution_count
    said, line = tf_notebook.ok("x = 1\nd = tf.device('/CPU:0'); d.__enter__();").out.rstrip().split(". To leave it: ")
    assert said == (
        f"cell {cell}, line 2 entered the device scope '/CPU:0' and never left it; "
        "what ordinary cells build in its graph is placed there"
    )
    assert tf_notebook.ok("tf.constant(1).device").value == "/device:CPU:0"
    assert tf_notebook.ok(f"{line}\nmanager.__exit__(None, None, None);").out == ""


def test_eager_mode_that_an_ordinary_cell_lost(tf_notebook: Notebook) -> None:
    """Said once, with the way back; no graph is to blame."""
    tf_notebook.ok("from tensorflow.python.eager import context")
    said, line = tf_notebook.ok("c = context.graph_mode(); c.__enter__();").out.rstrip().split(". To be eager again: ")
    assert said == "ordinary cells are not eager any more, and no graph is entered"
    assert tf_notebook.ok("tf.executing_eagerly()").value is False
    assert tf_notebook.ok(line).out == ""
    assert tf_notebook.ok("tf.executing_eagerly()").value is True
    tf_notebook.ok("c.__exit__(None, None, None)")


def test_scopes_that_ordinary_eager_cells_left_entered(tf_notebook: Notebook) -> None:
    """Said once, and again when it is entered again."""
    device = "/job:localhost/replica:0/task:0/device:CPU:0"
    for _ in range(2):
        enter = "d = tf.device('/CPU:0'); d.__enter__(); n = tf.name_scope('layer'); n.__enter__();"
        assert tf_notebook.ok(enter).out.splitlines() == [
            f"the device scope {device!r} was entered and never left; what ordinary cells do runs there",
            "the name scope 'layer' was entered and never left; ordinary cells are in it",
        ]
        assert tf_notebook.ok("1;").out == ""
        assert tf_notebook.ok("n.__exit__(None, None, None); d.__exit__(None, None, None);").out == ""


def test_a_silent_cell_says_nothing(tf_notebook: Notebook) -> None:
    """What it left open is said after the next one."""
    tf_notebook._capture.readouterr()
    tf_notebook.shell.run_cell("manager = tf.Graph().as_default(); manager.__enter__();", silent=True)
    assert tf_notebook._capture.readouterr().out == ""
    assert "a graph was entered and never left" in tf_notebook.ok("1").out
    tf_notebook.ok("manager.__exit__(None, None, None)\ndel manager")
    assert tfsess_magics.sessions() == ()
