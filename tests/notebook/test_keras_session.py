"""Keras' own default session, which ``set_session`` and ``clear_session`` of its v1 backend change.

In processes of their own: Keras is chosen before TensorFlow comes.
"""

import textwrap
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.forks import run

SHELL = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
shell.run_line_magic("load_ext", "tfsess_magics")
for cell in sys.argv[1:]:
    print("cell")
    if not shell.run_cell(cell).success:
        sys.exit(1)
"""
KERAS_2 = "tf_keras" if int(version("keras").partition(".")[0]) >= 3 else "keras"
BACKENDS = {
    "tf.compat.v1.keras.backend": "K = tf.compat.v1.keras.backend",
    "Keras 2": f"from {KERAS_2}.src import backend as K",
    "tensorflow.python.keras.backend": "from tensorflow.python.keras import backend as K",
}
GIVEN = (
    "gave Keras a session; Keras goes on with the default session, that of 'train', "
    "and the notebook's Keras session is unchanged"
)
PREPARE = """
import tensorflow as tf
v1 = tf.compat.v1
import model
def is_mine():
    with graph.as_default():
        return model.K.get_session() is mine and not mine._closed
"""


@pytest.fixture(params=BACKENDS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A module that calls Keras' v1 backend, and the folder to import it from."""
    code = """\
def use():
    K.set_session(v1.Session(graph=tf.Graph()))

def clear():
    K.clear_session()
"""
    head = f"import tensorflow as tf; v1 = tf.compat.v1\n{BACKENDS[request.param]}\n"
    folder = tmp_path / "nets"
    folder.mkdir()
    (folder / "model.py").write_text("\n" * (4 - head.count("\n")) + head + textwrap.dedent(code))
    return folder


def said(folder: Path, *cells: str) -> list[str]:
    """Run cells in a process of its own and return what each printed."""
    done = run(SHELL, *cells, TF_USE_LEGACY_KERAS="1", PYTHONPATH=str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split("cell\n")[1:]


def test_the_notebooks_keras_session_is_what_it_was(model: Path) -> None:
    """Whatever the body of a session's cell does to it, which is said."""
    own = "graph = tf.Graph()\nwith graph.as_default(): mine = v1.Session(); model.K.set_session(mine)"
    _, ordinary, used, mine, built, cleared, still = said(
        model,
        PREPARE,
        own,
        "%%tfsession train\nmodel.use(); x = model.K.get_session() is v1.get_default_session()",
        "print(x, is_mine())",
        "%%tfsession train\nx = tf.constant(1.0)",
        "%%tfsession train\nmodel.clear()",
        "print(is_mine())",
    )
    assert (ordinary, built) == ("", "")
    assert used == f"cell 1 {GIVEN}\n"
    assert mine == "True True\n"
    assert cleared == (
        "model.clear (nets/model.py:9) called Keras' clear_session, which resets the default graph, and nothing was "
        "built after that; 'train' keeps its graph and values. To empty it: %tfsession reset train\n"
    )
    assert still == "True\n"


def test_the_cell_itself_a_with_block_and_an_eager_scope(model: Path) -> None:
    """Also in the cell that imports Keras."""
    block = """\
with warnings.catch_warnings(record=True) as caught, tfsess_magics.get('train'):
    warnings.simplefilter('always')
    K.set_session(v1.Session())
print(caught[-1].message)"""
    cell, block, eager = said(
        model,
        "%%tfsession train\nfrom model import K, v1, tf\nK.set_session(v1.get_default_session())",
        f"import tfsess_magics, warnings\n{block}",
        "%%tfsession scratch --eager\nK.set_session(v1.Session(graph=tf.Graph()))",
    )
    assert cell == f"cell 1 {GIVEN}\n"
    assert eager == "cell 1 gave Keras a session; the notebook's Keras session is unchanged\n"
    assert block == f"a with block {GIVEN}\n"


def test_a_named_session_that_clear_session_closes(model: Path) -> None:
    """TF 1 code gives Keras the default session; the named session goes on with the new graph and a session on it."""
    body = "x = tf.constant(1.0)\nK.set_session(v1.get_default_session())\nK.clear_session()"
    cleared, after = said(
        model,
        f"%%tfsession train\nfrom model import K, v1, tf\n{body}",
        "%%tfsession train\nprint((tf.constant(1.0) + 1).eval())",
    )
    assert [line.split("; ")[0] for line in cleared.splitlines()] == [
        "cell 1, line 5 called Keras' clear_session, which resets the default graph",
    ]
    assert after == "2.0\n"


def test_in_ordinary_cells_nothing_is_repaired(model: Path) -> None:
    """Nor said: there it is what Keras' code is meant to do."""
    _, used, kept, still = said(
        model,
        PREPARE,
        "graph = tf.Graph(); mine = v1.Session(graph=graph); model.K.set_session(mine)",
        "print(is_mine())",
        "%unload_ext tfsess_magics\nprint(is_mine())",
    )
    assert (used, kept, still) == ("", "True\n", "True\n")
