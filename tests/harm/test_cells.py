"""What IPython prints of a failure in an ordinary cell is what it prints without us."""

import re
from typing import Any

import pytest

from tests.harm.cells import CELLS
from tests.harm.sides import run_sides

_NOTE = re.compile(r"\ntfsess_magics: .*")
"""What we say under an error that we can explain; see tests/notebook/test_explain*.py."""
_EXPLAINED = {"a closed session"}
_VARYING = re.compile(
    r"0x[0-9a-f]+|(CPU times|Wall time): .*|(Compiler |Parser   ): .*\n?"
    # Of a session whose construction has failed, under whichever cell it is collected.
    r"|Exception ignored in: <function BaseSession\.__del__(.*\n)*?AttributeError: .*\n"
)


@pytest.fixture(scope="module")
def sides() -> dict[str, Any]:
    """The output of every cell, without us and with us."""
    return run_sides("tests.harm.cells", ("plain", "observed"))


@pytest.mark.parametrize("title", CELLS)
def test_an_ordinary_cell_fails_as_without_us(sides: dict[str, Any], title: str) -> None:
    """The same frames, none of them ours, however a step failed and IPython shows it, but for a note of ours."""
    plain, observed = (_VARYING.sub("", sides[side][title]) for side in ("plain", "observed"))
    observed, notes = _NOTE.subn("", observed)
    assert (observed, notes) == (plain, title in _EXPLAINED)


def test_failures_are_shown(sides: dict[str, Any]) -> None:
    """The cells fail where they should: there is something to compare."""
    for title in ("a run", "a callable", "a group", "verbose"):
        assert "InvalidArgumentError" in sides["observed"][title]
