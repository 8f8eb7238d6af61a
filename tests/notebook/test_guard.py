"""What a body did to TensorFlow's defaults is said in one line under its cell, and reaches nothing outside."""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow.python.framework import ops, stack

import tfsess_magics
from tests.notebook.conftest import Notebook
from tfsess_magics.tf.context.left_open import NotingStack

UNCHANGED = "the notebook's defaults are unchanged"
LATER = "the extension ended it, and later cells are as they were"


@pytest.fixture
def prep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module that is badly behaved."""
    file = tmp_path / "prep" / "io.py"
    file.parent.mkdir()
    (tmp_path / "prep" / "__init__.py").touch()
    file.write_text(
        textwrap.dedent("""\
            import tensorflow as tf
            v1 = tf.compat.v1
            kept = []

            def interactive():
                kept.append(v1.InteractiveSession())

            def graph():
                kept.append(tf.Graph().as_default())
                kept[-1].__enter__()

            def session():
                kept.append(v1.Session())
                kept[-1].__enter__()

            def batches():
                with tf.Graph().as_default(), v1.Session():
                    yield

            def suspended():
                kept.append(batches())
                next(kept[-1])

            def disorder():
                first, second = v1.InteractiveSession(graph=tf.Graph()), v1.InteractiveSession(graph=tf.Graph())
                try:
                    first.close()
                except AssertionError:
                    kept.extend([first, second])

            def reset():
                v1.reset_default_graph()

            def clear():
                tf.keras.backend.clear_session()

            def device():
                kept.append(tf.device("/CPU:0"))
                kept[-1].__enter__()

            def on_device():
                with tf.device("/CPU:0"):
                    yield

            def suspended_on_device():
                kept.append(on_device())
                next(kept[-1])

            def after():
                kept.append(tf.control_dependencies([tf.constant(1)]))
                kept[-1].__enter__()

            def name():
                kept.append(tf.name_scope("layer"))
                kept[-1].__enter__()

            def balanced():
                with tf.Graph().as_default(), v1.Session() as session:
                    session.run(tf.constant(1.0))
                v1.InteractiveSession().close()
                return tf.function(lambda x: x + 1).get_concrete_function(tf.TensorSpec([]))
            """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield "prep/io.py"
    if module := sys.modules.pop("prep.io", None):
        module.kept.clear()
    sys.modules.pop("prep", None)


@pytest.mark.parametrize("magic", ["", "%%time\n"])
@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            "interactive",
            (
                "prep.io.interactive ({file}:6) left an InteractiveSession open; it stays the default of 'train' "
                f"for its next cell, {UNCHANGED}"
            ),
        ),
        ("graph", f"prep.io.graph ({{file}}:10) entered a graph and never left it; {LATER}"),
        ("session", f"prep.io.session ({{file}}:14) entered a session and never left it; {LATER}"),
        ("suspended", f"prep.io.batches ({{file}}:17) is suspended inside a session; {LATER}"),
        (
            "reset",
            (
                "prep.io.reset ({file}:32) called reset_default_graph, and nothing was built after that; "
                "'train' keeps its graph and values. To empty it: %tfsession reset train"
            ),
        ),
        (
            "clear",
            (
                "prep.io.clear ({file}:35) called Keras' clear_session, which resets the default graph, "
                "and nothing was built after that; 'train' keeps its graph and values. "
                "To empty it: %tfsession reset train"
            ),
        ),
        (
            "device",
            (f"prep.io.device ({{file}}:39) entered the device scope '/CPU:0' and never left it; {LATER}"),
        ),
        (
            "suspended_on_device",
            (f"prep.io.on_device ({{file}}:42) is suspended inside the device scope '/CPU:0'; {LATER}"),
        ),
        (
            "after",
            f"prep.io.after ({{file}}:51) entered control_dependencies and never left it; {LATER}",
        ),
        ("name", f"{{cell}} entered the name scope 'layer' and never left it; {LATER}"),
        ("balanced", ""),
    ],
)
def test_what_a_module_did_is_said(notebook: Notebook, prep: str, magic: str, call: str, said: str) -> None:
    """Which call, in which module and line, and what became of it."""
    notebook.ok("from prep import io\nimport tensorflow as tf")
    notebook.ok("%%tfsession train\nx = tf.constant(1.0)")
    cell = f"cell {notebook.shell.execution_count}"
    lines = notebook.ok(f"{magic}%%tfsession train\nio.{call}();").out.splitlines()
    lines = [line for line in lines if not line.startswith(("CPU times", "Wall time"))]
    assert lines == ([said.format(file=prep, cell=cell)] if said else [])
    assert notebook.ok("tf.executing_eagerly(), tf.compat.v1.get_default_session()").value == (True, None)
    assert notebook.ok("%%tfsession train\ntf.constant(2.0).eval()").out.count(prep) == 0


def test_sessions_that_were_left_in_the_wrong_order(notebook: Notebook, prep: str) -> None:
    """The one that was closed too early is named, and the one that is open stays."""
    notebook.ok("from prep import io")
    out = notebook.ok("%%tfsession train\nio.disorder()").out.splitlines()
    assert (
        f"prep.io.disorder ({prep}:25) left an InteractiveSession before what it had entered after it; "
        "later cells are as they were" in out
    )
    assert any("left an InteractiveSession open" in line for line in out)


def test_what_the_cell_itself_did_is_said(notebook: Notebook) -> None:
    """With its line."""
    cell = notebook.shell.execution_count
    assert notebook.ok(
        "%%tfsession train\nimport tensorflow as tf\n\ng = tf.Graph().as_default(); g.__enter__();"
    ).out == (f"cell {cell}, line 4 entered a graph and never left it; {LATER}\n")
    notebook.ok("del g")


def test_scopes_that_an_eager_scopes_cell_left_open(notebook: Notebook) -> None:
    """With the cell: TensorFlow keeps the names only."""
    cell = notebook.shell.execution_count
    enter = "import tensorflow as tf\nd = tf.device('/CPU:0'); d.__enter__(); n = tf.name_scope('layer'); n.__enter__()"
    device = "/job:localhost/replica:0/task:0/device:CPU:0"
    assert notebook.ok(f"%%tfsession e --eager\n{enter};").out.splitlines() == [
        f"cell {cell} entered the device scope {device!r} and never left it; {LATER}",
        f"cell {cell} entered the name scope 'layer' and never left it; {LATER}",
    ]
    assert notebook.ok("del d, n").out == ""


def test_a_device_scope_is_ended_with_its_cell(notebook: Notebook) -> None:
    """Its context manager does nothing later, where it would complain."""
    notebook.ok("%%tfsession train\nimport tensorflow as tf\nd = tf.device('/CPU:0'); d.__enter__()")
    assert notebook.ok("%%tfsession train\ndel d\ntf.constant(1).device").value == ""


def test_eager_mode_that_a_cell_left_open(notebook: Notebook) -> None:
    """Said; and when its end takes that of an ordinary cell away, it is given back."""
    cell = notebook.shell.execution_count
    enter = "from tensorflow.python.eager import context\ncc = context.eager_mode(); cc.__enter__();"
    assert notebook.ok(f"%%tfsession train\n{enter}").out == (
        f"cell {cell}, line 3 entered eager mode and never left it; {LATER}\n"
    )
    assert notebook.ok("context.executing_eagerly()").value is True
    assert notebook.ok("del cc").out == (
        f"the context manager of eager mode that cell {cell}, line 3 left open has ended, which took that of "
        "ordinary cells away; they are eager again\n"
    )
    assert notebook.ok("context.executing_eagerly()").value is True
    init = "@tf.function\ndef f():\n    with tf.init_scope():\n        return tf.executing_eagerly()\nassert f()"
    assert notebook.ok(f"import tensorflow as tf\n{init}").out == ""


@pytest.mark.parametrize("header", ["%%tfsession train", "%%tfsession train --eager"])
def test_a_thread_in_which_a_cell_makes_variables_outside_of_its_session(notebook: Notebook, header: str) -> None:
    """They are eager and in no session, and nothing fails: said once, with what carries the session there."""
    notebook.ok("import tensorflow as tf, threading, tfsess_magics\nv1 = tf.compat.v1")
    start = "t = threading.Thread(target={}); t.start(); t.join()"
    make = "lambda: (v1.get_variable('v', [2]), v1.get_variable('w', [2]))"
    cell = notebook.shell.execution_count
    assert notebook.ok(f"{header}\n{start.format(make)}").out == (
        f"<lambda> (cell {cell}, line 2) made an eager variable in another thread, which is not in 'train'. "
        "To carry the session there: tfsess_magics.bind(function)\n"
    )
    assert notebook.ok(f"%%tfsession train\n{start.format(f'tfsess_magics.bind({make})')}").out == ""
    graph = "def own():\n    with tf.Graph().as_default(): v1.get_variable('v', [2])"
    assert notebook.ok(f"%%tfsession train\n{graph}\n{start.format('own')}").out == ""
    assert notebook.ok(start.format(make)).out == ""


def test_a_reset_of_an_empty_graph_is_not_worth_a_word(notebook: Notebook) -> None:
    """TF 1 code begins with it."""
    assert notebook.ok("%%tfsession train\nimport tensorflow as tf\ntf.compat.v1.reset_default_graph()").out == ""


def test_an_adopted_session_stays_on_its_makers_graph(notebook: Notebook, prep: str) -> None:
    """And that is said."""
    notebook.ok("from prep import io\nwith io.tf.Graph().as_default():\n    c = io.tf.constant(1); s = io.v1.Session()")
    notebook.ok("%tfsession adopt s mine")
    out = notebook.ok("%%tfsession mine\nio.reset()").out
    assert (
        out == f"prep.io.reset ({prep}:32) called reset_default_graph; 'mine' keeps its graph, which belongs to the "
        "code that made it\n"
    )


def test_a_block_that_is_never_left(notebook: Notebook) -> None:
    """Of another named session, inside a generator."""
    notebook.ok("import tfsess_magics\ndef inside():\n    with tfsess_magics.session('b'):\n        yield")
    cell = notebook.shell.execution_count - 1
    out = notebook.ok("%%tfsession a\ng = inside(); next(g)").out
    assert (
        out
        == f"inside (cell {cell}, line 3) entered 'b' and never left it; the extension left it at the end of the cell\n"
    )
    notebook.ok("del g")


def test_a_cell_that_fails_says_it_too(notebook: Notebook, prep: str) -> None:
    """Under the traceback."""
    notebook.ok("from prep import io")
    outcome = notebook.run("%%tfsession train\nio.graph()\n1/0")
    assert outcome.out.splitlines()[-1].startswith("prep.io.graph")


def test_a_silent_cell_says_nothing(notebook: Notebook, prep: str) -> None:
    """As front ends run them."""
    notebook.ok("from prep import io")
    notebook._capture.readouterr()
    notebook.shell.run_cell("%%tfsession train\nio.graph()", silent=True)
    assert notebook._capture.readouterr().out == ""


def test_a_with_block_warns(notebook: Notebook, prep: str) -> None:
    """Python's warnings, at the line of the block."""
    notebook.ok("from prep import io")
    io = notebook.shell.user_ns["io"]
    expected = r"prep.io.graph \(prep/io.py:10\) entered a graph"
    with pytest.warns(tfsess_magics.SessionWarning, match=expected) as said, tfsess_magics.session("train"):
        io.graph()
    assert [warning.filename for warning in said] == [__file__]
    notebook.ok("del io")


def test_tensorflows_stacks_are_its_own_again(notebook: Notebook) -> None:
    """The lists that take notes are there during an activation only, and are lists."""
    with tfsess_magics.session("train"):
        assert type(stack._default_session_stack.stack) is NotingStack
        tf.compat.v1.reset_default_graph()
        assert type(ops._default_graph_stack.stack) is NotingStack
        assert ops._default_graph_stack.stack == []
    assert type(stack._default_session_stack.stack) is list
    assert type(ops._default_graph_stack.stack) is list
    tfsess_magics.unload_ipython_extension(notebook.shell)
    assert not hasattr(ops._DefaultGraphStack.reset, "__wrapped__")
    tfsess_magics.load_ipython_extension(notebook.shell)
