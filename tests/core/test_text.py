"""The texts for sizes, times and facts, and for the memory that a close gave back or did not."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.core.fake import ORIGIN, FakeSession
from tfsess_magics.core.memory import GivenBack
from tfsess_magics.core.model import Kind, SessionInfo, VariableInfo
from tfsess_magics.core.options import SessionOptions
from tfsess_magics.core.protocol import Growth, Origin, RunMark
from tfsess_magics.core.text import (
    closed_message,
    explain_kind,
    format_bytes,
    format_seconds,
    graph_grows,
    made_by,
    run_mark,
)

MIB = 1 << 20
COMMON = json.loads((Path(__file__).parents[1] / "words.json").read_text(encoding="utf-8"))
"""Numbers and facts, with the text that the kernel and the sidebar write for them."""


@pytest.mark.parametrize(("nbytes", "text"), COMMON["bytes"])
def test_sizes_are_binary_and_labelled(nbytes: int, text: str) -> None:
    assert format_bytes(nbytes) == text


@pytest.mark.parametrize(("seconds", "text"), COMMON["durations"])
def test_durations_are_written_as_in_the_sidebar(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(("origin", "text"), COMMON["origins"])
def test_origins_are_written_as_in_the_sidebar(origin: Any, text: str) -> None:
    assert made_by(msgspec.convert(origin, Origin)) == text


@pytest.mark.parametrize(("kind", "text"), COMMON["kinds"])
def test_kinds_are_explained_as_in_the_sidebar(kind: str, text: str) -> None:
    assert explain_kind(Kind(kind)) == text


@pytest.mark.parametrize(("growth", "text"), COMMON["growths"])
def test_growth_is_written_as_in_the_sidebar(growth: Any, text: str) -> None:
    assert graph_grows(msgspec.convert(growth, Growth)) == text


@pytest.mark.parametrize(("mark", "text"), COMMON["marks"])
def test_marks_of_runs_are_written_as_in_the_sidebar(mark: Any, text: str) -> None:
    assert run_mark(msgspec.convert(mark, RunMark)) == text


def was(*, target: str = "", given_back: GivenBack | None = None) -> SessionInfo:
    """Return the facts of a session with a variable of 8 MiB, as a close sees them."""
    info = FakeSession(1, "train", SessionOptions(), ORIGIN, lambda: None).info()
    variable = VariableInfo(name="v", shape=None, dtype="float32", nbytes=8 * MIB, initialized=True, device="CPU:0")
    return replace(info, target=target, variables=(variable,), given_back=given_back)


def back(*by_device: tuple[str, int], resident: int | None = 0, unavailable: str = "") -> GivenBack:
    return GivenBack(by_device=by_device, uncounted=0, resident=resident, unavailable=unavailable)


GIVEN = "given back to TensorFlow's allocator"
LOST = "are not free: something still refers to them, or other code has taken them since"
STAYS = "the memory of a GPU stays with the process until the kernel restarts"
KEPT = "which keeps it for reuse, so the process is"


@pytest.mark.parametrize(
    ("given_back", "said"),
    [
        (back(("CPU", 8 * MIB)), f"8.0 MiB {GIVEN}, {KEPT} no smaller"),
        (back(("CPU", 8 * MIB), resident=MIB), f"8.0 MiB {GIVEN}, {KEPT} only 1.0 MiB smaller"),
        (back(("CPU", 8 * MIB), resident=7 * MIB), f"8.0 MiB {GIVEN}: the process is 7.0 MiB smaller"),
        (back(("CPU", 8 * MIB), resident=None), f"8.0 MiB {GIVEN}"),
        (
            back(("CPU", 2 * MIB)),
            f"2.0 MiB {GIVEN}, {KEPT} no smaller; 6.0 MiB {LOST}",
        ),
        (
            back(("CPU", 0), ("GPU:0", 8 * MIB), resident=None),
            f"8.0 MiB {GIVEN} (CPU: 0 B, GPU:0: 8.0 MiB); {STAYS}",
        ),
        (
            back(unavailable="no oneDNN", resident=8 * MIB),
            f"8.0 MiB {GIVEN} (not measured: no oneDNN): the process is 8.0 MiB smaller",
        ),
    ],
)
def test_a_close_says_what_came_back(given_back: GivenBack, said: str) -> None:
    assert closed_message(was(given_back=given_back)) == f"closed train: no operations, 1 variable; {said}"


def test_the_variables_of_a_server_stay_there() -> None:
    assert closed_message(was(target="grpc://a:2222", given_back=back())) == (
        "closed train: no operations, 1 variable; "
        "its variables stay on the server grpc://a:2222, until that ends or resets them"
    )
