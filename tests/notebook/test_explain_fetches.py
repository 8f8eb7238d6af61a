"""The notes where a session is to run what is in the graph of another one; each way that they name is gone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notebook.conftest import Notebook, explained

RUN = "v1.get_default_session().run"
EVALUATE = "Evaluate it there and pass the value"
SAVE = "Save and restore it there"


@pytest.fixture
def cells(two: tuple[Notebook, int], tmp_path: Path) -> Iterator[Notebook]:
    """Sessions prep, train and empty; prep has variables and a saver, and the graph of empty is that."""
    notebook, _ = two
    notebook.ok(f"path = {str(tmp_path / 'model')!r}")
    notebook.ok(
        "%%tfsession prep --init\nv = v1.get_variable('v', initializer=1.0)\n"
        "r = v1.get_variable('r', initializer=1.0, use_resource=False)\n"
        "sparse = tf.sparse.from_dense([1.0])\nsaver = v1.train.Saver([v])"
    )
    notebook.ok("%%tfsession empty\n1")
    yield notebook
    notebook.run("del v, r, sparse, saver, path; 1 / 0")


@pytest.mark.parametrize("name", ["empty", "train"])
@pytest.mark.parametrize(
    ("body", "what", "way"),
    [
        (f"{RUN}([(v, x)])", "(?:variable 'v:0'|tensor 'v/Read/ReadVariableOp:0')", EVALUATE),
        (f"{RUN}(r)", "(?:variable|tensor) 'r:0'", EVALUATE),
        (f"{RUN}({{'a': [x, v]}})", "tensor 'x:0'", EVALUATE),
        (f"{RUN}(sparse)", "(?:tensor|operation) '[^']+'", f"(?:{EVALUATE}|Run it there)"),
        (f"{RUN}(v.initializer)", "operation 'v/Assign'", "Run it there"),
        ("v.load(2.0, v1.get_default_session())", ".+", f"(?:{EVALUATE}|Run it there)"),
        ("v1.train.Saver([v]).save(v1.get_default_session(), path)", "variable 'v:0'", SAVE),
        ("v1.train.Saver({'a': v}).save(v1.get_default_session(), path)", "variable 'v:0'", SAVE),
        ("v1.train.Saver([r]).save(v1.get_default_session(), path)", "variable 'r:0'", SAVE),
        ("saver.save(v1.get_default_session(), path)", "variable 'v:0'", SAVE),
    ],
)
def test_the_note_names_the_session_that_can_run_it(cells: Notebook, name: str, body: str, what: str, way: str) -> None:
    """Also where the graph of the session that was to run it is empty."""
    said = explained(cells, f"%%tfsession {name}\n{body}")
    known = re.fullmatch(
        rf"tfsess_magics: {what} was made in session 'prep' \(generation 1, cell \d+\); this cell runs in '{name}'\. "
        rf"{way}: (%%tfsession prep)",
        said,
    )
    assert known, said
    cells.ok(f"{known[1]}\n{body}")


@pytest.mark.parametrize("name", ["empty", "train"])
def test_a_variable_of_another_session_has_its_value_there(cells: Notebook, name: str) -> None:
    said = explained(cells, f"%%tfsession {name}\nv.numpy()")
    assert re.search(rf"variable 'v:0' was made in session 'prep' .+; this cell runs in '{name}'\. {EVALUATE}: ", said)
    assert cells.ok(f"{said.rpartition(': ')[2]}\nfloat({RUN}(v))").value == 1.0


def test_a_restore_by_a_saver_of_another_session(cells: Notebook) -> None:
    cells.ok("%%tfsession prep\nsaver.save(v1.get_default_session(), path)")
    body = "saver.restore(v1.get_default_session(), path)"
    for name in "empty", "train":
        said = explained(cells, f"%%tfsession {name}\n{body}")
        assert said.endswith(f"this cell runs in {name!r}. {SAVE}: %%tfsession prep")
    cells.ok(f"%%tfsession prep\n{body}")


def test_a_variable_from_before_a_reset_is_to_be_built_again(cells: Notebook) -> None:
    cells.ok("%tfsession reset prep")
    for body in f"{RUN}(v)", "v.numpy()":
        said = explained(cells, f"%%tfsession prep\n{body}")
        assert re.search(r"variable 'v:0' was made before the reset of 'prep' .+\. Build it again in 'prep'\.$", said)
    body = f"v = v1.get_variable('v', initializer=1.0)\nv.initializer.run()\nfloat({RUN}(v))"
    assert cells.ok(f"%%tfsession prep\n{body}").value == 1.0


def test_what_eager_code_made_has_its_value_in_an_ordinary_cell(cells: Notebook) -> None:
    """As in a session whose graph is not empty."""
    cells.ok("eager = tf.Variable(3.0); tensor = tf.constant(4.0)")
    said = explained(cells, f"%%tfsession empty\n{RUN}(eager)")
    assert "was made in eager mode" in said
    assert "in an ordinary cell first: value = variable.numpy(); or" in said
    assert cells.ok("value = eager.numpy(); float(value)").value == 3.0
    said = explained(cells, f"%%tfsession empty\n{RUN}([tensor])")
    assert said.endswith("made in eager mode and is in no graph; this cell runs in 'empty'. Pass its value: .numpy()")
    cells.ok("del eager, tensor, value")
