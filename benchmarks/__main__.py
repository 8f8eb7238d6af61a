"""Every benchmark, with the versions it ran on: ``make bench``."""

import os
import platform
from importlib.metadata import version

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from benchmarks import cell, folding, load, memory, run, sessions, snapshot, stop

if __name__ == "__main__":
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "ipython", "tfsess_magics"))
    print(f"Python {platform.python_version()}, {packages}, {os.cpu_count()} cores")
    for benchmark in (load, cell, run, memory, sessions, snapshot, stop, folding):
        benchmark.report()
    snapshot.report_of_variables()
