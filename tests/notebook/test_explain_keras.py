"""The notes about a model of Keras 2 that is used outside of its session, or whose cell runs again.

In processes of their own: a model that is used in an eager cell changes the classes of all models.
"""

import json
from importlib.metadata import version
from typing import NamedTuple

import pytest

from tests.forks import run

KERAS_2 = "tf_keras" if int(version("keras").partition(".")[0]) >= 3 else "keras"
SHELL = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
shell.run_line_magic("load_ext", "tfsess_magics")
for cell in sys.argv[1:]:
    result = shell.run_cell(cell, store_history=True)
    error, notes = result.error_before_exec or result.error_in_exec, []
    said = type(error).__name__ if error else ""
    while error is not None:
        notes += getattr(error, "__notes__", [])
        error = error.__cause__ or error.__context__
    print("\\nafter", json.dumps([said, notes]))
"""


class After(NamedTuple):
    """The type of a cell's error, and the notes under it."""

    error: str
    notes: list[str]


OK = After("", [])
PREPARE = f"""import numpy as np, tensorflow as tf, {KERAS_2}
X, Y = np.ones([1, 2]), np.ones([1, 3])"""
MAKE = f"""%%tfsession train
x = {KERAS_2}.layers.Input([2])
model = {KERAS_2}.Model(x, {KERAS_2}.layers.Dense(3)(x))
model.compile("sgd", "mse")"""
MADE = "tfsess_magics: Functional 'model' of Keras was made in session 'train' (generation 1, cell 2); "
WAY = ". Go on there: %%tfsession train"
BACK = ". To have Keras make models for graphs again, in the session's cell: "
AGAIN = ". Compile it there again, as its optimizer may have variables of this cell now"


def after(*cells: str) -> list[After]:
    """Run cells in a process of its own."""
    done = run(SHELL, *cells, TF_USE_LEGACY_KERAS="1")
    assert done.returncode == 0, done.stderr
    return [After(*json.loads(line[6:])) for line in done.stdout.splitlines() if line.startswith("after ")]


@pytest.mark.parametrize("place", ["this cell is eager", "this cell runs in 'other'"])
@pytest.mark.parametrize(
    "use",
    [
        "model.get_weights()",
        "model.layers[1].get_weights()",
        "model.predict(X)",
        "model.fit(X, Y)",
    ],
)
def test_a_model_that_is_used_elsewhere(use: str, place: str) -> None:
    """The session is named, and the use succeeds there when the note is followed."""
    header = "%%tfsession other\n" if "other" in place else ""
    *made, failed = after(PREPARE, MAKE, "%%tfsession other\ny = tf.constant(1.0)", f"{header}{use}")
    assert made == [OK, OK, OK]
    (said,) = failed.notes
    what = said.replace("Dense 'dense' of", "Functional 'model' of")
    assert what.startswith(f"{MADE}{place}{WAY}")
    compile_again = 'model.compile("sgd", "mse")' if AGAIN in said else ""
    go_back = said.partition(BACK)[2]
    follow = f"%%tfsession train\n{go_back}\n{compile_again}\n{use}"
    *_, used = after(PREPARE, MAKE, "%%tfsession other\ny = 1", f"{header}{use}", follow)
    assert used == OK


def test_a_model_of_a_graph_after_keras_has_changed_its_class() -> None:
    """The use in its own session fails, and the note tells how it does not."""
    *_, failed = after(PREPARE, MAKE, "model.predict(X)", "%%tfsession train\nmodel.predict(X)")
    assert failed.error == "ValueError"
    (said,) = failed.notes
    head, _, back = said.partition(" To have Keras make models for graphs again, in the session's cell: ")
    assert head == "tfsess_magics: Keras makes models for eager code since one was made, or used, in an eager cell."
    *_, used = after(PREPARE, MAKE, "model.predict(X)", f"%%tfsession train\n{back}\nmodel.predict(X)")
    assert used == OK


@pytest.mark.parametrize("wrong", ["model.get_layer('none')", "model.predict('wrong')"])
def test_another_error_of_a_model_in_its_session(wrong: str) -> None:
    """Nothing is said: it is where it belongs."""
    *_, failed = after(PREPARE, MAKE, f"%%tfsession train\n{wrong}")
    assert failed.error
    assert failed.notes == []


def test_an_eager_model() -> None:
    """It belongs nowhere else."""
    *_, failed = after(PREPARE, f"model = {KERAS_2}.Sequential([{KERAS_2}.layers.Dense(1)])", "model.get_layer('none')")
    assert failed == After("ValueError", [])


RNN = (
    "cell = tf.compat.v1.nn.rnn_cell.BasicLSTMCell(4)",
    "out, _ = tf.compat.v1.nn.dynamic_rnn(cell, tf.ones([1, 3, 2]), dtype=tf.float32)",
)
KERNEL = "'rnn/basic_lstm_cell/kernel' as it is: "


def test_a_variable_of_an_rnn_cell_that_exists() -> None:
    """TensorFlow takes its frames from the traceback. Both ways on work, in a cell and in a block."""
    build = "%%tfsession train\n" + "\n".join(RNN)
    block = "with tfsess_magics.get('train'){}:\n    " + "\n    ".join(RNN)
    _, _, in_cell, _, in_block = after(PREPARE, build, build, "import tfsess_magics", block.format(""))
    made = "tfsess_magics: it was made in cell 2. To begin with an empty graph: "
    assert in_cell.notes == [f"{made}%%tfsession train --fresh. To use {KERNEL}%%tfsession train --reuse"]
    (said,) = in_block.notes
    head, _, scope = said.partition(KERNEL)
    assert head == f"{made}%tfsession reset train. To use "
    scope = scope.removesuffix(" around the call")
    followed = after(
        f"import tfsess_magics\n{PREPARE}",
        build,
        build.replace("train", "train --reuse", 1),
        block.format(f", {scope}"),
        build.replace("train", "train --fresh", 1),
        "%tfsession reset train",
        block.format(""),
    )
    assert followed == [OK] * len(followed)
