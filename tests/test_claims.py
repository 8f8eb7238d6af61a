"""The versions that the metadata and the README claim are those that the tests install."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tests.older.environments import Pins
from tfsess_magics.process import OLDEST_TENSORFLOW

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
README = (ROOT / "README.md").read_text("utf-8")
TABLE = {name: (oldest, newest) for name, oldest, newest in re.findall(r"\| (\w+) \| (\d\S*) \| (\d\S*) \|", README)}
LOWEST, MIDDLE, COLAB = map(Pins, ("lowest", "middle", "colab"))
NEWEST = dict(line.lower().split("==") for line in (ROOT / "constraints.txt").read_text("utf-8").split())
OLDEST = {
    "tensorflow": LOWEST.versions["tensorflow-cpu"],
    "ipython": LOWEST.versions["ipython"],
    "ipykernel": LOWEST.versions["ipykernel"],
    "ipywidgets": LOWEST.versions["ipywidgets"],
    "msgspec": LOWEST.versions["msgspec"],
    "jupyterlab": MIDDLE.versions["jupyterlab"],
    "notebook": MIDDLE.versions["notebook"],
}


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _bounds() -> dict[str, str]:
    """Return the lower bound of each requirement of the metadata that is for users."""
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *extras["tensorflow"], *extras["lab"], *extras["widgets"]]
    requirements = map(Requirement, lines)
    return {
        one.name: next(specifier.version for specifier in one.specifier if specifier.operator == ">=")
        for one in requirements
    }


@pytest.mark.parametrize("name", sorted(_bounds()))
def test_a_lower_bound_is_the_oldest_version_that_is_tested(name: str) -> None:
    assert _minor(OLDEST[name]) == _bounds()[name]


@pytest.mark.parametrize("name", sorted(OLDEST))
def test_the_readme_names_the_oldest_version_that_is_tested(name: str) -> None:
    (oldest,) = (oldest for known, (oldest, _) in TABLE.items() if known.lower() == name)
    assert _minor(OLDEST[name]) == oldest


@pytest.mark.parametrize("name", sorted(OLDEST.keys() - {"notebook"}))
def test_the_readme_names_the_version_that_all_tests_run_with(name: str) -> None:
    (newest,) = (newest for known, (_, newest) in TABLE.items() if known.lower() == name)
    assert _minor(NEWEST[name]) == newest


def test_the_pythons() -> None:
    """Of the classifiers, the bound and the README are those of the environments."""
    tried = [LOWEST.python, MIDDLE.python, COLAB.python]
    of_classifiers = re.findall(r"Python :: (\d+\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert of_classifiers == tried
    assert SpecifierSet(PROJECT["requires-python"]) == SpecifierSet(f">={tried[0]}")
    assert TABLE["Python"] == (tried[0], tried[-1])


def test_the_oldest_tensorflow() -> None:
    """It is the one that is refused below."""
    assert ".".join(map(str, OLDEST_TENSORFLOW)) == _bounds()["tensorflow"]


def test_the_sidebar_asks_for_the_oldest_jupyterlab() -> None:
    dependencies = json.loads((ROOT / "labextension" / "package.json").read_text("utf-8"))["dependencies"]
    assert dependencies["@jupyterlab/application"] == f"^{_bounds()['jupyterlab']}.0"
