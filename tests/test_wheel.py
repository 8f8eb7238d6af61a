"""The wheel installs without Node, and gives a working magic and an enabled JupyterLab extension."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.older.environments import Pins

ROOT = Path(__file__).parents[1]
PIP = [sys.executable, "-m", "pip", "--quiet"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"})
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def environment(wheel: Path) -> Path:
    """Install the wheel where the dependencies are, this package is not, and Node cannot be found."""
    prefix = wheel.parent / "environment"
    venv.create(prefix, with_pip=False)
    (site,) = prefix.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    subprocess.run(
        [*PIP, "--python", str(prefix), "install", "--no-deps", str(wheel)], check=True, env=os.environ | {"PATH": ""}
    )
    return prefix


def _python(environment: Path, *arguments: str, stderr: int = subprocess.DEVNULL) -> str:
    done = subprocess.run(
        [str(environment / "bin" / "python"), *arguments],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        check=True,
        cwd=environment,
        env={"PATH": str(environment / "bin"), "HOME": str(environment), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    return done.stdout


def test_the_magic_works(environment: Path) -> None:
    """From the wheel, not from this checkout."""
    code = (
        "from IPython.core.interactiveshell import InteractiveShell; shell = InteractiveShell();"
        "shell.run_line_magic('load_ext', 'tfsess_magics');"
        "result = shell.run_cell('%%tfsession train\\nimport tensorflow as tf\\ntf.constant(3).eval()');"
        "import tfsess_magics; print(result.result, tfsess_magics.__file__)"
    )
    value, file = _python(environment, "-c", code).splitlines()[-1].split()
    assert value == "3"
    assert environment in Path(file).parents


def test_the_extension_is_enabled(environment: Path) -> None:
    """`jupyter labextension list` says OK, with the one version that there is."""
    listed = _python(environment, "-m", "jupyterlab.labextensions", "list", stderr=subprocess.STDOUT)
    version = json.loads((ROOT / "labextension" / "package.json").read_text("utf-8"))["version"]
    (line,) = [line for line in listed.splitlines() if "tfsess-magics" in line]
    assert f"v{version}" in line
    assert "enabled" in line
    assert "OK" in line
    code = "import importlib.metadata; print(importlib.metadata.version('tfsess_magics'))"
    assert _python(environment, "-c", code).strip() == version


def test_nothing_that_colab_has_is_moved(wheel: Path) -> None:
    """``pip install`` there brings this package and msgspec, and leaves every version what it is."""
    python = Pins("colab").make(or_with=Path(sys.executable))
    assert python is not None
    install = ["install", "--dry-run", "--quiet", "--report", "-", str(wheel)]
    done = subprocess.run([python, "-m", "pip", *install], check=True, stdout=subprocess.PIPE, text=True)
    installs = {one["metadata"]["name"] for one in json.loads(done.stdout)["install"]}
    assert installs == {"tfsess_magics", "msgspec"}
