"""``%tfsession use``: every later cell runs in a session."""

from pathlib import Path

import pytest

import tfsess_magics

from .conftest import Notebook

OFF = "%tfsession use --off"


@pytest.fixture
def train(notebook: Notebook) -> Notebook:
    notebook.ok("import tensorflow as tf\nimport tfsess_magics\nv1 = tf.compat.v1")
    assert notebook.ok("%tfsession use train --seed 3").out == (
        "every later cell runs in train, until: %tfsession use --off\n"
    )
    return notebook


def runs_in(notebook: Notebook) -> str | None:
    """Return the name of the session whose graph is the default one in an ordinary cell."""
    graph = notebook.ok("v1.get_default_graph()").value
    return next((info.name for info in tfsess_magics.sessions() if tfsess_magics.get(info.name).graph is graph), None)


def test_ordinary_cells_run_in_it(train: Notebook) -> None:
    """As under a header: with its options, magics, errors and an ``await``; eager again after it is off."""
    assert runs_in(train) == "train"
    train.ok("%%time\nx = tf.constant(3.0)")
    assert train.ok("import asyncio\nawait asyncio.sleep(0)\nx.eval()").value == 3.0
    assert isinstance(train.run("1 / 0").error, ZeroDivisionError)
    assert tfsess_magics.get("train").graph.seed == 3
    assert train.ok(OFF).out == "cells run without a session\n"
    assert train.ok("tf.executing_eagerly() and v1.get_default_session() is None").value is True


def test_the_header_of_a_cell_wins(train: Notebook) -> None:
    train.ok("%%tfsession other\ny = tf.constant(1)")
    assert train.ok("y.graph is tfsess_magics.get('other').graph").value is True
    assert runs_in(train) == "train"


def test_lines_about_the_sessions_are_in_none(train: Notebook) -> None:
    """So that they can reset and close it."""
    train.ok("tf.constant(1)")
    train.ok("# begin anew\n%tfsession reset train\n%tfsession info train\n")
    assert runs_in(train) == "train"
    assert tfsess_magics.get("train").generation == 2


def test_after_a_close_one_cell_fails_and_says_so(train: Notebook) -> None:
    train.ok("%tfsession close train")
    failed = train.run("ran = True")
    assert "UsageError: 'train', in which every cell was to run, was closed. This cell has not run." in failed.err
    assert "ran" not in train.shell.user_ns
    assert train.ok("tf.executing_eagerly()").value is True
    assert tfsess_magics.sessions() == ()


@pytest.mark.parametrize("code", ["", " \n", "ran_by_itself = tf.executing_eagerly()"])
@pytest.mark.parametrize("close", ["%tfsession close train", "%%tfsession train\nv1.get_default_session().close()"])
def test_after_a_close_a_request_of_the_front_end_leaves_the_failure_to_the_users_cell(
    train: Notebook, close: str, code: str
) -> None:
    """An inspector's request leaves nothing in the history; it runs without a session."""
    train.ok(close)
    assert train.shell.run_cell(code, store_history=False).success
    assert train.shell.user_ns.get("ran_by_itself", True) is True
    failed = train.run("ran = True")
    assert "was closed" in failed.err
    assert "This cell has not run. From now on cells run without a session again." in failed.err
    assert "ran" not in train.shell.user_ns
    assert train.ok("tf.executing_eagerly()").value is True


@pytest.mark.parametrize("code", ["", " \n", "# why"])
def test_after_a_close_a_cell_without_code_does_not_fail(train: Notebook, code: str) -> None:
    train.ok("%tfsession close train")
    train.ok(code)
    assert "was closed" in train.run("1").err


def test_a_session_that_its_maker_has_closed_is_not_used(train: Notebook) -> None:
    """The line says what can be done; cells go on in the session that was used before."""
    train.ok("other = v1.Session(graph=tf.Graph())\n%tfsession adopt other model\nother.close()")
    said = train.run("%tfsession use model").err
    assert "UsageError: the TensorFlow session of 'model' was closed by cell" in said
    assert "To give up the name: %tfsession close model" in said
    assert runs_in(train) == "train"


INSIDE = "graph = v1.get_default_graph()"


@pytest.mark.parametrize("run", [f"get_ipython().run_cell({INSIDE!r})", "%rerun 1"])
@pytest.mark.parametrize(
    "header", ["%%tfsession other", "%%time\n%%tfsession other", "%%capture kept\n%%tfsession other"]
)
def test_cells_that_a_cell_runs_are_in_its_session(train: Notebook, header: str, run: str) -> None:
    """Whatever runs them; afterwards cells are in the used one again."""
    train.shell.history_manager.reset()
    train.shell.execution_count = 1
    train.ok(INSIDE)
    train.ok(f"{header}\n{run}")
    assert train.ok("graph is tfsess_magics.get('other').graph").value is True
    assert runs_in(train) == "train"
    train.ok(run)
    assert train.ok("graph is tfsess_magics.get('train').graph").value is True


def test_cells_that_a_with_block_runs_are_in_its_session(train: Notebook) -> None:
    train.ok(f"with tfsess_magics.session('other'):\n    get_ipython().run_cell({INSIDE!r})")
    assert train.ok("graph is tfsess_magics.get('other').graph").value is True


def test_a_task_that_outlives_its_cell_runs_cells_in_the_used_session(train: Notebook) -> None:
    train.ok(
        "%%tfsession other\nimport asyncio\ndone = asyncio.Event()\nasync def later():\n    await done.wait()\n"
        f"    get_ipython().run_cell({INSIDE!r})\ntask = asyncio.create_task(later())\nawait asyncio.sleep(0)"
    )
    train.ok("async def end():\n    done.set()\n    await task\n")
    train.ok("%tfsession use --off\n%tfsession use train")
    train.ok("await end()")
    assert train.ok("graph is tfsess_magics.get('train').graph").value is True


def test_a_session_named_off_can_be_used_once_it_is_open(train: Notebook) -> None:
    train.ok("%tfsession new off\n%tfsession use off")
    assert runs_in(train) == "off"


def test_after_a_close_by_its_maker_one_cell_fails(train: Notebook) -> None:
    train.ok("%tfsession use --off")
    train.ok("other = v1.Session(graph=tf.Graph())\n%tfsession adopt other model\n%tfsession use model")
    train.ok("%%tfsession train\nother.close()")
    assert "UsageError: the TensorFlow session of 'model' was closed by" in train.run("1").err
    assert train.ok("tf.executing_eagerly()").value is True


def test_an_eager_scope_can_be_used(train: Notebook) -> None:
    """Its list has what ordinary cells make then."""
    train.ok("%tfsession use scope --eager")
    train.ok("weights = tf.Variable([1.0, 2.0])")
    train.ok("%tfsession use --off")
    assert [len(info.variables) for info in tfsess_magics.sessions() if info.name == "scope"] == [1]


def test_another_use_takes_its_place(train: Notebook) -> None:
    train.ok("%tfsession use second")
    assert runs_in(train) == "second"
    assert [info.is_used for info in tfsess_magics.sessions()] == [False, True]
    assert "every later cell runs in second" in train.ok("%tfsession use").out


def test_the_list_shows_it(train: Notebook) -> None:
    assert "every cell runs in it" in train.ok("%tfsession").out
    summary = tfsess_magics.get("train").summary(ask=False)
    assert summary.is_used
    train.ok(OFF)
    assert "every cell runs in it" not in train.ok("%tfsession").out


def test_silent_cells_run_outside(train: Notebook) -> None:
    train.shell.run_cell("seen = tf.executing_eagerly()", silent=True)
    assert train.shell.user_ns["seen"] is True


def test_a_script_that_a_cell_runs_is_in_it_too(train: Notebook, tmp_path: Path) -> None:
    (tmp_path / "build.py").write_text("import tensorflow as tf\nz = tf.constant(2.0)\n")
    train.ok(f"%run {tmp_path / 'build.py'}")
    assert train.ok("z.eval()").value == 2.0


def test_options_of_cells_hold_for_each(train: Notebook) -> None:
    train.ok("%tfsession use train --reuse --init")
    train.ok("v = v1.get_variable('v', [2], initializer=v1.ones_initializer())")
    assert train.ok("v1.get_variable('v', [2]) is v, v.eval().tolist()").value == (True, [1.0, 1.0])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("use train --seed 4", "its options are fixed: --seed 4 was given"),
        ("use train --fresh", "--fresh is for one cell: %%tfsession NAME --fresh"),
        ("use train --trace", "--trace is for one cell: %%tfsession NAME --trace"),
        ("use 1x", "'1x' does not start with a letter"),
        ("use scope --reuse", "'scope' is an eager scope, which takes none of these options."),
        ("use list", "'list' is a verb"),
        ("use train --off", "--off stands alone, whichever session it is: %tfsession use --off"),
        ("use --off train", "--off stands alone, whichever session it is: %tfsession use --off"),
        ("use --off --off", "--off stands alone, whichever session it is: %tfsession use --off"),
        ("use off", "to run later cells without a session again: %tfsession use --off. To run them in a session of"),
    ],
)
def test_a_line_that_will_not_do_changes_nothing(train: Notebook, line: str, said: str) -> None:
    train.ok("%tfsession new scope --eager")
    assert said in train.run(f"%tfsession {line}").err
    assert runs_in_train(train)


def runs_in_train(notebook: Notebook) -> bool:
    return notebook.ok("v1.get_default_graph() is tfsess_magics.get('train').graph").value is True


def test_unloading_ends_it(train: Notebook) -> None:
    tfsess_magics.unload_ipython_extension(train.shell)
    assert train.ok("tf.executing_eagerly()").value is True
    tfsess_magics.load_ipython_extension(train.shell)
    assert train.ok("tf.executing_eagerly()").value is True
    assert [info.is_used for info in tfsess_magics.sessions()] == [False]
