"""Python environments with older versions of what the package works with, each pinned whole in a file."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FOLDER = ROOT / ".environments"
_WHAT_IT_IS = "import ensurepip, sys, venv; print(sys.version_info[0], sys.version_info[1])"


@dataclass(frozen=True)
class Pins:
    """The file of an environment."""

    name: str

    @property
    def _text(self) -> str:
        return (Path(__file__).parent / f"{self.name}.txt").read_text("utf-8")

    @property
    def python(self) -> str:
        """Version of Python, as ``3.11``; the first line names it."""
        found = re.match(r"# Python (\d+\.\d+):", self._text)
        assert found, f"the first line of {self.name}.txt names no Python"
        return found[1]

    @property
    def versions(self) -> dict[str, str]:
        """Version of each package, by its name in lower case with dashes."""
        lines = [line.split("==") for line in self._text.splitlines() if line and not line.startswith("#")]
        return {name.lower().replace("_", "-"): version for name, version in lines}

    def make(self, or_with: Path | None = None) -> Path | None:
        """Return the environment's Python, made now if it is not there; None if there is no Python of its version.

        Parameters
        ----------
        or_with
            The Python to take where there is none of that version.
        """
        base = find_python(self.python) or or_with
        if base is None:
            return None
        digest = hashlib.sha256(f"{base}\n{self._text}".encode()).hexdigest()[:12]
        environment = _FOLDER / f"{self.name}-{digest}"
        python, whole = environment / "bin" / "python", environment / "whole"
        if not whole.exists():
            for other in _FOLDER.glob(f"{self.name}-*"):
                shutil.rmtree(other)
            subprocess.run([base, "-m", "venv", environment], check=True)
            pins = Path(__file__).parent / f"{self.name}.txt"
            subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", pins], check=True)
            whole.touch()
        return python


def find_python(version: str) -> Path | None:
    """Return a Python of that version, as ``3.12``, None if there is none.

    Every candidate is run: what a name on PATH leads to may be another version, or nothing.
    """
    for candidate in _candidates(version):
        found = subprocess.run([candidate, "-c", _WHAT_IT_IS], capture_output=True, text=True, check=False)
        if found.returncode == 0 and found.stdout.split() == version.split("."):
            return candidate
    return None


def _candidates(version: str) -> Iterator[Path]:
    yield Path(sys.executable)
    for folder in os.get_exec_path():
        for name in (f"python{version}", "python3", "python"):
            if (candidate := Path(folder) / name).exists():
                yield candidate
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(pyenv.glob(f"versions/{version}*/bin/python"))
