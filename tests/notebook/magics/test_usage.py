"""``%tfsession --help``, and that of each verb."""

import pytest
from IPython.core.error import UsageError

import tfsess_magics
from tests.notebook.conftest import Notebook
from tfsess_magics.core.options import OPTIONS
from tfsess_magics.notebook.magics.usage import usage
from tfsess_magics.notebook.magics.verb import Verb
from tfsess_magics.notebook.magics.verbs import VERBS


def _words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("line", ["--help", "-h", "help", "  --help  # why", "help me", "--help stop-it"])
def test_help_shows_every_option_and_form(notebook: Notebook, line: str) -> None:
    """With one line or two for each, and where to find more."""
    shown = notebook.ok(f"%tfsession {line}").out
    for option in OPTIONS:
        assert f"{option.usage} {option.help}" in _words(shown)
    for verb in VERBS.values():
        for written, form in zip(verb.usages, verb.forms, strict=True):
            assert f"%tfsession {written} {form.help}" in _words(shown)
    assert shown.endswith("\n    %tfsession VERB --help\n")
    assert max(map(len, shown.splitlines())) <= 112


@pytest.mark.parametrize("line", ["{} --help", "{} -h", "{} train --help", "help {}", "--help {}"])
@pytest.mark.parametrize("verb", VERBS.values(), ids=list(VERBS))
def test_help_of_a_verb_shows_its_own_forms_and_options_only(notebook: Notebook, verb: Verb, line: str) -> None:
    """And does nothing else: no session is opened, closed or stopped."""
    notebook.ok("%tfsession new train")
    shown = notebook.ok("%tfsession " + line.format(verb.name)).out
    forms = [row.removeprefix("%tfsession ") for row in shown.splitlines() if row.startswith("%tfsession ")]
    assert forms == verb.usages
    for form in verb.forms:
        assert form.help in _words(shown)
        for option in form.takes:
            assert f"{option.usage} {option.help}" in _words(shown)
    assert not [other for other in VERBS if other != verb.name and f"%tfsession {other}" in shown]
    assert [info.name for info in tfsess_magics.sessions()] == ["train"]


def test_help_reads_no_session_and_expands_no_name(notebook: Notebook) -> None:
    """A line with braces, as ``adopt`` takes them, asks for help as well."""
    assert notebook.ok("%tfsession adopt {'a': 1}['a'] m --help").out.startswith("%tfsession adopt EXPR NAME\n")


@pytest.mark.parametrize(
    "cell",
    [
        "%%tfsession --help",
        "%%tfsession -h\nran = True",
        "%%tfsession train --help\nran = (",
        "\n%%tfsession --help\nran = True",
        pytest.param("%%time\n%%tfsession --help\nran = True", marks=pytest.mark.needs("IPython>=9")),
    ],
)
def test_help_in_the_header_of_a_cell_is_shown_in_place_of_the_body(notebook: Notebook, cell: str) -> None:
    """The cell succeeds, says that its body was not run, and opens no session."""
    shown = notebook.ok(cell).out
    assert usage() in shown
    assert ("The body was not run." in shown) == ("ran" in cell)
    assert "ran" not in notebook.shell.user_ns
    assert tfsess_magics.sessions() == ()


@pytest.mark.parametrize("header", ["train --graph g(-h)", "train --config '-h x'", "train # --help"])
def test_an_expression_or_a_comment_asks_for_no_help(notebook: Notebook, header: str) -> None:
    """Only a word of the line does."""
    assert "%tfsession VERB --help" not in notebook.run(f"%%tfsession {header}\n").out


def test_an_unknown_verb_points_to_the_help(notebook: Notebook) -> None:
    """At the end of its line."""
    outcome = notebook.run("%tfsession clsoe --help")
    assert isinstance(outcome.error, UsageError)
    assert outcome.err.endswith("Did you mean 'close'? What each does: %tfsession --help\n")
