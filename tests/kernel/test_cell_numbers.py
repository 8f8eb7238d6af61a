"""The numbers of cells in notes, lists and traces are those of the cells that ran.

A kernel gives cells with the same text the same file name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from .harness import Kernel
from .outcome import Outcome

HELPERS = """\
import tensorflow as tf, tfsess_magics
v1 = tf.compat.v1
def run(tensor): return v1.get_default_session().run(tensor)
def build(name): return tf.constant(1.0, name=name)
def make(): return v1.Session(graph=tf.Graph())
def end(session): session.close()
"""


@pytest.fixture
def numbered(kernel: Kernel) -> Iterator[Kernel]:
    """A kernel with functions that an earlier cell has defined."""
    assert kernel.run("%load_ext tfsess_magics").status == "ok"
    assert kernel.run(HELPERS).status == "ok"
    yield kernel
    assert kernel.run("import tfsess_magics; tfsess_magics.close(*tfsess_magics.process.registry.names)").status == "ok"


def ok(kernel: Kernel, cell: str) -> int:
    """Run a cell, and return its number."""
    outcome = kernel.run(cell)
    assert outcome.status == "ok", outcome.traceback
    return number_of(outcome)


def number_of(outcome: Outcome) -> int:
    assert outcome.execution_count is not None
    return outcome.execution_count


def test_a_trace_names_the_cell_that_ran(numbered: Kernel) -> None:
    """Where a function of an earlier cell starts the run."""
    ok(numbered, "%%tfsession train\nx = tf.constant(1.0, name='x')")
    outcome = numbered.run("%%tfsession train --trace\n_ = run(x)")
    (shown,) = outcome.displayed
    assert f"cell {number_of(outcome)}, run 1 of 1 in that cell" in shown["text/plain"]


def test_a_variable_that_exists_was_made_by_the_first_of_two_cells_with_the_same_text(numbered: Kernel) -> None:
    """The second one, where the first has made nothing, is named as well."""
    cell = "%%tfsession train\nw = v1.get_variable('w', [2])"
    first = ok(numbered, cell)
    for _ in range(2):
        failed = numbered.run(cell)
        assert f"it was made in cell {first}. " in failed.traceback
    ok(numbered, "%tfsession reset train")
    second = ok(numbered, cell)
    assert f"it was made in cell {second}. " in numbered.run(cell).traceback


def test_what_a_running_cell_has_made_itself_is_its_own(numbered: Kernel) -> None:
    """An earlier cell with the same text has made other operations."""
    cell = "%%tfsession train\nu = tf.constant(1.0)\nw = v1.get_variable(name, [2])\nw = v1.get_variable(again, [2])"
    ok(numbered, "name, again = 'a', 'b'")
    ok(numbered, cell)
    ok(numbered, "name = again = 'c'")
    failed = numbered.run(cell)
    assert f"it was made in cell {number_of(failed)}. " in failed.traceback


def test_a_function_of_an_earlier_cell_makes_a_tensor_for_the_cell_that_calls_it(numbered: Kernel) -> None:
    ok(numbered, "%%tfsession prep\ny = 0")
    made = ok(numbered, "%%tfsession prep\nx = build('x')")
    ok(numbered, "%%tfsession train\ny = tf.constant(2.0)")
    failed = numbered.run("%%tfsession train\nrun(x)")
    assert f"tensor 'x:0' was made in session 'prep' (generation 1, cell {made}); this cell" in failed.traceback


def test_of_ordinary_cells_with_the_same_text_none_is_taken_for_the_maker(numbered: Kernel) -> None:
    """No record tells which it was."""
    build = "with tf.Graph().as_default(): kept.append(tf.constant(1.0, name='x'))"
    ok(numbered, "kept = []")
    ok(numbered, build)
    last = ok(numbered, build)
    failed = numbered.run("%%tfsession train\ny = tf.constant(2.0)\nrun(kept[0])")
    assert f"(cell {last} or an earlier one with the same text)" in failed.traceback


def test_a_session_made_through_a_function_names_the_cell_that_called_it(numbered: Kernel) -> None:
    """In the list, and in the note about its close."""
    made = ok(numbered, "session = make()")
    origins = "[str(one.origin) for one in tfsess_magics.sessions() if one.name[0] == '#']"
    assert f"cell {made}" in numbered.value(origins)
    ended = ok(numbered, "end(session)")
    failed = numbered.run("with session.graph.as_default(): x = build('x')\nsession.run(x)")
    assert f"the session was closed by cell {ended}," in failed.traceback
    ok(numbered, "del session, x")


def test_a_session_made_in_a_thread_names_the_cell_of_its_code(numbered: Kernel) -> None:
    """No cell runs on the thread's stack."""
    ok(
        numbered,
        "import threading\ndef work(): made.append(make())\nmade = []",
    )
    ok(numbered, "thread = threading.Thread(target=work); thread.start(); thread.join()")
    (origin,) = numbered.value(
        "[str(one.origin) for one in tfsess_magics.sessions() if one.name[0] == '#' and one.origin.function == 'make']"
    )
    assert re.fullmatch(r"cell \d+", origin)
    ok(numbered, "made.pop().close()")
