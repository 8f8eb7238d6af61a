"""A capability that lacks a private part of TensorFlow is off, says so once, and all others go on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tf.capable import ABILITIES
from tfsess_magics import UnavailableError
from tfsess_magics.tf import internals
from tfsess_magics.tf.internals import CAPABILITIES, GROWTH, STOP, SWAP

RENAMED = {
    "_default_graph_stack": {"swap"},
    "_call_tf_sessionrun": {"runs", "trace", "stop"},
    "TF_SessionRun_wrapper": {"values", "stop", "save"},
    "TF_NewSessionRef": {"stop", "save"},
    "Timeline": {"trace"},
    "TFE_GetMemoryInfo": {"memory"},
    "_extend_graph": {"growth", "values", "stop", "save"},
    "_group_member_counts": {"graph_lock"},
    "_UnreadVariable": {"eager_variables"},
    "make_call_op_in_graph": {"functions"},
    "_TENSORSHAPE_V2_OVERRIDE": {"switches"},
}
"""Names of private parts, a part of each capability at least, and the abilities that go with them."""
REFUSED = {"swap", "trace", "stop", "save"}
"""Abilities that an order asks for, which is refused."""


def _off(name: str) -> list[str]:
    return [one.name for one in CAPABILITIES if any(name in part.replace(":", ".").split(".") for part in one.parts)]


def test_every_capability_has_a_renamed_part() -> None:
    assert {name for part in RENAMED for name in _off(part)} == {capability.name for capability in CAPABILITIES}


def test_the_design_names_every_capability() -> None:
    design = (Path(__file__).parents[2] / "docs" / "design.md").read_text("utf-8")
    names = [name for name, value in vars(internals).items() if isinstance(value, internals.Capability)]
    assert len(names) == len(CAPABILITIES)
    assert [name for name in names if f"| `{name}` |" not in design] == []


def test_this_tensorflow_has_all_parts() -> None:
    assert [capability.missing for capability in CAPABILITIES if capability.missing] == []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Rename all of them with ``--every-line``: each takes a process that imports TensorFlow."""
    if "name" in metafunc.fixturenames:
        names = RENAMED if metafunc.config.getoption("--every-line") else ("_default_graph_stack", "TF_NewSessionRef")
        metafunc.parametrize("name", names)


def test_without_a_part_the_rest_goes_on(name: str) -> None:
    """In a process in which TensorFlow calls the part something else, from its import on."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.tf.capable", name], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    said = found.pop("said").splitlines()
    assert [line.partition(" is off: TensorFlow ")[0] for line in said[:-1]] == _off(name)
    assert all(name in line for line in said[:-1])
    assert "pip install --upgrade tfsess_magics" in said[-1]
    lost = RENAMED[name]
    assert {ability.__name__ for ability in ABILITIES if found[ability.__name__] is True} == {
        ability.__name__ for ability in ABILITIES if ability.__name__ not in lost
    }, found
    for ability in lost & REFUSED:
        assert " is off: TensorFlow " in found[ability]
        assert name in found[ability]
    assert found["unloaded"].count("\n") == ("swap" not in lost)


def test_the_first_missing_name_of_a_path_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not each part below it, and as TensorFlow's code calls it."""
    monkeypatch.setattr(SWAP, "parts", ("framework.ops:_gone.stack", "framework.ops:_gone._get", "nowhere:Gone._part"))
    monkeypatch.delitem(vars(SWAP), "missing", raising=False)
    assert SWAP.missing == ("ops._gone", "nowhere.Gone")
    with pytest.raises(
        UnavailableError, match=r"^Running cells in sessions is off: TensorFlow \S+ has no ops\._gone, "
    ):
        SWAP.require()


def test_a_class_is_told_without_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GROWTH, "parts", ("client.session:BaseSession._gone", "framework.ops:Graph()._gone.get"))
    monkeypatch.delitem(vars(GROWTH), "missing", raising=False)
    assert GROWTH.missing == ("BaseSession._gone", "Graph._gone")
    assert not STOP.missing
    STOP.require()
