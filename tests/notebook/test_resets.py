"""``reset_default_graph`` in a session's cell, and the line under the cell that says where values went."""

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import tfsess_magics
from tests.notebook.conftest import Notebook

PREPARE = """
import tensorflow as tf, tfsess_magics
v1 = tf.compat.v1

def make(name="w"):
    made = v1.get_variable(name, initializer=[1.0, 2.0])
    v1.get_default_session().run(made.initializer)
    return made

def state(name="train"):
    session = tfsess_magics.get(name)
    inside = session.graph is v1.get_default_graph(), session.session is v1.get_default_session()
    return session.generation, *inside
"""
RESET = "v1.reset_default_graph(); z = tf.constant(3, name='z')"
GOES_ON = "'train' goes on with the new graph (generation 2)"
LOST = f"{GOES_ON}, without the values of w (8 B)"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module that resets the default graph, and what lines call it."""
    (tmp_path / "library.py").write_text(
        textwrap.dedent("""\
            import tensorflow as tf

            def reset():
                tf.compat.v1.reset_default_graph()

            def build():
                reset()
                return tf.constant(7.0)
            """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield f"library.reset ({tmp_path.name}/library.py:4) called reset_default_graph"
    sys.modules.pop("library", None)


@pytest.fixture
def train(notebook: Notebook) -> Iterator[Notebook]:
    """A notebook whose session train has a variable with a value."""
    notebook.ok(PREPARE)
    notebook.ok("%%tfsession train\nw = make()")
    yield notebook
    notebook.run("1 / 0")  # IPython keeps the last error, and with it the session of its frames


CELLS = {
    "alone": f"%%tfsession train\n{RESET}",
    "function": f"%%tfsession train\ndef begin():\n    {RESET}\n    return z\nz = begin()",
    "exec": f"%%tfsession train\nexec({RESET!r})",
    "time above": f"%%time\n%%tfsession train\n{RESET}",
    "time below": f"%%tfsession train\n%%time\n{RESET}",
    "capture": f"%%tfsession train\n%%capture\n{RESET}",
    "await": f"%%tfsession train\nimport asyncio\nawait asyncio.sleep(0)\n{RESET}\nawait asyncio.sleep(0)",
    "task": (
        "%%tfsession train\nimport asyncio\nasync def begin():\n    await asyncio.sleep(0)\n"
        f"    {RESET}\n    await asyncio.sleep(0)\n    return z\nz = await asyncio.create_task(begin())"
    ),
}


@pytest.mark.parametrize("name", CELLS)
def test_what_follows_in_the_cell_runs_in_the_new_graph(train: Notebook, name: str) -> None:
    """However the cell's own code comes to the call; TensorFlow's example of one cell gives 3 at its first run."""
    out = train.ok(f"{CELLS[name]}\nheld = z.eval(), state(), tfsess_magics.get('train').run('z:0')").out
    assert train.shell.user_ns["held"] == (3, (2, True, True), 3)
    assert f"called reset_default_graph; {LOST}\n" in out
    assert train.ok("%%tfsession train\nz.eval(), state()").value == (3, (2, True, True))
    (info,) = tfsess_magics.sessions()
    assert (info.name, info.generation, info.variables) == ("train", 2, ())
    assert train.ok("tf.executing_eagerly(), v1.get_default_session()").value == (True, None)


def test_the_line_names_call_values_and_bytes(train: Notebook) -> None:
    """Of the reset that took them; variables without a value are not among them."""
    train.ok("%%tfsession train\nmake('b'); v1.get_variable('empty', [2])")
    cell = train.shell.execution_count
    assert train.ok(f"%%tfsession train\n{RESET};").out == (
        f"cell {cell}, line 2 called reset_default_graph; {GOES_ON}, without the values of b, w (16 B)\n"
    )
    cell = train.shell.execution_count
    assert train.ok(f"%%tfsession train\n{RESET};").out == (
        f"cell {cell}, line 2 called reset_default_graph; 'train' goes on with the new graph (generation 3)\n"
    )


def test_of_several_resets_in_a_cell_one_line_tells(train: Notebook) -> None:
    """With all values that went."""
    cell = train.shell.execution_count
    loop = "for name in 'ab':\n    v1.reset_default_graph()\n    make(name)\nv1.reset_default_graph()"
    assert train.ok(f"%%tfsession train\n{loop}").out == (
        f"cell {cell}, line 5 called reset_default_graph, the last of 3 resets; 'train' goes on with the new graph "
        "(generation 4), without the values of w, a, b (24 B)\n"
    )


def test_a_cell_that_fails_after_the_reset_has_made_it(train: Notebook) -> None:
    """And its line is said."""
    outcome = train.run(f"%%tfsession train\n{RESET}\n1 / 0")
    assert isinstance(outcome.error, ZeroDivisionError)
    assert outcome.out.endswith(f"{LOST}\n")
    assert train.ok("%%tfsession train\nz.eval(), state()").value == (3, (2, True, True))


def test_the_list_is_right_in_the_rest_of_the_cell(train: Notebook) -> None:
    """``%tfsession list`` shows the new graph at once."""
    out = train.ok(f"%%tfsession train\n{RESET}\n%tfsession list\nmake('b')\n%tfsession list").out
    rows = [line.split() for line in out.splitlines() if line.startswith("train ")]
    assert [(row[1], row[3], " ".join(row[5:7])) for row in rows] == [
        ("entered", "1", "0 B"),
        ("entered", "6", "8 B"),
    ]


def test_a_cell_under_use(train: Notebook) -> None:
    """It is as one with a header."""
    train.ok("%tfsession use train")
    assert train.ok(f"{RESET}\nz.eval(), state()").value == (3, (2, True, True))
    train.ok("%tfsession use --off")


def test_a_traced_cell_traces_a_run_after_the_reset(train: Notebook) -> None:
    """The order goes on, and counts the runs of the cell."""
    out = train.ok(f"%%tfsession train --trace\nv1.get_default_session().run(w)\n{RESET}\nz.eval(); z.eval();").out
    assert re.search(r"^trace of +train: cell \d+, run 2 of 3 in that cell$", out, re.MULTILINE)


def test_a_cell_with_a_limit_keeps_it(train: Notebook) -> None:
    """Runs in the new session end as those before."""
    outcome = train.run(
        f"%%tfsession train --timeout 0.2\n{RESET}\ntf.queue.FIFOQueue(1, tf.float32).dequeue().op.run()"
    )
    assert "DeadlineExceededError" in type(outcome.error).__name__


def test_a_cell_initializes_what_it_has_built_after_the_reset(train: Notebook) -> None:
    """``--init`` is for the graph in which the cell ends."""
    train.ok("%%tfsession train --init\nv1.reset_default_graph()\nv = v1.get_variable('v', initializer=5.0)")
    assert train.ok("%%tfsession train\nv1.get_default_session().run(v)").value == 5.0


def test_a_bound_function_of_the_notebook_goes_on_in_the_new_graph_too(train: Notebook) -> None:
    """The session follows it; the cell that started the thread goes on where it was, as in plain TensorFlow."""
    body = f"@tfsess_magics.bind\ndef begin():\n    {RESET}\n    inside.append((z.eval(), state()))"
    start = "import threading\nthread = threading.Thread(target=begin); thread.start(); thread.join()"
    with pytest.warns(tfsess_magics.SessionWarning, match="called reset_default_graph"):
        held = train.ok(f"%%tfsession train\ninside = []\n{body}\n{start}\nv1.get_default_session().run(w)").value
    assert held.tolist() == [1.0, 2.0]
    assert train.ok("%%tfsession train\ninside, state()").value == ([(3, (2, True, True))], (2, True, True))


def test_a_with_block_of_an_ordinary_cell(train: Notebook) -> None:
    """It warns, as blocks do."""
    block = f"with tfsess_magics.session('train'):\n    {RESET}\n    held = z.eval(), state()"
    with pytest.warns(tfsess_magics.SessionWarning, match=re.escape(LOST)):
        assert train.ok(f"{block}\nheld").value == (3, (2, True, True))


def test_an_ordinary_cell_resets_what_plain_tensorflow_resets(train: Notebook) -> None:
    """And no session."""
    assert train.ok("v1.reset_default_graph()\nstate()[0]").value == 1
    assert train.ok("%%tfsession train\nv1.get_default_session().run(w).tolist()").value == [1.0, 2.0]


def test_what_a_library_resets_and_leaves_empty_takes_nothing(train: Notebook, library: str) -> None:
    """The cell itself has TensorFlow's rule: an empty default graph. The line says how to empty the session's."""
    train.ok("import library")
    outcome = train.ok("%%tfsession train\nlibrary.reset()\nv1.get_default_graph().version, state()")
    assert outcome.value == (0, (1, False, True))
    said = f"{library}, and nothing was built after that; 'train' keeps its graph and values. To empty it: "
    assert said in outcome.out
    assert train.ok("%%tfsession train\nv1.get_default_session().run(w).tolist(), state()").value == (
        [1.0, 2.0],
        (1, True, True),
    )
    train.ok(outcome.out.splitlines()[-1].partition("To empty it: ")[2])
    assert train.ok("%%tfsession train\nv1.get_default_graph().version").value == 0


def test_what_a_library_builds_after_a_reset_the_session_gets(train: Notebook, library: str) -> None:
    """When the cell ends; the line says which values went."""
    train.ok("import library")
    assert train.ok("%%tfsession train\nz = library.build();").out == f"{library}; {LOST}\n"
    assert train.ok("%%tfsession train\nz.eval(), state()").value == (7.0, (2, True, True))


@pytest.mark.parametrize("set_up", ["", "    def setUp(self): super().setUp()\n"], ids=["its", "own"])
def test_tests_of_tensorflow_take_no_values(train: Notebook, set_up: str) -> None:
    """``TestCase.setUp`` acts on its own account, also where a class of the cell calls it."""
    case = f"class Case(tf.test.TestCase):\n{set_up}    def test_it(self): assert 1 + 1 == 2"
    run = "import io, unittest\nunittest.TextTestRunner(stream=io.StringIO()).run(Case('test_it')).wasSuccessful()"
    outcome = train.ok(f"%%tfsession train\n{case}\n{run}")
    assert outcome.value is True
    assert "test_util.setUp" in outcome.out
    assert "'train' keeps its graph and values" in outcome.out
    assert train.ok("%%tfsession train\nv1.get_default_session().run(w).tolist()").value == [1.0, 2.0]


def test_an_adopted_session_stays_as_it_is(train: Notebook) -> None:
    """Its maker owns the graph; in its cells TensorFlow's rule holds."""
    train.ok("with tf.Graph().as_default():\n    c = tf.constant(1); s = v1.Session()\n%tfsession adopt s mine")
    cell = train.shell.execution_count
    outcome = train.ok("%%tfsession mine\nv1.reset_default_graph()\ns is v1.get_default_session(), state('mine')")
    assert outcome.value == (True, (1, False, True))
    assert (
        f"cell {cell}, line 2 called reset_default_graph; 'mine' keeps its graph, which belongs to the code that made "
        "it\n" in outcome.out
    )
    assert train.ok("%%tfsession mine\nc.eval()").value == 1
    train.ok("%tfsession close mine\ndel c, s")
