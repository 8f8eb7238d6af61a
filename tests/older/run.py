"""Runs a part of the tests with older versions: ``python tests/older/run.py [NAME...]``.

Each environment has the built wheel, and not this checkout. The tests of all run at the same time, their output comes
one after the other; those of the browser come at the end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.older.environments import ROOT, Pins

ENVIRONMENTS = ("lowest", "middle")
WITH_JUPYTERLAB = "middle"
PARTS = {
    "the magic": (
        "tests/kernel/test_ordinary_cell.py",
        "tests/notebook/magics/test_magics.py",
        "tests/notebook/magics/test_tab.py",
        "tests/kernel/test_tab.py",
        "tests/notebook/cells/test_header.py",
        "tests/notebook/test_extension.py",
    ),
    "observing": ("tests/notebook/test_observed.py", "tests/tf/instrument/test_observe.py"),
    "stop": (
        "tests/kernel/test_stop.py",
        "tests/kernel/test_stop_orders.py",
        "tests/kernel/test_stop_sessions.py",
        "tests/tf/stopping/test_stop_values.py",
        "tests/tf/stopping/test_cut_rule.py",
        "tests/tf/stopping/test_stopped_callables.py",
        "tests/tf/stopping/test_filled_beside.py",
    ),
    "memory": ("tests/notebook/views/test_memory.py", "tests/tf/memory/test_held.py", "tests/tf/memory/test_peaks.py"),
    "explanations": (
        "tests/notebook/test_explain.py",
        "tests/notebook/test_explain_eager.py",
        "tests/notebook/test_explain_graphs.py",
        "tests/notebook/test_explain_sessions.py",
        "tests/notebook/test_explain_variables.py",
    ),
    "Keras": (
        "tests/notebook/test_eager.py::test_models_optimizers_and_datasets_are_listed_and_not_kept",
        "tests/notebook/test_eager.py::test_keras_is_not_cleared",
        "tests/notebook/test_keras_session.py::test_in_ordinary_cells_nothing_is_repaired",
    ),
    "traces of runs that call functions": ("tests/tf/tracing", "tests/kernel/test_trace.py"),
    "the wire": ("tests/core", "tests/kernel/test_channel.py", "tests/notebook/views/test_widget.py"),
}
_WARNINGS = (
    # Old versions deprecate what went long ago; that is no news of this package.
    "ignore::DeprecationWarning",
    "ignore::PendingDeprecationWarning",
    # TensorFlow 2.15: before, it warns of a second interactive session, which is what some tests are about.
    "ignore:An interactive session is already active:UserWarning",
)


def main(names: list[str]) -> int:
    """Run the tests in the environments of those names, and return how many have failed."""
    pythons = {name: Pins(name).make() for name in names}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        wheel = _wheel(place)
        for tests in ("tests", "labextension/generate_protocol.py", "labextension/src/protocol.ts", "pyproject.toml"):
            _copy(ROOT / tests, place / tests)
        made = {name: python for name, python in pythons.items() if python is not None}
        for python in made.values():
            _pip(python, "install", "--no-deps", "--force-reinstall", wheel)
        failed = _run_tests(made, place)
    if WITH_JUPYTERLAB in made:
        failed += _run_browser(made[WITH_JUPYTERLAB])
    for name in names:
        if name not in made:
            print(f"left out: {name}.txt, there is no Python {Pins(name).python} here")
    return failed if made else 1


def _wheel(place: Path) -> Path:
    """Build the wheel, with the build tools of the Python that runs this."""
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*build, place, ROOT], check=True)
    (wheel,) = place.glob("*.whl")
    return wheel


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _pip(python: Path, *arguments: str | Path) -> None:
    subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)


def _run_tests(pythons: dict[str, Path], place: Path) -> int:
    """Run pytest in each, where this checkout cannot be imported, and return how many have failed."""
    warnings = [option for warning in _WARNINGS for option in ("-W", warning)]
    paths = [path for part in PARTS.values() for path in part]
    running = {}
    for name, python in pythons.items():
        output = (place / f"{name}.log").open("w+", encoding="utf-8")
        options = ["--quiet", "--older", "-p", "no:cacheprovider", *warnings, *paths]
        running[name] = (
            output,
            subprocess.Popen(
                [python, "-m", "pytest", *options],
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(),
            ),
        )
    failed = 0
    for name, (output, tests) in running.items():
        failed += bool(tests.wait())
        output.seek(0)
        print(f"\n{name}.txt, Python {Pins(name).python}: {', '.join(PARTS)}\n{output.read()}", flush=True)
        output.close()
    return failed


def _run_browser(python: Path) -> int:
    """Run the browser tests in that environment's JupyterLab and Notebook, and return whether they have failed."""
    env = _environment() | {"TFSESS_ENVIRONMENT": str(python.parents[1])}
    done = subprocess.run(["jlpm", "older"], cwd=ROOT / "labextension" / "ui-tests", env=env, check=False)
    return int(done.returncode != 0)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(ENVIRONMENTS)))
