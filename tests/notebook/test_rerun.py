"""Cells that run again: ``--fresh``, ``--reuse`` and ``--init``."""

import pytest
import tensorflow as tf

import tfsess_magics

from .conftest import Notebook, note

PREPARE = "import tensorflow as tf\nv1 = tf.compat.v1"
BUILD = "v = v1.get_variable('v', [2], initializer=v1.ones_initializer())"


@pytest.fixture
def cells(notebook: Notebook) -> Notebook:
    notebook.ok(PREPARE)
    return notebook


def test_a_fresh_cell_begins_with_an_empty_graph_each_time(cells: Notebook) -> None:
    """And says what went. The first time there is nothing to reset."""
    first = cells.ok(f"%%tfsession train --fresh --seed 3\n{BUILD}\nv.initializer.run()")
    assert first.out == ""
    again = cells.ok(f"%%tfsession train --fresh\n{BUILD}\nlen(v1.global_variables())")
    assert again.out.startswith("reset train: its graph is empty now (generation 2; each reset adds 1). Gone: ")
    assert "1 variable (8 B)" in again.out
    assert again.value == 1
    assert tfsess_magics.get("train").options.seed == 3


UNDER = pytest.mark.parametrize("above", ["%%time\n", "%%capture kept\n", "%%time\n%%capture kept\n"])


@UNDER
def test_the_options_of_a_cell_hold_below_other_magics(cells: Notebook, above: str) -> None:
    cells.ok(f"{above}%%tfsession train --init\n{BUILD}")
    assert cells.ok("%%tfsession train\nv.eval().tolist()").value == [1.0, 1.0]
    cells.ok(f"{above}%%tfsession train --reuse --init --timeout 9\nassert v1.get_variable('v', [2]) is v")
    cells.ok(f"{above}%%tfsession train --fresh --init\n{BUILD}")
    assert cells.ok("%%tfsession train\n[x.eval().tolist() for x in v1.global_variables()]").value == [[1.0, 1.0]]
    assert tfsess_magics.get("train").generation == 2


def test_an_initializer_that_fails_below_time_is_the_error_of_the_cell(cells: Notebook) -> None:
    outcome = cells.run("%%time\n%%tfsession train --init\nv = v1.Variable(v1.placeholder(tf.float32, [2]))")
    assert "You must feed a value for placeholder tensor" in str(outcome.error)
    assert tf_is_eager(cells)


@pytest.mark.parametrize(
    "body",
    [
        "x = 1\ndef f(:",
        "  x = 1\ny = 2",
        "v = 1\nreturn",
        "x = 'never closed",
        "await nothing\nbreak",
        "%time\nx ==== 1",
        "x = '\0'",
    ],
)
@pytest.mark.parametrize("above", ["", "%%time\n", "%%capture kept\n", "%%time\n%%capture kept\n"])
def test_a_body_that_cannot_run_resets_nothing(cells: Notebook, above: str, body: str) -> None:
    """Nor does any of it run; the error is IPython's, which ``%%capture`` keeps to itself."""
    cells.ok(f"%%tfsession train --init\n{BUILD}")
    error = cells.run(f"{above}%%tfsession train --fresh\n{body}").error
    assert isinstance(error, SyntaxError | ValueError) is ("capture" not in above)
    assert cells.ok("%%tfsession train\nv.eval().tolist()").value == [1.0, 1.0]
    assert tfsess_magics.get("train").generation == 1


def test_the_error_of_a_body_that_cannot_run_names_its_line(cells: Notebook) -> None:
    """As without the option, in the cell as it is typed."""
    said = []
    for option in ("", " --fresh"):
        cells.ok("%%tfsession train\n1")
        number = cells.shell.execution_count
        out = cells.run(f"# why\n%%tfsession train{option}\n\nx = 1\ndef f(:").out
        said.append(out.replace(f"[{number}]", "[N]"))
    assert said[0] == said[1]
    assert "line 5" in said[0]
    assert "def f(:" in said[0]


@pytest.mark.parametrize(
    "body",
    [
        "import asyncio\nawait asyncio.sleep(0)\n7",
        "async with tf_lock() as _: pass\n7",
        "x = 1\nfrom __future__ import annotations\n7",
        "!true\n%who_ls\n7",
        "",
    ],
)
def test_a_body_that_ipython_can_run_does_after_a_reset(cells: Notebook, body: str) -> None:
    """Also where it awaits, or has what a module may not have."""
    cells.ok("import contextlib\ntf_lock = contextlib.asynccontextmanager(lambda: empty())")
    cells.ok("async def empty():\n    yield")
    cells.ok("%%tfsession train\ntf.constant(1)")
    outcome = cells.ok(f"%%tfsession train --fresh\n{body}")
    assert outcome.value == (7 if body else None)
    assert tfsess_magics.get("train").generation == 2


def test_a_fresh_cell_warns_as_often_as_another(cells: Notebook) -> None:
    given = []
    for option in ("", "", " --fresh"):
        with pytest.warns(SyntaxWarning, match="is") as warned:
            cells.ok(f"%%tfsession train{option}\n1 is 1")
        given.append(len(warned))
    assert given[1] == given[2]


def test_a_fresh_cell_with_an_option_that_is_refused_resets_nothing(cells: Notebook) -> None:
    cells.ok("%%tfsession scope --eager\nkept = 1")
    assert "--reuse is for a graph" in cells.run("%%tfsession scope --fresh --reuse\n1").err
    assert cells.ok("kept").value == 1


def test_a_fresh_eager_cell_unbinds_the_names_of_the_scope(cells: Notebook) -> None:
    cells.ok("%%tfsession e --eager\nx = 1")
    assert cells.ok("%%tfsession e --fresh\n'x' in globals()").value is False


def test_fresh_resets_nothing_that_is_in_use_or_of_other_code(cells: Notebook) -> None:
    cells.ok(f"%%tfsession train\n{BUILD}")
    cells.ok("nested = lambda: get_ipython().run_cell('%%tfsession train --fresh\\n1')")
    outcome = cells.ok("%%tfsession train\nnested().success")
    assert outcome.value is False
    assert "cell" in outcome.err
    assert "is running in it" in outcome.err
    cells.ok("graph = tf.Graph()\nother = v1.Session(graph=graph)\n%tfsession adopt other model")
    assert "UsageError" in cells.run("%%tfsession model --fresh\n1").err
    assert [info.generation for info in tfsess_magics.sessions()] == [1, 1]


def test_a_cell_may_reuse_variables(cells: Notebook) -> None:
    """In that cell alone, in the scopes that it opens too; the first time it makes them."""
    cells.ok(f"%%tfsession train --reuse\n{BUILD}\nv.initializer.run()")
    cells.ok(
        "%%tfsession train --reuse\n"
        "assert v1.get_variable('v', [2]) is v\n"
        "with v1.variable_scope('layer'):\n    w = v1.get_variable('w', [1])\n"
    )
    cells.ok("%%tfsession train --reuse\nwith v1.variable_scope('layer'):\n    assert v1.get_variable('w', [1]) is w\n")
    assert cells.ok("%%tfsession train\nv1.get_variable_scope().reuse").value is False
    assert isinstance(cells.run(f"%%tfsession train\n{BUILD}").error, ValueError)
    assert cells.ok("%%tfsession train\n[x.op.name for x in v1.global_variables()]").value == ["v", "layer/w"]


def test_reuse_holds_while_a_cell_waits_and_not_for_others(cells: Notebook) -> None:
    """A task of the same thread that is in the session by a block of its own does not get it."""
    cells.ok(f"%%tfsession train\n{BUILD}")
    outcome = cells.ok(
        "%%tfsession train --reuse\n"
        "import asyncio\n"
        "await asyncio.sleep(0)\n"
        "assert v1.get_variable('v', [2]) is v\n"
        "v1.get_variable_scope().reuse is v1.AUTO_REUSE"
    )
    assert outcome.value is True


def test_a_finalized_graph_can_be_reused(cells: Notebook) -> None:
    cells.ok("%%tfsession train\none = tf.constant(1)\none.graph.finalize()")
    assert cells.ok("%%tfsession train --reuse\none.eval()").value == 1


def test_a_cell_may_initialize_what_has_no_value(cells: Notebook) -> None:
    """After its body: variables of any collection, and none that has a value."""
    cells.ok(f"%%tfsession train --init\n{BUILD}\nlocal = v1.Variable(2.0, collections=[])")
    assert cells.ok("%%tfsession train\nv.assign_add([1.0, 2.0]).eval().tolist(), local.eval().item()").value == (
        [2.0, 3.0],
        2.0,
    )
    cells.ok("%%tfsession train --init\nlate = v1.Variable(5.0)")
    assert cells.ok("%%tfsession train\nv.eval().tolist(), late.eval().item()").value == ([2.0, 3.0], 5.0)
    runs = tfsess_magics.sessions()[0].runs
    cells.ok("%%tfsession train --init\n1")
    assert tfsess_magics.sessions()[0].runs == runs


def test_a_body_that_fails_initializes_nothing(cells: Notebook) -> None:
    assert isinstance(cells.run(f"%%tfsession train --init\n{BUILD}\n1 / 0").error, ZeroDivisionError)
    assert cells.ok("%%tfsession train\nbool(v1.is_variable_initialized(v).eval())").value is False


def test_an_initializer_that_fails_is_the_error_of_the_cell(cells: Notebook) -> None:
    """The value of the last expression is shown all the same."""
    outcome = cells.run("%%tfsession train --init\nv = v1.Variable(v1.placeholder(tf.float32, [2]))\n7")
    assert outcome.value == 7
    assert "You must feed a value for placeholder tensor" in str(outcome.error)
    assert tf_is_eager(cells)


FED = "fed = v1.placeholder(tf.float32, [2], name='fed')\nb = v1.Variable(fed * 2, name='b')"


@pytest.mark.parametrize("above", ["", "%%time\n"])
def test_a_variable_that_cannot_be_initialized_is_named_and_the_others_get_their_values(
    cells: Notebook, above: str
) -> None:
    """The line in the note gives it one."""
    several = "rest = [v1.Variable(float(i), name=f'{chr(97 + i)}x') for i in range(5)]"
    error = cells.run(f"{above}%%tfsession train --init\n{FED}\n{several}\n{BUILD}\n7").error
    assert isinstance(error, tf.errors.InvalidArgumentError)
    said = note(error)
    assert "--init ran the initializers of the variables without a value, and could not give one to b." in said
    assert cells.ok("%%tfsession train\nv1.get_default_session().run([v, *rest])[1:]").value == [
        0.0,
        1.0,
        2.0,
        3.0,
        4.0,
    ]
    advice = said.partition("To initialize b, with what its initial value needs: ")[2]
    assert advice == "tf.compat.v1.get_default_session().run('b/Assign', {'fed:0': ...})"
    cells.ok(f"%%tfsession train\n{advice.replace('...', '[1.0, 2.0]')}")
    assert cells.ok("%%tfsession train --init\nb.eval().tolist()").value == [2.0, 4.0]


def test_all_that_cannot_be_initialized_are_named(cells: Notebook) -> None:
    """Also where no placeholder is the reason; a variable whose initial value is that of another gets it."""
    said = note(
        cells.run(
            f"%%tfsession train --init\n{FED}\n"
            "bad = v1.Variable(tf.debugging.check_numerics(tf.math.log(-1.0), 'bad'), name='bad')\n"
            "u = v1.Variable(3.0)\nafter = v1.Variable(u + 1.0, name='after')"
        ).error
    )
    assert "could not give one to b, bad." in said
    assert cells.ok("%%tfsession train\nafter.eval().item()").value == 4.0


def test_a_limit_that_ends_the_initializers_is_the_error(cells: Notebook) -> None:
    waits = "v1.Variable(tf.queue.FIFOQueue(1, tf.float32, [[]]).dequeue())"
    error = cells.run(f"%%tfsession train --init --timeout 0.2\na = {waits}\nb = v1.Variable(1.0)").error
    assert isinstance(error, tf.errors.DeadlineExceededError)
    assert "--init ran" not in str(getattr(error, "__notes__", ""))


def tf_is_eager(cells: Notebook) -> bool:
    return cells.ok("tf.executing_eagerly() and v1.get_default_session() is None").value is True


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("train --fresh --graph tf.Graph()", "--fresh begins with an empty graph, and --graph works in one"),
        ("e --eager --init", "--init is for a graph and its runs; an eager scope has neither."),
        ("scope --reuse", "--reuse is for a graph and its runs; 'scope' is an eager scope, and has neither."),
    ],
)
def test_what_does_not_go_together_is_said_and_opens_nothing(cells: Notebook, header: str, said: str) -> None:
    cells.ok("%%tfsession scope --eager\n1")
    assert said in cells.run(f"%%tfsession {header}\n1").err
    assert [info.name for info in tfsess_magics.sessions()] == ["scope"]


@pytest.mark.parametrize("flag", ["--fresh", "--reuse", "--init"])
def test_the_options_of_a_cell_open_no_session(cells: Notebook, flag: str) -> None:
    assert f"{flag} is for a cell: %%tfsession NAME {flag}" in cells.run(f"%tfsession new train {flag}").err
