"""The notes where a graph's tensor is taken for its value, and of savers and initializers in ordinary cells."""

import re
from pathlib import Path

import pytest

from tests.notebook.conftest import Notebook, explained

GET = "tfsess_magics: a tensor of a graph has a value only while a session runs it. To get it: tensor.eval()"


@pytest.mark.parametrize(
    ("use", "more"),
    [
        ("np.mean({})", ""),
        ("np.asarray({})", ""),
        ("np.sum([{0}, {0}])", ""),
        ("float({})", ""),
        ("complex({})", ""),
        ("int({})", ""),
        ("math.sqrt({})", ""),
        ("f'{{{}:.2f}}'", ""),
        ("range({})", ""),
        ("[1, 2][{}]", ""),
        ("{}.numpy()", ""),
        ("bool({})", "; to decide in each run: tf.cond(tensor, if_true, if_false)"),
        ("if {} > 0: pass", "; to decide in each run: tf.cond(tensor, if_true, if_false)"),
    ],
)
def test_a_tensor_where_a_value_is_wanted(two: tuple[Notebook, int], use: str, more: str) -> None:
    """The line that the note names works in its place."""
    notebook, _ = two
    notebook.ok("import math, numpy as np")
    kind = "tf.int32" if "range" in use or "[1, 2]" in use else "tf.float32"
    body = f"%%tfsession train\ntensor = tf.constant(1, {kind})\n"
    said = explained(notebook, body + use.format("tensor"))
    assert said == GET + more
    if "numpy()" not in use:
        notebook.ok(body + use.format("tensor.eval()"))
    decide = "tf.cond(tensor > 0, lambda: 1, lambda: 2).eval()"
    assert notebook.ok(f"{body}{decide}").value == 1
    notebook.run("del math, np, tensor; 1 / 0")


def test_the_parts_of_a_tensor(two: tuple[Notebook, int]) -> None:
    """As values, or as tensors."""
    notebook, _ = two
    body = "%%tfsession train\ntensor = tf.constant([1.0, 2.0])\n"
    said = explained(notebook, f"{body}for part in tensor: pass")
    assert said == f"{GET}; to have its parts as tensors: tf.unstack(tensor)"
    assert notebook.ok(f"{body}[float(part) for part in tensor.eval()]").value == [1.0, 2.0]
    assert notebook.ok(f"{body}[part.eval() for part in tf.unstack(tensor)]").value == [1.0, 2.0]
    notebook.run("del tensor; 1 / 0")


def test_a_tensor_of_another_session(two: tuple[Notebook, int]) -> None:
    """Whose it is, and where it has its value."""
    notebook, cell = two
    notebook.ok("import numpy as np")
    made = f"tfsess_magics: tensor 'x:0' was made in session 'prep' (generation 1, cell {cell})"
    assert explained(notebook, "%%tfsession train\nnp.mean(x)") == (
        f"{made}; this cell runs in 'train'. Evaluate it there and pass the value: %%tfsession prep"
    )
    for use in ("np.mean(x)", "bool(x)", "x.numpy()"):
        assert explained(notebook, use) == (
            f"{made}, and has its value in a run of its session only; this cell is eager. Go on there: %%tfsession prep"
        )
    assert explained(notebook, "float(x)") == (
        "tfsess_magics: this cell is eager, and a tensor of a graph has its value in a run of its session only. "
        "In a cell of that session, %%tfsession NAME: tensor.eval()"
    )
    assert notebook.ok("%%tfsession prep\nfloat(x.eval())").value == 1.0
    notebook.run("del np; 1 / 0")


@pytest.mark.parametrize("body", ["float(z)", "bool(z)", "np.mean(z)", "z.numpy()", "range(z)"])
def test_nothing_is_said_where_the_graph_of_a_function_is_built(two: tuple[Notebook, int], body: str) -> None:
    """There nothing can be evaluated."""
    notebook, _ = two
    notebook.ok(f"import numpy as np\n@tf.function(autograph=False)\ndef f(z): return {body}\ndef g(z): return {body}")
    for call in ("f(tf.constant(1))", "tf.data.Dataset.range(3).map(g)"):
        for header in ("", "%%tfsession train\n"):
            outcome = notebook.run(f"{header}{call}")
            assert outcome.error is not None or ".map(" in call  # there AutoGraph may know a way
            assert "tfsess_magics" not in outcome.out
    notebook.run("del np, f, g; 1 / 0")


def test_a_typing_error_is_none_of_it(two: tuple[Notebook, int]) -> None:
    """Nor are other errors of the same words."""
    for body in ("y.nump", "y()", "float('a')", "[1, 2]['a']", "None.run()", "{}.numpy()"):
        outcome = two[0].run(f"%%tfsession train\n{body}")
        assert outcome.error is not None
        assert "tfsess_magics" not in outcome.out
        assert "tfsess_magics" not in two[0].run(body).out


SAVER = "v = v1.get_variable('v', initializer=3.0)\nv.initializer.run()\nsaver = v1.train.Saver()\n"


def test_a_saver_in_an_ordinary_cell(two: tuple[Notebook, int], tmp_path: Path) -> None:
    """It saves and restores in a cell of the session."""
    notebook, _ = two
    notebook.ok(f"%%tfsession train\n{SAVER}")
    notebook.ok(f"sess, path = tfsess_magics.get('train').session, '{tmp_path}/v'")
    for call in ("saver.save(sess, path)", "saver.restore(sess, path)"):
        for session in ("sess", "tfsess_magics.get('train')"):
            said = explained(notebook, call.replace("sess,", f"{session},"))
            assert said == (
                "tfsess_magics: a Saver of a graph works where the graph is the default one, and this cell is eager. "
                "Put the line in a cell of the session: %%tfsession train"
            )
        header = said.rpartition(": ")[2]
        notebook.ok(f"{header}\n{call}\nv.assign(4.0).eval();")
    assert notebook.ok("%%tfsession train\nsaver.restore(sess, path)\nv.eval()").value == 3.0
    notebook.run("del v, saver, sess, path; 1 / 0")


def test_a_saver_of_other_codes_session_in_an_ordinary_cell(two: tuple[Notebook, int], tmp_path: Path) -> None:
    """It saves in a block of that."""
    notebook, _ = two
    cell = notebook.shell.execution_count
    notebook.ok(f"with tf.Graph().as_default(), v1.Session() as session:\n    {SAVER.replace(chr(10), '; ')}")
    notebook.ok("session = v1.Session(graph=v.graph); session.run(v.initializer)")
    said = explained(notebook, f"saver.save(session, '{tmp_path}/v')")
    line = said.partition("Put the line in a block: ")[2]
    block, _, which = line.partition(", where session stands for ")
    assert re.fullmatch(rf"#\d+, made by cell {cell + 1}", which)
    notebook.ok(f"{block}:\n    saver.save(session, '{tmp_path}/v')")
    notebook.ok("session.close()")
    notebook.run("del v, saver, session; 1 / 0")


@pytest.mark.parametrize("session", ["tfsess_magics.get('train')", "tfsess_magics.get('train').session"])
@pytest.mark.parametrize("initializer", ["global_variables_initializer", "tables_initializer"])
def test_an_initializer_in_an_ordinary_cell(two: tuple[Notebook, int], session: str, initializer: str) -> None:
    """In the session's cell it is an operation."""
    notebook, _ = two
    notebook.ok("%%tfsession train\nv = v1.get_variable('v', initializer=3.0)")
    call = f"{session}.run(v1.{initializer}())"
    said = explained(notebook, call)
    assert said == (
        "tfsess_magics: the code asked to run None: in an eager cell TensorFlow gives None for an initializer. "
        "Put the line in a cell of the session: %%tfsession train"
    )
    notebook.ok(f"{said.rpartition(': ')[2]}\n{call}")
    if initializer == "global_variables_initializer":
        assert notebook.ok("%%tfsession train\nv.eval()").value == 3.0
    notebook.run("del v; 1 / 0")


@pytest.mark.parametrize("line", ["v1.global_variables_initializer().run()", "v1.get_default_session().run(y)"])
def test_no_default_session_in_an_ordinary_cell(two: tuple[Notebook, int], line: str) -> None:
    """Both are there in a cell of a session."""
    notebook, _ = two
    assert explained(notebook, line) == (
        "tfsess_magics: this cell is eager: there is no default session, and an initializer is None. "
        "Put the cell in a session: %%tfsession NAME"
    )
    notebook.ok(f"%%tfsession train\n{line}")
