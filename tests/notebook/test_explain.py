"""Where an error of TensorFlow's is explained, and what of it is kept."""

import gc
import re
import weakref
from typing import Any

import pytest

import tfsess_magics
from tests.notebook.conftest import Notebook, explained, note


def test_a_with_block(two: tuple[Notebook, int]) -> None:
    """The same object leaves the block, with one note, also through two blocks and shown in a cell."""
    notebook, cell = two
    names = notebook.shell.user_ns
    with pytest.raises(ValueError, match="must be from the same graph") as caught, tfsess_magics.session("train"):
        names["x"] + names["y"]
    assert note(caught.value) == (
        f"tfsess_magics: tensor 'x:0' was made in session 'prep' (generation 1, cell {cell}); "
        "this block runs in 'train'. Evaluate it there and pass the value: %%tfsession prep"
    )
    error = caught.value
    with pytest.raises(ValueError, match="must be from the same graph") as again, tfsess_magics.session("prep"):
        raise error
    assert again.value is error
    notebook.shell.user_ns["error"] = error
    assert explained(notebook, "raise error") == note(error)
    notebook.ok("del error")


def test_an_error_that_came_from_one(two: tuple[Notebook, int]) -> None:
    """The note stands under TensorFlow's error, of which the user's says that it was the cause."""
    outcome = two[0].run(
        "%%tfsession train\ntry:\n    x + y\nexcept ValueError as error:\n    raise KeyError('mine') from error"
    )
    assert isinstance(outcome.error, KeyError)
    assert not hasattr(outcome.error, "__notes__")
    assert "was made in session 'prep'" in note(outcome.error)


class AwkwardError(Exception):
    """An error that cannot be written, nor take a note."""

    def __str__(self) -> str:
        raise ZeroDivisionError

    def add_note(self, _: Any) -> None:
        raise ZeroDivisionError


def test_what_is_not_understood_is_left_alone(notebook: Notebook) -> None:
    """No note, no other error, whatever the error is."""
    notebook.shell.user_ns["AwkwardError"] = AwkwardError
    for cell in (
        "1 / 0",
        "raise ValueError('is not an element of this graph')",
        "raise AwkwardError",
        "raise SystemExit",
    ):
        for header in ("", "%%tfsession a\n"):
            error = notebook.run(f"{header}{cell}").error
            assert not hasattr(error, "__notes__")


def test_nothing_is_kept(two: tuple[Notebook, int]) -> None:
    """Not the tensor, not its graph."""
    notebook, _ = two
    with pytest.raises(ValueError, match="same graph"), tfsess_magics.session("train"):
        notebook.shell.user_ns["x"] + notebook.shell.user_ns["y"]
    graph = weakref.ref(notebook.shell.user_ns["x"].graph)
    notebook.ok("%tfsession close prep\ndel x, fed")
    with tfsess_magics.process.registry.looking:  # who looks refers to what it sees
        gc.collect()
        assert graph() is None


@pytest.mark.parametrize("notes", ["None", "3", "'text'", "[3, None, b'tfsess_magics: x']", "('tfsess_magics: x',)"])
def test_an_error_with_odd_notes_is_shown_as_without_us(plain_notebook: Notebook, notes: str) -> None:
    """Notes of an odd type keep IPython from nothing that it does without the extension."""
    cell = f"e = ValueError('odd')\ne.__notes__ = {notes}\nraise e"
    before = plain_notebook.run(cell)
    tfsess_magics.load_ipython_extension(plain_notebook.shell)
    after = plain_notebook.run(cell)
    tfsess_magics.unload_ipython_extension(plain_notebook.shell)
    number = re.compile(r"\[\d+\]|input-\d+-")
    for stream in ("out", "err"):
        assert number.sub("", getattr(after, stream)) == number.sub("", getattr(before, stream))
    assert "odd" in after.out + after.err


def test_a_note_under_an_error_that_is_not_shown_is_not_shown_either(two: tuple[Notebook, int]) -> None:
    notebook, _ = two
    cell = (
        "%%tfsession train\ntry:\n    x + y\nexcept ValueError as error:\n    hidden = error\nraise KeyError from None"
    )
    assert notebook.run(cell).out.count("tfsess_magics: ") == 0
    notebook.run("del hidden")
