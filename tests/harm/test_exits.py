"""A process that ends while sessions are alive ends as it does without us."""

from typing import Any

import pytest

from tests.harm.exits import PROGRAMS
from tests.harm.sides import run_sides


@pytest.fixture(scope="module")
def sides() -> dict[str, Any]:
    """How every program ended, without us and with us."""
    return run_sides("tests.harm.exits", ("plain", "observed"))


@pytest.mark.parametrize("title", PROGRAMS)
def test_a_process_ends_as_without_us(sides: dict[str, Any], title: str) -> None:
    """The same exit code and output, and nothing of ours on stderr."""
    code, output, errors = sides["observed"][title]
    assert [line for line in errors.splitlines() if "tfsess_magics" in line] == []
    assert [code, output] == sides["plain"][title][:2]


def test_the_programs_end_as_they_should(sides: dict[str, Any]) -> None:
    """All succeed but those that are meant to fail: there is something to compare."""
    failing = {title: code for title, (code, *_) in sides["observed"].items() if code}
    assert failing == {"an uncaught error of a run": 1, "an exit in a with block": 3}
    assert sides["observed"]["a session that atexit runs"][1] == "1\n"
