"""Functions and loaded modules of one session that the cell of another one calls: refused before they spoil it."""

import re
import warnings
from pathlib import Path

import pytest

import tfsess_magics
from tests.notebook.conftest import Notebook, explained
from tests.notebook.test_explain_eager_objects import SAVE
from tfsess_magics import ForeignFunctionError, SessionWarning
from tfsess_magics.core.origin import cell_of

AGAIN = "make the variable and the function, or load the module, in the session where they are used"
MAKE = "v = tf.Variable(3.0, name='v')\nv.initializer.run()\n@tf.function\ndef times(x): return x * v\n"
LOAD = (
    "module = tf.saved_model.load(folder)\n"
    "v1.get_default_session().run([v1.global_variables_initializer(), v1.tables_initializer()])\n"
)


@pytest.fixture
def made(two: tuple[Notebook, int], tmp_path: Path) -> tuple[Notebook, int]:
    """Functions and modules of session prep; the cell in which they were made."""
    notebook, _ = two
    notebook.ok(f"{SAVE}folder = '{tmp_path}'\ntf.saved_model.save(Model(), folder)\ndel Model")
    cell = notebook.shell.execution_count
    notebook.ok(
        f"%%tfsession prep\n{MAKE}{LOAD}other = tf.function(lambda z: times(z) + 1)\n"
        "add = tf.function(lambda z: z + x)\n"
        "made = times(x), other(x), add(x), times.get_concrete_function(x)"
    )
    return notebook, cell


@pytest.mark.parametrize(
    ("call", "function", "used"),
    [
        ("times(y)", "function 'times'", "variable 'v'"),
        ("made[-1](y)", "function 'times'", "variable 'v'"),
        ("other(y)", "function '<lambda>'", "variable 'v'"),
        ("add(y)", "function '<lambda>'", "tensor 'x:0'"),
        ("times(x)", "function 'times'", "tensor 'x:0'"),
        ("module.times(y)", "a function of a loaded module", "variable 'Variable'"),
    ],
)
def test_a_call_in_a_cell_of_another_session(made: tuple[Notebook, int], call: str, function: str, used: str) -> None:
    """The error says what, whose and where to; the session goes on, and both ways work."""
    notebook, _ = made
    outcome = notebook.run(f"%%tfsession train\nr = {call}")
    assert isinstance(outcome.error, ForeignFunctionError)
    assert re.fullmatch(
        rf"{re.escape(function)} uses {used}, which was made in session 'prep' \(generation 1, cell \d+\); this cell "
        r"runs in 'train', of whose graph no run would work again\. Call it there, and pass the value: %%tfsession "
        rf"prep; or {AGAIN}",
        str(outcome.error),
    ), outcome.error
    assert "tfsess_magics/tf" not in outcome.out
    assert notebook.ok("%%tfsession train\ny.eval()").value == 2.0
    there = call.replace("y)", "x)")
    assert notebook.ok(f"%%tfsession prep\nr = ({there}).eval()\nr").value >= 2.0
    assert notebook.ok("%%tfsession train\n(y + r).eval()").value >= 4.0
    here = "y * x" if used == "tensor 'x:0'" else call
    again = f"x = tf.constant(1.0)\n{MAKE}{LOAD}other = tf.function(lambda z: times(z) + 1)\nmade = [times]\n"
    assert notebook.ok(f"%%tfsession train\n{again}({here}).eval()").value >= 2.0
    notebook.run("del made, times, other, add, module, v, r, folder; 1 / 0")


def test_a_function_of_what_a_reset_has_taken(made: tuple[Notebook, int]) -> None:
    """Nothing leads back to it."""
    notebook, cell = made
    notebook.ok("%tfsession reset prep")
    outcome = notebook.run("%%tfsession prep\nx = tf.constant(1.0)\ntimes(x)")
    assert str(outcome.error) == (
        f"function 'times' uses variable 'v', which was made before the reset of 'prep' (generation 1, cell {cell}); "
        f"this cell runs in 'prep', of whose graph no run would work again. {AGAIN[0].upper()}{AGAIN[1:]}"
    )
    assert notebook.ok(f"%%tfsession prep\n{MAKE}times(x).eval()").value == 3.0
    notebook.run("del made, times, other, add, module, v, folder; 1 / 0")


def test_a_function_that_uses_no_variable_works_in_every_session(two: tuple[Notebook, int]) -> None:
    """As does one that a function of the session uses."""
    notebook, _ = two
    notebook.ok("%%tfsession prep\nadd = tf.function(lambda z: z + 1)\nadd(x).eval()")
    assert notebook.ok("%%tfsession train\nadd(y).eval()").value == 3.0
    cell = "v = tf.Variable(3.0)\nv.initializer.run()\ntf.function(lambda z: add(z) * v)(y).eval()"
    assert notebook.ok(f"%%tfsession train\n{cell}").value == 9.0
    notebook.run("del add, v; 1 / 0")


def test_a_call_outside_of_named_sessions_is_warned_of(made: tuple[Notebook, int]) -> None:
    """Once for each line; then no run works, and the note under that error says what helps."""
    notebook, cell = made
    call = "with y.graph.as_default():\n    for _ in range(2): times(y)"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        notebook.ok(call)
    (warning,) = caught
    assert warning.category is SessionWarning
    assert str(warning.message).startswith(
        f"function 'times' uses variable 'v', which was made in session 'prep' (generation 1, cell {cell}); "
        "the call is in another graph, of which no run works from now on. Call it there, and pass the value"
    )
    assert (cell_of(warning.filename), warning.lineno) == (notebook.shell.execution_count - 1, 2)
    said = explained(notebook, "%%tfsession train\ny.eval()")
    assert said == (
        "tfsess_magics: the graph has an operation whose input is in another graph, or is its own output. A "
        "tf.function, or a loaded module, that was made in another session does that. No run of this graph works any "
        "more. For an empty graph: %tfsession reset train; and make the function there"
    )
    notebook.ok(said.split("For an empty graph: ")[1].split("; ")[0])
    assert notebook.ok(f"%%tfsession train\ny = tf.constant(2.0)\n{MAKE}times(y).eval()").value == 6.0
    notebook.run("del made, times, other, add, module, v, folder; 1 / 0")


def test_the_graph_of_other_code_that_has_such_a_call(made: tuple[Notebook, int]) -> None:
    """It has to be built again."""
    notebook, _ = made
    build = "with tf.Graph().as_default():\n    z = tf.constant(2.0)\n    sess = v1.Session()\n    times(z)"
    with pytest.warns(SessionWarning, match="the call is in another graph"):
        notebook.ok(build)
    said = explained(notebook, "sess.run(z)")
    assert said.endswith("No run of this graph works any more: build it again, and make the function in it")
    notebook.ok("sess.close()")
    notebook.run("del made, times, other, add, module, v, folder, sess, z; 1 / 0")


def test_a_cell_that_has_reset_the_default_graph(made: tuple[Notebook, int]) -> None:
    """The new graph is the session's as well."""
    notebook, _ = made
    outcome = notebook.run("%%tfsession train\nv1.reset_default_graph()\ny = tf.constant(2.0)\ntimes(y)")
    assert isinstance(outcome.error, ForeignFunctionError)
    assert notebook.ok("%%tfsession train\ny.eval()").value == 2.0
    notebook.run("del made, times, other, add, module, v, folder; 1 / 0")


def test_a_with_block_refuses_as_a_cell_does(made: tuple[Notebook, int]) -> None:
    """Its code is in the session as well."""
    notebook, _ = made
    names = notebook.shell.user_ns
    with pytest.raises(ForeignFunctionError, match="this block runs in 'train'"), tfsess_magics.session("train"):
        names["times"](names["y"])
    assert notebook.ok("%%tfsession train\ny.eval()").value == 2.0
    notebook.run("del made, times, other, add, module, v, folder; 1 / 0")
