"""With the extension loaded TensorFlow does what it does without."""

from typing import Any

import pytest

from tests.harm import wrong
from tests.harm.behaviours import BEHAVIOURS
from tests.harm.sides import run_sides

Outcomes = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def sides() -> Any:
    """What was to be seen in fresh processes: without us, with us, and with what does harm."""
    return run_sides("tests.harm.side", ("plain", "observed", "wrong"))


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_tensorflow_behaves_as_without_us(sides: dict[str, Outcomes], name: str) -> None:
    """Values, types, errors, messages, attributes and the functions of tracebacks are the same."""
    assert sides["observed"][name]["seen"] == sides["plain"][name]["seen"]


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_nothing_is_kept(sides: dict[str, Outcomes], name: str) -> None:
    """No session is listed before, and none after it."""
    assert sides["observed"][name]["listed"] == []


def test_a_traceback_shows_one_frame_of_ours_at_most(sides: dict[str, Outcomes]) -> None:
    """Also in chains of errors; and where steps fail, it is one."""
    frames = {frame for outcome in sides["observed"].values() for frame in outcome["our frames"]}
    assert frames == {0, 1}
    assert sides["observed"]["error_invalid_argument"]["our frames"] == [1]


@pytest.mark.parametrize("harm", wrong.WRONG)
def test_harm_is_noticed(sides: dict[str, Outcomes], harm: str) -> None:
    """A wrapper that changes something makes the comparison fail; without it the comparison succeeds."""
    _, name = wrong.WRONG[harm]
    plain = sides["plain"][name]["seen"]
    assert sides["wrong"][f"without: {harm}"]["seen"] == plain
    assert sides["wrong"][harm]["seen"] != plain
