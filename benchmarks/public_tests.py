"""Runs tests of other projects without the extension and with it, and compares them test by test.

``python -m benchmarks.public_tests FILE_OR_FOLDER... [-- PYTEST_OPTION...]``: every file in fresh processes, once as it
is and once with the extension loaded before its tests are collected. What differs the second time is run without the
extension again: what differs there too is chance. Ends with 1 if a test differs that is not.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

Outcome = tuple[str, str]
"""What became of a test, and the type and message of its failure."""

_ADDRESS = re.compile(r"0x[0-9a-f]+")
_LONGEST = 600
"""Seconds that one file may take."""


def main() -> int:
    """Compare the tests that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tests", nargs="+", type=Path)
    own, options = _split(sys.argv[1:])
    files = [file for path in parser.parse_args(own).tests for file in _files(path.resolve())]
    totals: Counter[str] = Counter()
    differing = 0
    for file in files:
        plain, loaded = _run(file, options, with_us=False), _run(file, options, with_us=True)
        differences = _differences(plain, loaded)
        if differences:
            again = _run(file, options, with_us=False)
            for test in sorted(differences):
                is_chance = plain.get(test) != again.get(test)
                differing += not is_chance
                print(f"{'chance' if is_chance else 'DIFFERS'} {test}\n  {plain.get(test)}\n  {loaded.get(test)}")
        counts = Counter(outcome for outcome, _ in plain.values())
        totals += counts
        print(f"{file.name}: {_counted(counts)}; differ: {len(differences)}", flush=True)
    print(f"{len(files)} files: {_counted(totals)} without us; differ with us, and not by chance: {differing}")
    return 1 if differing else 0


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted({*path.rglob("test_*.py"), *path.rglob("*_test.py")})


def _run(file: Path, options: list[str], *, with_us: bool) -> dict[str, Outcome]:
    """Return what became of each test of `file`; a file whose process dies has the one outcome ``died``."""
    with tempfile.TemporaryDirectory() as folder:
        report, home = Path(folder, "report.xml"), Path(folder, "home")
        home.mkdir()
        process = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"),
                *(("-p", "benchmarks.loading") if with_us else ()),
                *options,
                str(file),
            ],
            env={**os.environ, "IPYTHONDIR": str(home), "PYTHONPATH": _path(), "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LONGEST,
            check=False,
        )
        if not report.exists():
            return {file.name: ("died", str(process.returncode))}
        return dict(_outcome(case) for case in ET.parse(report).iter("testcase"))


def _path() -> str:
    ours = str(Path(__file__).resolve().parents[1])
    return os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), ours]))


def _outcome(case: ET.Element) -> tuple[str, Outcome]:
    test = f"{case.get('classname')}.{case.get('name')}"
    for result in case:
        if result.tag in {"failure", "error", "skipped"}:
            return test, (result.tag, _ADDRESS.sub("0x", result.get("message", "")))
    return test, ("passed", "")


def _differences(plain: dict[str, Outcome], loaded: dict[str, Outcome]) -> set[str]:
    return {test for test in plain.keys() | loaded.keys() if plain.get(test) != loaded.get(test)}


def _counted(counts: Counter[str]) -> str:
    return f"{counts.total()} tests" + "".join(f", {number} {outcome}" for outcome, number in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())
