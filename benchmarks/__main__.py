"""Every benchmark, with the versions it ran on: ``make bench``."""

import os
import platform
from importlib.metadata import version

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from benchmarks import (
    cell,
    folding,
    interrupts,
    load,
    many_sessions,
    many_threads,
    memory,
    run,
    sessions,
    snapshot,
    stop,
)

_ALL = (load, cell, run, memory, sessions, many_sessions, many_threads, snapshot, stop, interrupts, folding)

if __name__ == "__main__":
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "ipython", "tfsess_magics"))
    print(f"Python {platform.python_version()}, {packages}, {os.cpu_count()} cores")
    for benchmark in _ALL:
        benchmark.report()
    snapshot.report_of_variables()
