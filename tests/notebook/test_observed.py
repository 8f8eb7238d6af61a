"""Sessions of other code in the magics: listed, described, adopted, entered, closed."""

import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.error import UsageError

import tfsess_magics
from tests.notebook.conftest import Notebook
from tfsess_magics import Kind
from tfsess_magics.core.orders import carry_out_message
from tfsess_magics.core.protocol import encode
from tfsess_magics.tf.session import unused

MAKE = "import tensorflow as tf\nsess = tf.compat.v1.Session(graph=tf.Graph())"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module of other code that makes a session."""
    file = tmp_path / "prep" / "io.py"
    file.parent.mkdir()
    (tmp_path / "prep" / "__init__.py").touch()
    file.write_text(
        textwrap.dedent("""\
            import tensorflow as tf

            def load():
                graph = tf.Graph()
                with graph.as_default():
                    v = tf.compat.v1.get_variable("v", initializer=[1.0, 2.0])
                    session = tf.compat.v1.Session()
                session.run(v.initializer)
                return session
            """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield file
    for name in ("prep", "prep.io"):
        sys.modules.pop(name, None)


def number() -> str:
    (info,) = [info for info in tfsess_magics.sessions() if info.kind is not Kind.NAMED]
    return info.name


def test_a_session_of_a_cell_is_listed_with_the_cell(notebook: Notebook) -> None:
    """Its number takes the place of a name, and the cell that of a file."""
    cell = notebook.shell.execution_count
    notebook.ok(MAKE)
    line = notebook.ok("%tfsession").out.splitlines()[1]
    assert line.split() == [number(), "idle", "CPU:0", "0", "0", "0", "B", "cell", str(cell), "(observed)"]
    notebook.ok("del sess")
    assert "No session is open" in notebook.ok("%tfsession").out


def test_a_session_of_a_module_is_listed_with_module_function_and_line(notebook: Notebook, module: Path) -> None:
    """Who is in control is visible."""
    notebook.ok("from prep import io\nm = io.load()")
    line = notebook.ok("%tfsession").out.splitlines()[1]
    assert "prep.io:load prep/io.py:7  (observed)" in line
    assert "8 B (1)" in line
    shown = notebook.ok(f"%tfsession info {number()}").out
    assert re.search(r"^referred to by +the name 'm' in __main__$", shown, re.MULTILINE)
    notebook.ok("del m")


def test_an_adopted_session_is_entered_by_its_name(notebook: Notebook, module: Path) -> None:
    """Same session, graph and values; it stays its maker's."""
    notebook.ok("from prep import io\nm = io.load()")
    assert "adopted: the session that prep.io:load" in notebook.ok("%tfsession adopt m model").out
    inside = "tf = io.tf\nsame = tf.compat.v1.get_default_session() is m\ntf.compat.v1.global_variables()[0].eval()"
    assert notebook.ok(f"%%tfsession model\n{inside}").value.tolist() == [1.0, 2.0]
    assert notebook.shell.user_ns["same"]
    (info,) = tfsess_magics.sessions()
    assert (info.name, info.kind, info.runs) == ("model", Kind.ADOPTED, 2)
    assert "(adopted)" in notebook.ok("%tfsession").out
    outcome = notebook.run("%tfsession reset model")
    assert outcome.err.startswith("UsageError: cannot reset 'model': it belongs to prep.io:load")
    assert "closed model, made by prep.io:load prep/io.py:7: " in notebook.ok("%tfsession close model").out
    assert notebook.shell.user_ns["m"]._closed


def test_a_session_can_be_adopted_by_its_number(notebook: Notebook) -> None:
    """As it is listed; the row keeps its id."""
    notebook.ok(MAKE)
    before = tfsess_magics.sessions()[0]
    notebook.ok(f"%tfsession adopt {before.name} mine")
    (after,) = tfsess_magics.sessions()
    assert (after.id, after.origin, after.created) == (before.id, before.origin, before.created)
    assert tfsess_magics.get("mine").session is notebook.shell.user_ns["sess"]


def test_reset_default_graph_in_an_adopted_session_leaves_it_on_its_graph(notebook: Notebook) -> None:
    """The maker's graph is not ours to exchange."""
    notebook.ok(f"{MAKE}\n%tfsession adopt sess mine")
    notebook.ok("%%tfsession mine\ntf.compat.v1.reset_default_graph()")
    assert tfsess_magics.get("mine").graph is notebook.shell.user_ns["sess"].graph
    assert tfsess_magics.get("mine").generation == 1


@pytest.mark.parametrize("own", ["", "graph=tf.Graph()"])
@pytest.mark.parametrize("close", ["%tfsession close mine", "i.close()", "%%tfsession mine\ni.close()"])
def test_an_adopted_interactive_session_is_no_default_any_more_once_it_is_closed(
    notebook: Notebook, own: str, close: str
) -> None:
    """Cells that were in it have not entered it a second time."""
    notebook.ok(f"import tensorflow as tf\ni = tf.compat.v1.InteractiveSession({own})\n%tfsession adopt i mine")
    for _ in range(2):
        assert notebook.ok("%%tfsession mine\ntf.constant(2).eval()").value == 2
    assert "left" not in notebook.ok(close).out
    assert notebook.ok("tf.compat.v1.get_default_session(), tf.executing_eagerly()").value == (None, True)
    notebook.ok("del i")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("adopt", "usage: %tfsession adopt EXPR NAME; got nothing"),
        ("adopt sess", "usage: %tfsession adopt EXPR NAME; got 'sess'"),
        ("adopt sess a --fresh", "usage: %tfsession adopt EXPR NAME; got 'sess a --fresh'"),
        ("adopt sess --fresh", "usage: %tfsession adopt EXPR NAME; got 'sess --fresh'"),
        ("adopt sess as a", "usage: %tfsession adopt EXPR NAME; got 'sess as a'"),
        ("adopt nothing a", "adopt nothing: NameError: name 'nothing' is not defined"),
        ("adopt 7 a", "a TensorFlow session is wanted, got 7."),
        ("adopt sess 7", "'7' does not start with a letter"),
        ("adopt sess train", "a session is named 'train' already"),
        ("adopt #9999 a", "no session is named '#9999'. Live: "),
        ("adopt named a", "that is the session 'train' already."),
        ("adopt named.session a", "that is the session 'train' already."),
        ("adopt closed a", "that session was closed: "),
    ],
)
def test_what_cannot_be_adopted_is_told(notebook: Notebook, line: str, message: str) -> None:
    """What, the value, and what is wanted."""
    notebook.ok(f"{MAKE}\n%tfsession new train")
    notebook.ok("import tfsess_magics\nnamed = tfsess_magics.get('train')")
    notebook.ok("closed = tf.compat.v1.Session(graph=tf.Graph())\nclosed.close()")
    outcome = notebook.run(f"%tfsession {line}")
    assert isinstance(outcome.error, UsageError)
    assert message in outcome.err
    assert len(tfsess_magics.sessions()) == 2


def test_a_number_that_lacks_its_sign_is_taken_for_one(notebook: Notebook) -> None:
    """Who looks for a session of other code is told that there is one."""
    notebook.ok(MAKE)
    for line in ("info", "close"):
        outcome = notebook.run(f"%tfsession {line} {number()[1:]}")
        said = f"no session is named '{number()[1:]}'. Live: {number()}. Did you mean '{number()}'?"
        assert said in outcome.err


def test_a_monitored_session_that_is_closed_cannot_be_adopted(notebook: Notebook) -> None:
    """It has no TensorFlow session any more."""
    notebook.ok(
        "import tensorflow as tf\nwith tf.Graph().as_default():\n    tf.constant(1)\n"
        "    with tf.compat.v1.train.SingularMonitoredSession() as monitored: pass"
    )
    outcome = notebook.run("%tfsession adopt monitored a")
    assert "that session was closed: <tensorflow.python.training.monitored_session.SingularMonit" in outcome.err


def test_the_age_of_a_session_from_before_is_what_is_known(notebook: Notebook) -> None:
    """It is older than that."""
    tfsess_magics.unload_ipython_extension(notebook.shell)
    notebook.ok(MAKE)
    tfsess_magics.load_ipython_extension(notebook.shell)
    assert re.search(r"^age +at least \d", notebook.ok(f"%tfsession info {number()}").out, re.MULTILINE)
    notebook.ok("sess.close()\nsess = tf.compat.v1.Session(graph=tf.Graph())")
    assert re.search(r"^age +\d", notebook.ok(f"%tfsession info {number()}").out, re.MULTILINE)


def test_an_adopted_session_that_its_maker_closes_is_not_opened_anew(notebook: Notebook) -> None:
    """Its name stays taken, so that no cell runs in an empty graph by mistake."""
    cell = notebook.shell.execution_count
    notebook.ok(f"{MAKE}\n%tfsession adopt sess mine\nsess.close()")
    outcome = notebook.run("%%tfsession mine\nran = True")
    assert (
        f"closed by cell {cell}, and its variables are gone. To give up the name: %tfsession close mine" in outcome.err
    )
    assert "ran" not in notebook.shell.user_ns


def test_an_observed_session_is_entered_after_it_got_a_name(notebook: Notebook) -> None:
    """The number is no name."""
    notebook.ok(MAKE)
    outcome = notebook.run(f"%%tfsession {number()}\nran = True")
    assert f"{number()} has no name yet. To give it one: %tfsession adopt {number()} NAME" in outcome.err
    outcome = notebook.run(f"%tfsession reset {number()}")
    assert f"cannot reset '{number()}'" in outcome.err
    assert f"closed {number()}" in notebook.ok(f"%tfsession close {number()}").out
    assert notebook.shell.user_ns["sess"]._closed


def test_a_session_can_work_in_a_graph_that_is_there(notebook: Notebook) -> None:
    """Until it is reset; another graph under the same name is an error."""
    notebook.ok("import tensorflow as tf\ng, h = tf.Graph(), tf.Graph()")
    assert notebook.ok("%%tfsession a --graph g\ntf.compat.v1.get_default_graph() is g").value
    assert notebook.ok("%%tfsession a --graph g\n1").value == 1
    assert (
        "its options are fixed: --graph h was given, it was opened with g"
        in notebook.run("%%tfsession a --graph h\n1").err
    )
    notebook.ok("%%tfsession a\nv = tf.compat.v1.get_variable('v', initializer=[1.0, 2.0])\nv.initializer.run()")
    said = "an empty graph takes the place of g, which stays (generation 2; each reset adds 1). Gone: the values of"
    assert said in notebook.ok("%tfsession reset a").out
    assert notebook.ok("v.graph is g, len(g.get_operations()) > 0").value == (True, True)
    assert "it was opened without" in notebook.run("%%tfsession a --graph g\n1").err
    assert "--graph takes a tf.Graph; 7 is of type int." in notebook.run("%%tfsession b --graph 7\n1").err
    function = "f = tf.function(lambda: 1).get_concrete_function().graph"
    notebook.ok(function)
    assert "f is of type FuncGraph (the graph of a function)." in notebook.run("%%tfsession b --graph f\n1").err


def test_sessions_that_look_leaked_are_marked_and_closed_after_asking(
    notebook: Notebook, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One forgotten name is not enough to keep a session from it.

    Use is, a second name, being a default one, and a name in the notebook of one that a cell made.
    """
    notebook.ok(f"from prep import io\nsess = io.load()\nkept = also = io.load()\n{MAKE.replace('sess', 'mine')}")
    assert "unused?" not in notebook.ok("%tfsession").out
    assert "no session looks unused" in notebook.ok("%tfsession close --unused").out
    monkeypatch.setattr(unused, "IDLE", 0.0)
    # As in a kernel, where multiprocessing is imported when the notebook's module is there.
    monkeypatch.setitem(sys.modules, "__mp_main__", sys.modules["__main__"])
    assert notebook.ok("%tfsession").out.count("unused? (%tfsession close --unused)") == 1
    answers = iter("ny")
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    for said in ("nothing was closed", "closed #"):
        assert said in notebook.ok("%tfsession close --unused").out
    assert notebook.shell.user_ns["sess"]._closed
    assert not notebook.shell.user_ns["kept"]._closed
    assert "no session looks unused" in notebook.ok("%tfsession close --unused --yes").out
    assert not notebook.shell.user_ns["mine"]._closed
    notebook.ok(
        "import types, sys\nother = sys.modules['other'] = types.ModuleType('other')\nother.held = mine\ndel mine"
    )
    assert notebook.ok("%tfsession").out.count("unused?") == 1
    notebook.ok("del sys.modules['other'], other\nkept.close()")


def test_tensorflow_may_be_imported_after_the_extension_is_loaded() -> None:
    """Its sessions are seen from the first one on; no trace is left in the import system."""
    code = """
        import sys
        before = list(sys.meta_path)
        from IPython.core.history import HistoryManager
        from IPython.core.interactiveshell import InteractiveShell
        HistoryManager.enabled = False
        shell = InteractiveShell.instance()
        shell.run_line_magic("load_ext", "tfsess_magics")
        assert "tensorflow" not in sys.modules
        import tensorflow as tf
        assert type(tf.__spec__.loader).__name__ == type(tf.__loader__).__name__ == "SourceFileLoader"
        s = tf.compat.v1.Session(graph=tf.Graph())
        import tfsess_magics
        print([(info.name, info.origin.function) for info in tfsess_magics.sessions()])
        shell.run_line_magic("unload_ext", "tfsess_magics")
        print([finder for finder in sys.meta_path if "tfsess" in type(finder).__module__])
    """
    result = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-2:] == ["[('#1', '<module>')]", "[]"]


def test_unloading_before_tensorflow_is_imported_leaves_nothing() -> None:
    """Nothing is seen then."""
    code = """
        import sys
        from IPython.core.history import HistoryManager
        from IPython.core.interactiveshell import InteractiveShell
        HistoryManager.enabled = False
        shell = InteractiveShell.instance()
        shell.run_line_magic("load_ext", "tfsess_magics")
        shell.run_line_magic("unload_ext", "tfsess_magics")
        import tensorflow as tf
        from tensorflow.python.client.session import BaseSession
        print(BaseSession.__init__.__code__.co_filename.endswith("session.py"))
    """
    result = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "True"


ODD = """
import threading, types, tensorflow as tf
odd = types.ModuleType('m\\x1b[31m\\u202e' + 'm' * 300)
class Odd(tf.Module): pass
Odd.__name__ = Odd.__qualname__ = 'T\\x1b[32m\\n'
class Wrong(Exception): pass
Wrong.__name__ = 'W\\x1b[33m'
def fail(): raise Wrong('\\x1b[34m\\u202e')
make = compile("sess = tf.compat.v1.Session(graph=tf.Graph())", "/odd/\\x1b[35m.py", "exec")
exec(make, {'__name__': odd.__name__, 'tf': tf}, made := {})
odd.__dict__['s\\x1b[36m'] = sess = made.pop('sess')
import sys; sys.modules[odd.__name__] = odd
"""
RUN = """
with sess.graph.as_default(): fails = tf.numpy_function(fail, [], tf.float32)
try: sess.run(fails)
except Exception: pass
"""
EAGER = """%%tfsession scope --eager
model = Odd()
model.v = tf.Variable(1.0, name='v\\x1b[37m' + 'v' * 300)
"""


def test_odd_names_of_other_code_are_shown_as_escapes(notebook: Notebook) -> None:
    """Of modules, files, names, types, variables and errors; none of them changes the text around it."""
    notebook.ok("%tfsession")  # sessions are seen from here on
    notebook.ok(ODD)
    notebook.ok(RUN)
    observed = number()
    notebook.ok(EAGER)
    shown = [notebook.ok(f"%tfsession {what}").out for what in ("list", f"info {observed}", "info scope", "memory")]
    registry = tfsess_magics.process.registry
    orders = [{"type": "describe", "request": 1, "id": live.number} for live in registry.live()]
    shown += [str(encode(carry_out_message(order, registry))) for order in orders]
    shown += [str(live.summary(ask=False)) for live in registry.live()]
    text = "\n".join(shown)
    assert text.replace("\n", "").isprintable()
    assert all(code in text for code in (r"\x1b[31m", r"\x1b[32m", r"\x1b[34m", r"\x1b[35m", r"\x1b[36m", r"\x1b[37m"))
    assert not re.search("m{250}|v{250}", text)
    notebook.ok("sys.modules.pop(odd.__name__)\nsess.close()\ndel odd, sess, model, fails\n%tfsession close scope")
