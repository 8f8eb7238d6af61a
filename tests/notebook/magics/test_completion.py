"""The words that Tab offers, by what stands before and behind the cursor (``|``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfsess_magics.core.options import CELL_OPTIONS, OPTIONS, SESSION_OPTIONS
from tfsess_magics.notebook.magics.completion import Known, offer
from tfsess_magics.notebook.magics.verb import EXPR_NAME, HEADER, NAME, NAME_PATH, OLD_NEW, Verb
from tfsess_magics.notebook.magics.verb import NAMES as SEVERAL
from tfsess_magics.notebook.magics.verbs import VERBS

KNOWN = Known(
    names={"train": False, "prep": False, "keras": True},
    numbers=["#7", "#12"],
    devices=lambda: ["/CPU:0", "/GPU:0", "/GPU:1"],
)
NAMES = ["train", "prep", "keras"]
LIVE = [*NAMES, "#7", "#12"]
FLAGS = [option.flag for option in OPTIONS]
NEW_FLAGS = [option.flag for option in SESSION_OPTIONS.values()]
LATER_FLAGS = ["--timeout", *(option.flag for option in CELL_OPTIONS)]


def _offered(marked: str) -> tuple[str, list[str]] | None:
    """Return what is offered at the ``|`` of a cell."""
    before, _, after = marked.partition("|")
    return offer(before + after, before.count("\n"), len(before.rpartition("\n")[2]), KNOWN)


def _words(marked: str) -> list[str]:
    found = _offered(marked)
    return found[1] if found else []


def _but(flags: list[str], *without: str) -> list[str]:
    assert set(without) <= set(flags)
    return [flag for flag in flags if flag not in without]


@pytest.mark.parametrize(
    ("marked", "fragment", "words"),
    [
        # verbs
        ("%tfsession |", "", [*VERBS, "help"]),
        ("  %tfsession   c|", "c", ["close"]),
        ("x = 1\n%tfsession s|\ny = 2", "s", ["stop", "save"]),
        ("%%tfsession a\n%tfsession st|", "st", ["stop"]),
        ("%tfsession re|set train", "re", ["rename", "reset", "restore"]),
        ("%tfsession -|", "-", ["--help"]),
        ("%tfsession help |", "", list(VERBS)),
        ("%tfsession --help tr|", "tr", ["trace"]),
        ("%tfsession help close |", "", []),
        ("%tfsession nothing |", None, None),
        # names, and the numbers of those of other code
        ("%tfsession info |", "", LIVE),
        ("%tfsession info t|", "t", ["train"]),
        ("%tfsession info #|", "#", ["#7", "#12"]),
        ("%tfsession info #1|", "#1", ["#12"]),
        ("%tfsession info train |", "", []),
        ("%tfsession reset | # why", "", NAMES),
        ("%tfsession close |", "", [*LIVE, "--all", "--unused"]),
        ("%tfsession close train #7 |", "", ["prep", "keras", "#12"]),
        ("%tfsession close | prep", "", ["train", "keras", "#7", "#12"]),
        ("%tfsession save |", "", ["train", "prep", "#7", "#12"]),
        ("%tfsession restore #|", "#", ["#7", "#12"]),
        ("%tfsession save train a |", "", []),
        ("%tfsession restore train a |", "", ["--partial"]),
        ("%tfsession list |", "", []),
        ("%tfsession memory |", "", []),
        ("%tfsession rename |", "", NAMES),
        ("%tfsession rename t| new", "t", ["train"]),
        ("%tfsession restore p| a.ckpt", "p", ["prep"]),
        ("%tfsession info t| prep", "t", []),
        ("%tfsession adopt #| m", "#", ["#7", "#12"]),
        ("%tfsession rename train |", "", []),
        ("%tfsession use t|", "t", ["train"]),
        ("%tfsession use #|", "#", []),
        ("%tfsession use train --|", "--", ["--timeout", "--reuse", "--init", "--help"]),
        ("%tfsession use keras |", "", []),
        ("%tfsession use --|", "--", [*_but(FLAGS, "--trace", "--fresh"), "--off", "--help"]),
        ("%tfsession adopt |", "", ["#7", "#12"]),
        ("%tfsession adopt #|", "#", ["#7", "#12"]),
        ("%tfsession adopt #7 |", "", []),
        ("%tfsession adopt f(|", None, None),
        # options that are still possible
        ("%tfsession close --|", "--", ["--all", "--unused", "--help"]),
        ("%tfsession close --unused |", "", ["--yes"]),
        ("%tfsession close --yes |", "", ["--unused"]),
        ("%tfsession close --all |", "", []),
        ("%tfsession close train --|", "--", ["--help"]),
        ("%tfsession stop |", "", [*LIVE, "--now", "--on-stop"]),
        ("%tfsession stop train |", "", ["--now", "--on-stop"]),
        ("%tfsession stop --now |", "", [*LIVE, "--on-stop"]),
        ("%tfsession stop --now --|", "--", ["--on-stop"]),
        ("%tfsession stop train --o| --now", "--o", ["--on-stop"]),
        ("%tfsession stop train --| --on-stop drop", "--", ["--now"]),
        ("%tfsession trace train |", "", ["--show", "--save"]),
        ("%tfsession trace train --show |", "", []),
        ("%tfsession stop train --nothing |", "", []),
        ("%tfsession new a |", "", NEW_FLAGS),
        ("%tfsession new |", "", NEW_FLAGS),
        ("%tfsession new a --seed 7 --|", "--", _but(NEW_FLAGS, "--seed", "--eager")),
        # values
        ("%tfsession stop train --on-stop |", "", ["keep", "drop"]),
        ("%tfsession stop train --on-stop=d|", "d", ["drop"]),
        ("%tfsession stop --on-stop k| train", "k", ["keep"]),
        ("%tfsession stop --on-stop keep |", "", [*LIVE, "--now"]),
        ("%tfsession new a --device |", "", ["/CPU:0", "/GPU:0", "/GPU:1"]),
        ("%tfsession new a --device=/G|", "/G", ["/GPU:0", "/GPU:1"]),
        ("%tfsession new a --seed |", "", []),
        ("%tfsession new a --graph |", None, None),
        ("%tfsession new a --config=tf.|", None, None),
        # the header of a cell
        ("%%tfsession |", "", [*NAMES, *FLAGS]),
        ("%%tfsession t|\nt = 1", "t", ["train"]),
        ("# notes\n\n%%tfsession p|", "p", ["prep"]),
        ("%%time\n%%tfsession p|\n", "p", ["prep"]),
        ("%%tfsession #|", "#", []),
        ("%%tfsession new_one |\n", "", FLAGS),
        ("%%tfsession new_one --on|", "--on", ["--on-stop"]),
        ("%%tfsession new_one --|", "--", [*FLAGS, "--help"]),
        ("%%tfsession new_one --on-stop keep --on|", "--on", []),
        ("%%tfsession new_one --config-file a --config|", "--config", []),
        ("%%tfsession new_one --config f(1, 2) --config|", "--config", []),
        ("%%tfsession new_one --eager |", "", ["--fresh"]),
        ("%%tfsession new_one --fresh --|", "--", _but(FLAGS, "--fresh", "--graph")),
        ("%%tfsession new_one --fresh --eager |", "", []),
        ("%%tfsession new_one --graph g --f|", "--f", []),
        ("%%tfsession | --seed 7", "", [*NAMES, *_but(FLAGS, "--seed", "--eager")]),
        ("%%tfsession train |", "", LATER_FLAGS),
        ("%%tfsession | train", "", LATER_FLAGS),
        ("%%tfsession train --trace |", "", _but(LATER_FLAGS, "--trace")),
        ("%%tfsession keras |", "", ["--fresh"]),
        ("%%tfsession a --device /C|", "/C", ["/CPU:0"]),
        ("%%tfsession a --on-stop |\nx", "", ["keep", "drop"]),
        # none of this package's business
        ("|", None, None),
        ("%tfsession|", None, None),
        ("%%tfs|ession a", None, None),
        ("%|tfsession close", None, None),
        ("%%tfsession a\ntrain.|", None, None),
        ("%%tfsession a\n%%tfsession t|", None, None),
        ("x\n%%tfsession t|", None, None),
        ("%tfsessions |", None, None),
        ("# %tfsession |", None, None),
        ("%tfsession close # t|", None, None),
        ("%tfsession close train # train #|", None, None),
        ("%tfsession close 't|", None, None),
        ("%%time\n%time |", None, None),
    ],
)
def test_tab_offers_what_may_come_next(marked: str, fragment: str | None, words: list[str] | None) -> None:
    """And nothing else: no name twice, no option that is given, none of another verb."""
    assert _offered(marked) == (None if fragment is None else (fragment, words))


ARGUMENTS = {
    "": "",
    NAME: "train",
    SEVERAL: "train",
    NAME_PATH: "train a",
    OLD_NEW: "train a",
    EXPR_NAME: "#7 m",
    HEADER: "m",
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=list(VERBS))
def test_every_option_of_a_verb_is_offered(verb: Verb) -> None:
    """Behind its arguments, and behind the options that its form needs; what a form takes as arguments is known."""
    for form in verb.forms:
        line = f"%tfsession {verb.name} {ARGUMENTS[form.arguments]}".rstrip()
        needs = [option.flag for option in form.needs]
        assert set(needs) <= set(_words(f"{line} |"))
        given = [
            f"{option.flag}={option.choices[0] if option.choices else 'a'}" if option.value else option.flag
            for option in form.needs
        ]
        assert {option.flag for option in form.takes} <= set(_words(f"{' '.join([line, *given])} |"))


@pytest.mark.parametrize("flag", ["--config-file", "--save"])
def test_paths_are_offered_for_options_that_take_a_file(
    flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In quotes where they need these; hidden ones once a dot is there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("config.txt", "con fig.txt", ".hidden", "it's here", "#1", "#a"):
        (tmp_path / name).touch()
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.txt").touch()
    line = f"%%tfsession a {flag}" if flag == "--config-file" else f"%tfsession trace train {flag}"
    for written, words in {
        "": ["#1", "'#a'", "'con fig.txt'", "config.txt", "configs/"],
        "con": ["'con fig.txt'", "config.txt", "configs/"],
        "conf": ["config.txt", "configs/"],
        ".h": [".hidden"],
        "configs/": ["configs/a.txt"],
        "~/configs/a": ["~/configs/a.txt"],
        f"{tmp_path}/conf": [f"{tmp_path}/config.txt", f"{tmp_path}/configs/"],
        "nowhere/": [],
        "con\0": [],
    }.items():
        assert _offered(f"{line} {written}|") == (written, words)
        assert _offered(f"{line}={written}|") == (written, words)


def test_checkpoints_are_offered_by_the_names_that_verbs_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the folders on the way to them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    for name in ("a.index", "a.data-00000-of-00001", "my b.index", "checkpoint", "models/c-7.index"):
        (tmp_path / name).touch()
    for verb in ("save", "restore"):
        assert set(_words(f"%tfsession {verb} train |")) - {"--partial"} == {"a", "'my b'", "models/"}
        assert _words(f"%tfsession {verb} train models/|") == ["models/c-7"]
