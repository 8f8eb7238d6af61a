"""A session that gets another name."""

import pytest

import tfsess_magics

from .conftest import Notebook


@pytest.fixture
def train(notebook: Notebook) -> Notebook:
    notebook.ok("import tensorflow as tf\nv1 = tf.compat.v1")
    notebook.ok("%%tfsession train\nx = tf.constant(3.0)")
    return notebook


def test_it_is_the_same_session_under_the_new_name(train: Notebook) -> None:
    """The old name is free, and says the new one until another session has it."""
    session = tfsess_magics.get("train")
    assert train.ok("%tfsession rename train net").out == "renamed train: %%tfsession net runs a cell in it\n"
    assert tfsess_magics.get("net") is session
    assert train.ok("%%tfsession net\nx.eval()").value == 3.0
    with pytest.raises(tfsess_magics.UnknownSessionError, match=r"Live: net\. It was renamed: its name is 'net' now\."):
        tfsess_magics.get("train")
    tfsess_magics.rename("net", "last")
    assert "its name is 'last' now" in train.run("%tfsession info train").err
    train.ok("%%tfsession train\n1")
    assert tfsess_magics.get("train") is not session
    assert [info.name for info in tfsess_magics.sessions()] == ["last", "train"]


def test_a_name_that_another_session_had_since_says_no_new_one(train: Notebook) -> None:
    """Neither one that was opened under it, nor one that was renamed to it."""
    train.ok("%tfsession rename train net\n%tfsession new train\n%tfsession close train")
    assert "renamed" not in train.run("%tfsession info train").err
    train.ok("%tfsession new other\n%tfsession rename net last\n%tfsession rename other net\n%tfsession close net")
    assert "renamed" not in train.run("%tfsession info net").err
    assert "its name is 'net'" not in train.run("%tfsession info other").err


def test_it_can_be_renamed_inside(train: Notebook) -> None:
    """By the cell that runs in it, an eager scope and a session of other code too."""
    train.ok("%%tfsession train\n%tfsession rename train net\nassert x.eval() == 3.0")
    train.ok("%%tfsession e --eager\n%tfsession rename e scope")
    train.ok("graph = tf.Graph()\nother = v1.Session(graph=graph)\n%tfsession adopt other model")
    train.ok("%tfsession rename model theirs")
    train.ok("%tfsession close net scope theirs")
    assert train.run("%tfsession info train").err.count("renamed") == 0


def test_errors_name_it_as_it_is_called_now(train: Notebook) -> None:
    train.ok("%tfsession rename train net")
    said = train.run("%%tfsession other\nx.eval()").error
    assert said is not None
    assert "net" in "".join(said.__notes__)
    assert "train" not in "".join(said.__notes__)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("rename train train", "a session is named 'train' already"),
        ("rename train 1x", "'1x' does not start with a letter"),
        ("rename nothing new", "no session is named 'nothing'"),
        ("rename train", "usage: %tfsession rename OLD NEW; got 'train'"),
    ],
)
def test_what_will_not_do_changes_nothing(train: Notebook, line: str, said: str) -> None:
    assert said in train.run(f"%tfsession {line}").err
    assert [info.name for info in tfsess_magics.sessions()] == ["train"]


def test_front_ends_hear_of_it(train: Notebook) -> None:
    """Each gets the row with the new name."""
    registry = tfsess_magics.process.registry
    number = tfsess_magics.get("train").number
    registry.changes.take(0)
    train.ok("%tfsession rename train net")
    assert number in registry.changes.take(0)
    assert [session.summary(ask=False).name for session in registry.live()] == ["net"]
