"""The tables of options and verbs, and what the Python API and the README say of the same."""

import inspect
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tfsess_magics import api
from tfsess_magics.core.options import OPTIONS, SESSION_OPTIONS, Option, SessionOptions
from tfsess_magics.notebook.magics.verb import EXPR_NAME, HEADER, NAME, NAMES, Verb
from tfsess_magics.notebook.magics.verbs import VERBS
from tfsess_magics.process import registry

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8").replace("\\|", "|")
POSITIONAL = {NAME: ["name"], NAMES: ["*names"], EXPR_NAME: ["session", "name"]}


def _parameters(function: Callable[..., Any]) -> tuple[list[str], dict[str, inspect.Parameter]]:
    """Return the positional parameters of `function`, and those that are given by name."""
    parameters = inspect.signature(function).parameters.values()
    by_name = {one.name: one for one in parameters if one.kind is one.KEYWORD_ONLY}
    return [str(one).partition(":")[0] for one in parameters if one.name not in by_name], by_name


def _is_written(option: Option, parameter: inspect.Parameter) -> bool:
    """Return whether an annotation has the choices of `option`."""
    return not option.choices or f"Literal[{', '.join(map(repr, option.choices))}]" in parameter.annotation


def test_the_api_opens_sessions_with_the_options_of_the_table() -> None:
    """Each is a parameter of `session`, in the order of the table, with the same choices; its docstring has it."""
    positional, by_name = _parameters(api.session)
    assert positional == ["name"]
    assert list(by_name) == list(SESSION_OPTIONS) == [option.name for option in VERBS["new"].forms[0].takes]
    assert all(parameter.default is None for parameter in by_name.values())
    assert all(_is_written(option, by_name[name]) for name, option in SESSION_OPTIONS.items())
    parameters = (api.session.__doc__ or "").partition("Parameters\n")[2].partition("Returns\n")[0]
    described = re.findall(r"^ +([a-z_]+(?:, [a-z_]+)*)$", parameters, re.MULTILINE)
    assert ", ".join(described) == ", ".join(["name", *SESSION_OPTIONS])


@pytest.mark.parametrize("name", SESSION_OPTIONS)
def test_the_api_hands_an_option_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the name that it has in the table, and no other one."""
    opened: list[tuple[Any, ...]] = []

    def open_(*given: Any) -> tuple[None, bool]:
        opened.append(given)
        return None, False

    monkeypatch.setattr(registry, "open", open_)
    value: Any = object()
    api.session("train", **{name: value})
    ((_, options, _),) = opened
    assert options == {name: value}


def test_a_record_of_options_has_a_field_for_each() -> None:
    """Both options that give a ConfigProto fill one."""
    assert [field.name for field in fields(SessionOptions)] == [one for one in SESSION_OPTIONS if one != "config_file"]


@pytest.mark.parametrize("verb", ["adopt", "close", "reset", "stop"])
def test_a_verb_takes_what_its_function_takes(verb: str) -> None:
    """Its first form has the function's arguments and options; the others are for the line alone."""
    positional, by_name = _parameters(getattr(api, verb))
    form = VERBS[verb].forms[0]
    options = {option.name: option for option in form.takes}
    assert positional == POSITIONAL[form.arguments]
    assert by_name.keys() == options.keys()
    for name, parameter in by_name.items():
        assert parameter.default is (None if options[name].value else False)
        assert _is_written(options[name], parameter)


def test_the_readme_has_every_option() -> None:
    """In the order of the table, with what it takes."""
    assert re.findall(r"^\| `(--.*?)` \|", README, re.MULTILINE) == [option.usage for option in OPTIONS]


@pytest.mark.parametrize("verb", VERBS.values(), ids=list(VERBS))
def test_the_readme_has_every_form_of_a_verb(verb: Verb) -> None:
    """With the options that it needs, and those that may be added; a line without a verb lists the sessions."""
    if verb.name == "list":
        assert "| `%tfsession` |" in README
        return
    rows = [row for row in README.splitlines() if row.startswith(f"| `%tfsession {verb.name}")]
    assert f"`%tfsession {verb.name} {verb.forms[0].arguments}".rstrip() + "`" in rows[0]
    for form in verb.forms:
        for option in (*form.needs, *form.takes) if form.arguments != HEADER else ():
            assert any(option.flag in row for row in rows), option.flag
