"""The tables of options and verbs, and the functions of the Python API for the same."""

import inspect
import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from tfsess_magics import api
from tfsess_magics.core import names
from tfsess_magics.core.options import SESSION_OPTIONS, Option, SessionOptions
from tfsess_magics.notebook.cells.line import HELP
from tfsess_magics.notebook.magics.verb import EXPR_NAME, NAME, NAME_PATH, NAMES, OLD_NEW
from tfsess_magics.notebook.magics.verbs import VERBS
from tfsess_magics.process import registry

POSITIONAL = {
    NAME: ["name"],
    NAMES: ["*names"],
    NAME_PATH: ["name", "path"],
    OLD_NEW: ["name", "new_name"],
    EXPR_NAME: ["session", "name"],
}


def _parameters(function: Callable[..., Any]) -> tuple[list[str], dict[str, inspect.Parameter]]:
    """Return the positional parameters of `function`, and those that are given by name."""
    parameters = inspect.signature(function).parameters.values()
    by_name = {one.name: one for one in parameters if one.kind is one.KEYWORD_ONLY}
    return [str(one).partition(":")[0] for one in parameters if one.name not in by_name], by_name


def _is_written(option: Option, parameter: inspect.Parameter) -> bool:
    """Return whether an annotation has the choices of `option`."""
    return not option.choices or f"Literal[{', '.join(map(repr, option.choices))}]" in parameter.annotation


def test_no_session_has_the_name_of_a_verb() -> None:
    assert {*VERBS, HELP} == names.VERBS


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


@pytest.mark.parametrize("verb", ["adopt", "close", "rename", "reset", "restore", "save", "stop"])
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
