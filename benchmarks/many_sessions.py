"""The cost of a new session while thousands are alive: with the extension, and in plain TensorFlow beside it."""

from __future__ import annotations

import statistics
import subprocess
import sys

_THOUSANDS = 5
_CODE = """
import sys, time
from IPython.core.interactiveshell import InteractiveShell
import tensorflow as tf
shell = InteractiveShell()
if sys.argv[1] == "with":
    shell.run_line_magic("load_ext", "tfsess_magics")
graph, alive = tf.Graph(), [tf.compat.v1.Session(graph=tf.Graph()) for _ in range(10)]
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    alive += [tf.compat.v1.Session(graph=graph) for _ in range(1000)]
    print((time.perf_counter() - start) / 1000)
"""


def report(rounds: int = 5) -> None:
    """Print the medians of fresh processes, with and without in turn."""
    rows: dict[str, list[list[float]]] = {"without": [], "with": []}
    for _ in range(rounds):
        for how, found in rows.items():
            command = [sys.executable, "-c", _CODE, how, str(_THOUSANDS)]
            run = subprocess.run(command, capture_output=True, text=True, check=True)
            found.append([float(line) for line in run.stdout.split()])
    plain, ours = ([statistics.median(each) for each in zip(*found, strict=True)] for found in rows.values())
    listed = ", ".join(f"{1e6 * one:.0f} / {1e6 * other:.0f}" for one, other in zip(plain, ours, strict=True))
    ratios = [found[-1] / found[0] for found in rows["with"]]
    print(f"a new session, us in each thousand, without / with us: {listed}")
    print(f"  the fifth thousand over the first: median {statistics.median(ratios):.2f} (bound 1.3)")
    more = statistics.median(
        with_us - without
        for ours, plain in zip(rows["with"], rows["without"], strict=True)
        for with_us, without in zip(ours, plain, strict=True)
    )
    print(f"  more than without us: median {1e6 * more:.0f} us (bound 60 us)")


if __name__ == "__main__":
    report()
