"""What ``%load_ext`` takes in a fresh shell, and whether it imports TensorFlow."""

from __future__ import annotations

import statistics
import subprocess
import sys

_CODE = """
import sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
start = time.perf_counter()
shell.run_line_magic("load_ext", "tfsess_magics")
print(time.perf_counter() - start, "tensorflow" in sys.modules)
"""


def report(rounds: int = 11) -> None:
    """Print the median over fresh processes."""
    runs = [
        subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(rounds)
    ]
    seconds = sorted(float(run[0]) for run in runs)
    imported = any(run[1] == "True" for run in runs)
    print(
        f"%load_ext: median {1e3 * statistics.median(seconds):.1f} ms, slowest {1e3 * seconds[-1]:.1f} ms "
        f"(bound 100 ms); TensorFlow imported: {imported} (bound: False)"
    )


if __name__ == "__main__":
    report()
