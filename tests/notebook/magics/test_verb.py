"""The lines of verbs are read by their entries in the table."""

import pytest

from tfsess_magics.core.errors import InvalidOptionError
from tfsess_magics.notebook.magics.verbs import VERBS


@pytest.mark.parametrize(
    ("line", "arguments", "options"),
    [
        ("list", [], {}),
        ("info train", ["train"], {}),
        ("close a b", ["a", "b"], {}),
        ("close --all", [], {"all": True}),
        ("close --unused --yes", [], {"unused": True, "yes": True}),
        ("stop --now train --on-stop=drop", ["train"], {"now": True, "on_stop": "drop"}),
        ("stop train --on-stop drop", ["train"], {"on_stop": "drop"}),
        ("save #7 models/a", ["#7", "models/a"], {}),
        ("restore train --partial models/a", ["train", "models/a"], {"partial": True}),
        ("trace train --save=run.json", ["train"], {"save": "run.json"}),
        ("adopt model.session m", ["model.session", "m"], {}),
        ("adopt #7 m", ["#7", "m"], {}),
        ("rename a b", ["a", "b"], {}),
        ("new train --seed 7", ["train", "--seed", "7"], {}),
    ],
)
def test_a_line_is_read_by_the_forms_of_its_verb(line: str, arguments: list[str], options: dict[str, object]) -> None:
    """Options stand anywhere; the words of a header are left to what reads headers."""
    verb, *words = line.split()
    assert VERBS[verb].read(words) == (arguments, options)


@pytest.mark.parametrize(
    "line",
    [
        "list a",
        "info",
        "info --all",
        "close",
        "close a --all",
        "close --all --unused",
        "close --yes",
        "reset --now",
        "stop --now",
        "stop a --now --now",
        "stop a --now=1",
        "stop a --on-stop --now",
        "save a",
        "restore a b c",
        "trace a --show --save b",
        "adopt m",
        "adopt a as m",
        "rename a",
        "rename a b c",
        "adopt #7 a m",
    ],
)
def test_a_line_that_fits_no_form_gets_the_usage_of_all(line: str) -> None:
    """With what was given."""
    verb, *words = line.split()
    *others, last = VERBS[verb].usages
    usage = f"{', '.join(others)} or {last}" if others else last
    with pytest.raises(InvalidOptionError) as error:
        VERBS[verb].read(words)
    assert str(error.value) == f"usage: %tfsession {usage}; got {repr(' '.join(words)) if words else 'nothing'}"
