"""What ordinary cells do to TensorFlow's defaults is said once."""

import tfsess_magics
from tests.notebook.conftest import Notebook

NOT_EAGER = "ordinary cells build in its graph and are not eager any more"


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


def test_an_interactive_session_that_was_given_a_name(tf_notebook: Notebook) -> None:
    """Said with that name and its maker."""
    cell = tf_notebook.shell.execution_count
    _, out = tf_notebook.ok("sess = v1.InteractiveSession()\n%tfsession adopt sess given").out.splitlines()
    assert out == (
        f"an InteractiveSession, given, made by cell {cell}, was left open; it stays the default session of "
        f"ordinary cells. To end it: %tfsession close given"
    )
    tf_notebook.ok("%tfsession close given")
    tf_notebook.ok("del sess")


def test_a_graph_that_an_ordinary_cell_left_entered(tf_notebook: Notebook) -> None:
    """Said once, not repaired."""
    out = tf_notebook.ok("manager = tf.Graph().as_default(); manager.__enter__();").out
    said, line = out.rstrip().split(" To leave it: ")
    assert said == f"code entered a graph and never left it; {NOT_EAGER}."
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


def test_a_device_that_tensorflow_enters_for_the_caller(tf_notebook: Notebook) -> None:
    """A generator of TensorFlow's own is nobody whom the reader knows."""
    tf_notebook.ok("from tensorflow.python.framework.func_graph import FuncGraph")
    tf_notebook.ok("manager = FuncGraph('f').as_default(); manager.__enter__();")
    out = tf_notebook.ok("d = tf.device('/CPU:0'); d.__enter__();").out
    assert "code entered the device scope '/CPU:0' and never left it; what ordinary cells build" in out
    assert "suspended" not in out
    tf_notebook.ok("d.__exit__(None, None, None); manager.__exit__(None, None, None); del d, manager")


def test_the_line_that_leaves_is_by_a_name_that_lasts(tf_notebook: Notebook) -> None:
    """Not by that of the last output, which is another thing soon; where there is no other, none is given."""
    out = tf_notebook.ok("sess = v1.Session(graph=tf.Graph())\nsess.__enter__()").out
    assert out.rstrip().endswith(". To leave it: sess.__exit__(None, None, None)")
    tf_notebook.ok("sess.__exit__(None, None, None)\nkept = [sess]; del sess")
    out = tf_notebook.ok("kept[0].as_default().__enter__() and None").out
    assert "To leave it" not in out
    tf_notebook.run("kept[0].close(); del kept; 1 / 0")


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
            f"code entered the device scope {device!r} and never left it; what ordinary cells do runs there",
            "code entered the name scope 'layer' and never left it; ordinary cells are in it",
        ]
        assert tf_notebook.ok("1;").out == ""
        assert tf_notebook.ok("n.__exit__(None, None, None); d.__exit__(None, None, None);").out == ""


def test_a_silent_cell_says_nothing(tf_notebook: Notebook) -> None:
    """What it left open is said after the next one."""
    tf_notebook._capture.readouterr()
    tf_notebook.shell.run_cell("manager = tf.Graph().as_default(); manager.__enter__();", silent=True)
    assert tf_notebook._capture.readouterr().out == ""
    assert "code entered a graph and never left it" in tf_notebook.ok("1").out
    tf_notebook.ok("manager.__exit__(None, None, None)\ndel manager")
    assert tfsess_magics.sessions() == ()
