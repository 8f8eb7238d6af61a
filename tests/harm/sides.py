"""Runs the sides of a comparison, at the same time, in fresh processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

_ROOT = Path(__file__).parents[2]


def run_sides(module: str, sides: Iterable[str]) -> dict[str, Any]:
    """Return what ``python -m module SIDE`` wrote to standard output for each side."""
    processes = {
        side: subprocess.Popen(
            [sys.executable, "-m", module, side], cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for side in sides
    }
    written = {side: process.communicate() for side, process in processes.items()}
    for side, process in processes.items():
        assert process.returncode == 0, written[side][1].decode()
    return {side: msgspec.json.decode(output) for side, (output, _) in written.items()}
