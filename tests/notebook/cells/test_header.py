"""What may stand on the line of a magic."""

import subprocess
import sys
from typing import Any

import pytest

from tfsess_magics.core.errors import InvalidNameError, InvalidOptionError, TfSessionError
from tfsess_magics.notebook.cells.header import Cell, is_about_us, parse_header, split_cell
from tfsess_magics.notebook.cells.line import split_words


@pytest.mark.parametrize(
    ("raw", "cell"),
    [
        ("%%tfsession train\nx", Cell("train", "x", "\n")),
        ("%%tfsession train --seed 1 # why\n\nx\n", Cell("train --seed 1 # why", "\nx\n", "\n")),
        ("\n\n  %%tfsession train\nx", Cell("train", "x", "\n\n\n")),
        ("%%tfsession train", Cell("train", "", "")),
        ("%%tfsession", Cell("", "", "")),
        ("%%tfsession\nx", Cell("", "x", "\n")),
        ("%%tfsession\ttrain\r\nx\r\n", Cell("train", "x\r\n", "\n")),
        ("# why\n%%tfsession train\nx", Cell("train", "x", "# why\n\n")),
        ("# %% [title]\r\n\r\n  # why\r\n\t%%tfsession train\r\nx", Cell("train", "x", "# %% [title]\n\n  # why\n\n")),
        (
            "#\n#%%tfsession a\n%%tfsession train\n# x\n%%tfsession b",
            Cell("train", "# x\n%%tfsession b", "#\n#%%tfsession a\n\n"),
        ),
    ],
)
def test_a_cell_is_split_at_its_header(raw: str, cell: Cell) -> None:
    """Header, body, and how many lines are above the body."""
    assert split_cell(raw) == cell


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "x",
        "%tfsession",
        "%%tfsessions a\nx",
        "%%tfsession?",
        "x\n%%tfsession a",
        "%%time\n%%tfsession a",
        "# why",
        "# why\nx",
        "# why %%tfsession a",
        "# why\nx\n%%tfsession a",
        "# why\n%%time\n%%tfsession a",
        "'#'\n%%tfsession a",
    ],
)
def test_other_cells_are_left_alone(raw: str) -> None:
    """Only a cell that begins with the magic has a header; comments may stand above it."""
    assert split_cell(raw) is None


@pytest.mark.parametrize(
    ("raw", "is_it"),
    [
        ("%tfsession use a", True),
        ("# why\r\n\r\n  %tfsession reset a # now\r\n%reload_ext x\n", True),
        ("# why", True),
        ("", False),
        (" \n", False),
        ("%tfsessions", False),
        ("%tfsession use a\nx", False),
        ("x\n%tfsession use a", False),
        ("%run x_ext", False),
    ],
)
def test_cells_of_lines_about_sessions_are_told_from_others(raw: str, is_it: bool) -> None:
    """Comments and empty lines may be among the lines; nothing else may."""
    assert is_about_us(raw) is is_it


BANNER = "#" * 40 + "\n"
_READS = "import sys\nfrom tfsess_magics.notebook.cells.header import is_about_us, split_cell\nraw = sys.stdin.read()\n"


@pytest.mark.parametrize("comments", [BANNER + "# train\n" + BANNER, ("# c" + " " * 2000 + "\n") * 20, "\n" * 50_000])
def test_comments_of_any_form_are_read_at_once(comments: str) -> None:
    """In a process of its own, which the test can end."""
    for code, answer in (("x = 1", "False None"), ("%tfsession", "True None")):
        read = [sys.executable, "-c", _READS + "print(is_about_us(raw), split_cell(raw))"]
        done = subprocess.run(read, input=comments + code, capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout.strip() == answer


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("train", ["train"]),
        ("  train   --threads 2,4  ", ["train", "--threads", "2,4"]),
        ("train # a comment's end", ["train"]),
        ("# only a comment", []),
        ("close #7 #12", ["close", "#7", "#12"]),
        ("close #7 # and #8", ["close", "#7"]),
        ("close #7th", ["close"]),
        ("close #7;", ["close", "#7"]),
        ("close #7 ; ", ["close", "#7"]),
        ("close train;; # silent", ["close", "train"]),
        ("close #7; #8", ["close", "#7", "#8"]),
        ("a --config f(';');", ["a", "--config", "f(';')"]),
        ("';'", [";"]),
        ("a --graph f(x, y) --config=g(x)", ["a", "--graph", "f(x, y)", "--config", "g(x)"]),
        ("train#1", ["train#1"]),
        ("'a b' \"c d\"", ["a b", "c d"]),
        (
            "a --config f(x, 'y z', {'k': [1, 2]}) --seed 1",
            ["a", "--config", "f(x, 'y z', {'k': [1, 2]})", "--seed", "1"],
        ),
        ("a --config=f(x, y)", ["a", "--config", "f(x, y)"]),
        ("a --config 'f(x, y)'", ["a", "--config", "f(x, y)"]),
        ("a --config {'k': 1}", ["a", "--config", "{'k': 1}"]),
        ("a --config f('#', ')')", ["a", "--config", "f('#', ')')"]),
        ("{name} --seed $n", ["expanded", "--seed", "1"]),
        ("{name} $options", ["expanded", "--seed", "7"]),
        ("'{name} x'", ["expanded x"]),
    ],
)
def test_words_end_at_space_outside_quotes_and_brackets(line: str, words: list[str]) -> None:
    """``{name}`` and ``$name`` are expanded, but in an expression."""

    def expand(word: str) -> str:
        return word.replace("{name}", "expanded").replace("$n", "1").replace("$options", "--seed 7")

    def expand_in_order(word: str) -> str:
        return "--seed 7" if word == "$options" else expand(word)

    assert split_words(line, expand_in_order) == words


@pytest.mark.parametrize(
    ("line", "missing"), [("a --config f(x", r"\)"), ("'a", "'"), ('a "b', '"'), ("a --config [(1]", r"\)")]
)
def test_what_is_never_closed_is_named(line: str, missing: str) -> None:
    """The message has the line, and what is missing in it."""
    with pytest.raises(InvalidOptionError, match=f"{missing} is missing in: "):
        split_words(line, str)


def test_options_and_name_are_read_in_any_order() -> None:
    """A configuration comes with the text that it was written as."""
    words = ["--seed=7", "train", "--config", "x", "--config-file='a'"]
    header = parse_header(words, lambda _, expression: {"x": 1}[expression])
    assert header.name == "train"
    assert header.options == {"seed": "7", "config": (1, "x"), "config_file": "a"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], r"a session's name is missing. Usage: %%tfsession NAME \[--graph EXPR\] \[--config EXPR\]"),
        (["--seed", "1"], "a session's name is missing"),
        (["a", "b"], "one name is wanted, got 2: 'a', 'b'. Options start with --, and code goes on the lines below"),
        (
            ["a", "--sed", "1"],
            "unknown option --sed. Options: --graph, --config, .* Did you mean '--seed'?",
        ),
        (["a", "-s"], "unknown option -s. Options: "),
        (["a", "--"], "unknown option --. Options: "),
        (["a", "--seed"], "--seed needs a value: --seed NUMBER"),
        (["a", "--seed="], "--seed needs a value"),
        (["a", "--threads", "--seed", "1"], r"--threads needs a value: --threads INTRA\[,INTER\]"),
        (["a", "--seed", "1", "--seed", "2"], "--seed is given twice"),
    ],
)
def test_a_wrong_header_says_what_is_right(words: list[str], message: str) -> None:
    """What, the value, what is allowed, and the nearest right word."""

    def evaluate(flag: str, expression: str) -> Any:
        raise AssertionError(flag, expression)

    with pytest.raises(TfSessionError, match=message) as error:
        parse_header(words, evaluate)
    assert isinstance(error.value, InvalidNameError | InvalidOptionError)
