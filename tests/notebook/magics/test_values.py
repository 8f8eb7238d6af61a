"""``%tfsession save`` and ``%tfsession restore`` in a real shell."""

from pathlib import Path

import pytest

import tfsess_magics
from tests.notebook.conftest import Notebook
from tfsess_magics.tf.session.saving import uncut

BUILD = "%%tfsession train\nv = v1.get_variable('v', initializer=[1.0, 2.0])\nw = v1.get_variable('w', [3])"
READ = "%%tfsession train\n[float(x) for x in v.eval()]"


@pytest.fixture
def train(tf_notebook: Notebook) -> Notebook:
    """Where a variable of a session has a value, and another one has not."""
    tf_notebook.ok(f"{BUILD}\nv.initializer.run()")
    return tf_notebook


def test_values_are_kept_over_a_reset(train: Notebook, tmp_path: Path) -> None:
    out = train.ok(f"%tfsession save train {tmp_path}/model").out
    assert out.startswith(f"saved 1 variable (8 B) of train to {tmp_path}/model. Not saved: w (no value); positions of")
    train.ok("%tfsession reset train")
    train.ok(BUILD)
    error = train.run(f"%tfsession restore train {tmp_path}/model").err
    assert error == (
        f"UsageError: train was not restored from {tmp_path}/model: it does not fit the graph: w (not in the file). "
        "To restore what fits (1 variable): --partial, or partial=True in Python.\n"
    )
    assert train.ok(f"%tfsession restore train {tmp_path}/model --partial").out == (
        f"restored 1 variable (8 B) of train from {tmp_path}/model. Not restored: w (not in the file)\n"
    )
    assert train.ok(READ).value == [1.0, 2.0]


def test_the_session_s_own_cell_saves_and_restores(train: Notebook, tmp_path: Path) -> None:
    """As a line between others, with a path that has a space."""
    train.ok("%%tfsession train\nv1.global_variables_initializer().run()\nbump = v.assign_add([1.0, 1.0]).op")
    cell = (
        f"%%tfsession train\n%tfsession save train '{tmp_path}/my model'\nbump.run()\nbumped = v.eval()\n"
        f"%tfsession restore train '{tmp_path}/my model'\n[float(x) for x in (*bumped, *v.eval())]"
    )
    assert train.ok(cell).value == [2.0, 3.0, 1.0, 2.0]
    assert (tmp_path / "my model.index").exists()


def test_names_of_the_notebook_stand_for_paths(train: Notebook, tmp_path: Path) -> None:
    train.shell.user_ns["folder"] = tmp_path
    train.ok("%tfsession save train {folder}/a")
    train.ok("%tfsession save train $folder/b")
    assert {file.suffix for file in tmp_path.iterdir()} == {".index", ".data-00000-of-00001"}
    assert {file.stem for file in tmp_path.iterdir()} == {"a", "b"}


def test_what_takes_long_is_told_before_the_outcome(
    train: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uncut, "LONG", 0.0)
    first, second = train.ok(f"%tfsession save train {tmp_path}/model").out.splitlines()
    assert first.endswith(f"train to {tmp_path}/model")
    assert first.startswith("saving ")
    assert second.startswith("saved 1 variable (8 B) of train")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("save", "usage: %tfsession save NAME PATH; got nothing"),
        ("save train", "usage: %tfsession save NAME PATH; got 'train'"),
        ("save train a b", "usage: %tfsession save NAME PATH; got 'train a b'"),
        ("save train a --partial", "usage: %tfsession save NAME PATH; got 'train a --partial'"),
        ("restore train", "usage: %tfsession restore NAME PATH [--partial]; got 'train'"),
        ("save trian a", "no session is named 'trian'. Live: train. Did you mean 'train'?"),
        ("restore trian a", "no session is named 'trian'. Live: train. Did you mean 'train'?"),
        ("save train nowhere/a", "train was not saved to nowhere/a: there is no folder nowhere."),
        ("restore train nowhere/a", "train was not restored from nowhere/a: there is no checkpoint."),
    ],
)
def test_a_wrong_line_says_what_is_right(train: Notebook, line: str, message: str) -> None:
    assert train.run(f"%tfsession {line}").err == f"UsageError: {message}\n"


def test_an_adopted_session_is_saved_by_its_name(train: Notebook, tmp_path: Path) -> None:
    """Before, by its number."""
    train.ok("with tf.Graph().as_default():\n    x = v1.get_variable('x', initializer=1.0)\n    s = v1.Session()")
    train.ok("s.run(x.initializer)")
    (number,) = (info.name for info in tfsess_magics.sessions() if info.name.startswith("#"))
    said = f"saved 1 variable (4 B) of {{}} to {tmp_path}/model\n"
    assert train.ok(f"%tfsession save {number} {tmp_path}/model").out == said.format(number)
    train.ok("%tfsession adopt s mine")
    assert train.ok(f"%tfsession save mine {tmp_path}/model").out == said.format("mine")
    train.ok(f"%tfsession restore mine {tmp_path}/model")
    train.ok("s.close(); del s, x")
    train.run("1 / 0")
