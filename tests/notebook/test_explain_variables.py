"""What is said of variables that have no value, or are there twice."""

import re
from pathlib import Path

import pytest

import tfsess_magics
from tests.notebook.conftest import Notebook, explained

VARIABLES = """%%tfsession train
a = v1.get_variable('a', initializer=1.0)
b = v1.get_variable('b', initializer=2.0)
c = v1.get_variable('c', initializer=3.0, use_resource=False)
d = v1.get_variable('d', initializer=4.0, collections=[])
e = v1.get_local_variable('e', initializer=5.0)
"""


@pytest.mark.parametrize(
    "failing", ["b.eval()", "c.eval()", "d.eval()", "b.assign_add(1.0).eval()", "tf.constant(1.0) + e"]
)
def test_variables_without_a_value(two: tuple[Notebook, int], failing: str) -> None:
    """Exactly these, and a line that initializes just them and adds nothing to the graph."""
    notebook, _ = two
    notebook.ok(f"{VARIABLES}a.initializer.run(); a.assign(7.0).eval()\nsum_ = {failing.removesuffix('.eval()')}")
    said = explained(notebook, "%%tfsession train\nv1.get_default_session().run(sum_)")
    head, line = said.split(" To initialize just these: ")
    assert head == "tfsess_magics: without a value in this session: b, c, d, e."
    operations = tfsess_magics.get("train").graph.num_operations()
    notebook.ok(f"%%tfsession train\n{line}")
    assert notebook.ok("%%tfsession train\n[v.eval() for v in (a, b, c, d, e)]").value == [7.0, 2.0, 3.0, 4.0, 5.0]
    assert notebook.ok("tfsess_magics.get('train').graph.num_operations()").value == operations


def test_variables_without_a_value_outside_a_cell(two: tuple[Notebook, int]) -> None:
    """The line can be run where the session is not the default one."""
    notebook, _ = two
    notebook.ok(VARIABLES)
    line = explained(notebook, "tfsess_magics.get('train').run('a/Read/ReadVariableOp:0')").split("just these: ")[1]
    notebook.ok(line)
    assert notebook.ok("tfsess_magics.get('train').run('a/Read/ReadVariableOp:0')").value == 1.0


def test_no_variable_has_a_value(two: tuple[Notebook, int]) -> None:
    """Of a whole model no names are listed."""
    notebook, _ = two
    notebook.ok("%%tfsession train\nvs = [v1.get_variable(f'v{i}', initializer=1.0) for i in range(40)]")
    said = explained(notebook, "%%tfsession train\nvs[0].eval()")
    assert said == (
        "tfsess_magics: no variable has a value in this session. To initialize them: "
        "tf.compat.v1.global_variables_initializer().run()"
    )
    notebook.ok(f"%%tfsession train\n{said.split('them: ')[1]}\nvs[0].eval()")


def test_a_variable_that_exists(two: tuple[Notebook, int]) -> None:
    """The cell that made it, and the two ways on, in a cell and in a block."""
    notebook, _ = two
    cell = notebook.shell.execution_count
    notebook.ok("%%tfsession train\nv = v1.get_variable('v', [2])")
    said = explained(notebook, "%%tfsession train\nv = v1.get_variable('v', [2])")
    assert said == (
        f"tfsess_magics: it was made in cell {cell}. To begin with an empty graph: %%tfsession train --fresh. "
        "To use 'v' as it is: %%tfsession train --reuse"
    )
    notebook.ok("%%tfsession train --reuse\nassert v1.get_variable('v', [2]) is v")
    said = explained(notebook, "with tfsess_magics.get('train'):\n    v1.get_variable('v', [2])")
    assert said == (
        f"tfsess_magics: it was made in cell {cell}. To begin with an empty graph: %tfsession reset train. "
        "To use 'v' as it is: tf.compat.v1.variable_scope('', reuse=tf.compat.v1.AUTO_REUSE) around the call"
    )
    notebook.ok(
        "with tfsess_magics.get('train'), v1.variable_scope('', reuse=v1.AUTO_REUSE):\n"
        "    assert v1.get_variable('v', [2]) is v"
    )
    notebook.ok("%%tfsession train --fresh\nassert v1.get_variable('v', [2]) is not v")


def test_a_variable_that_exists_where_the_cell_runs_again(two: tuple[Notebook, int]) -> None:
    """A terminal gives each of the cells a file name of its own."""
    notebook, _ = two
    cell = notebook.shell.execution_count
    build = "%%tfsession train\nv = v1.get_variable('v', [2])"
    notebook.ok(build)
    for _ in range(2):
        assert f"it was made in cell {cell}. " in explained(notebook, build)


def test_a_variable_that_an_ordinary_cell_evaluates(two: tuple[Notebook, int]) -> None:
    """TensorFlow only says that it does not."""
    notebook, _ = two
    cell = notebook.shell.execution_count
    notebook.ok("%%tfsession train\nv = v1.get_variable('v', initializer=1.0); v.initializer.run()\nv.eval()")
    assert explained(notebook, "v.eval(session=tfsess_magics.get('train').session)") == (
        f"tfsess_magics: tensor 'v:0' was made in session 'train' (generation 1, cell {cell}); this cell is eager. "
        "Go on there: %%tfsession train"
    )
    assert explained(notebook, "tf.Variable(1.0).eval()") == (
        "tfsess_magics: the variable was made in eager mode. To get its value: .numpy()"
    )
    notebook.ok("del v")


def test_a_variable_that_exists_in_an_adopted_session(two: tuple[Notebook, int]) -> None:
    """Which cannot be reset."""
    notebook, _ = two
    notebook.ok("with tf.Graph().as_default():\n    v = v1.get_variable('v', [2]); sess = v1.Session()")
    notebook.ok("%tfsession adopt sess mine")
    assert (
        "To begin with an empty graph: a session of your own, %%tfsession NEW "
        "('mine' keeps its graph, which belongs to the code that made it, and cannot be reset). To use 'v'"
    ) in explained(notebook, "%%tfsession mine\nv1.get_variable('v', [2])")
    notebook.ok("%tfsession close mine\ndel v, sess")


@pytest.mark.parametrize("kept_in", ["sess = ", "sessions = [", "_sess = "])
def test_variables_without_a_value_in_a_session_of_other_code(two: tuple[Notebook, int], kept_in: str) -> None:
    """By its name in the notebook where it has one."""
    notebook, _ = two
    end = "]" if kept_in.endswith("[") else ""
    made = notebook.ok(
        f"with tf.Graph().as_default():\n    v = v1.get_variable('v', [2]); {kept_in}v1.Session(){end}; total = v + 1"
    )
    assert made.out == ""
    session = kept_in.split(" ", maxsplit=1)[0] + ("[0]" if end else "")
    line = explained(notebook, f"{session}.run(total)").split(" To initialize just these: ")[1]
    if session == "sess":
        assert line == "sess.run(['v/Assign'])"
    else:
        assert re.fullmatch(
            r"SESSION\.run\(\['v/Assign'\]\), where SESSION stands for #\d+, made by cell \d+, "
            "which has no name in the notebook",
            line,
        )
    notebook.ok(f"{session}.close()\ndel v, total, {session.removesuffix('[0]')}")


@pytest.mark.parametrize("line_of", ["other", "SESSION"])
def test_variables_without_a_value_in_another_session_on_a_named_ones_graph(
    two: tuple[Notebook, int], line_of: str
) -> None:
    """The line is for the session that failed: in the named one it would take the values away."""
    notebook, _ = two
    notebook.ok(
        "%%tfsession train\nv = v1.get_variable('v', initializer=1.0); v.initializer.run(); v.assign(7.0).eval()"
    )
    expression = "other" if line_of == "other" else "others[0]"
    notebook.ok(f"others = [v1.Session(graph=v.graph)]\n{'other = others[0]' if line_of == 'other' else ''}")
    said = explained(notebook, f"{expression}.run(v)")
    line = said.split(" To initialize just these: ")[1].split(", where ")[0]
    assert line == f"{line_of}.run(['v/Assign'])"
    assert ("which has no name in the notebook" in said) is (line_of == "SESSION")
    notebook.ok(line.replace("SESSION", expression))
    assert notebook.ok(f"{expression}.run(v), tfsess_magics.get('train').run(v)").value == (1.0, 7.0)
    notebook.ok(f"{expression}.close()\ndel v, others{', other' if line_of == 'other' else ''}")


def test_a_checkpoint_of_a_cell_that_ran_again(two: tuple[Notebook, int], tmp_path: Path) -> None:
    """The names that TensorFlow made up for what was there already are not those of the checkpoint."""
    notebook, first = two[0], two[0].shell.execution_count
    build = "%%tfsession train\nv = tf.Variable(1.0); v.initializer.run(); saver = v1.train.Saver()\n"
    notebook.ok(f"{build}saver.save(v1.get_default_session(), '{tmp_path}/v')")
    again = notebook.shell.execution_count
    restore = f"saver.restore(v1.get_default_session(), '{tmp_path}/v')"
    assert explained(notebook, f"{build}{restore}") == (
        f"tfsess_magics: 'Variable_1' (cell {again}) is a second 'Variable' (cell {first}): the cell that builds it "
        "has run twice. Begin with an empty graph: %tfsession reset train, and restore then"
    )
    notebook.ok("%tfsession reset train")
    notebook.ok(f"{build}{restore}")
    notebook.ok("del v, saver")
