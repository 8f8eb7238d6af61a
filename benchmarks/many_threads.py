"""The tiny runs that 100 threads get done in a session: with the extension, and in plain TensorFlow beside it."""

from __future__ import annotations

import statistics
import subprocess
import sys

_CODE = """
import sys, threading, time
from IPython.core.interactiveshell import InteractiveShell
import tensorflow as tf
shell = InteractiveShell()
if sys.argv[1] == "with":
    shell.run_line_magic("load_ext", "tfsess_magics")
with tf.Graph().as_default() as graph:
    x = tf.constant(1.0)
session = tf.compat.v1.Session(graph=graph)

def runs(seconds):
    is_over, done = threading.Event(), []
    def work():
        number = 0
        while not is_over.is_set():
            session.run(x)
            number += 1
        done.append(number)
    threads = [threading.Thread(target=work) for _ in range(100)]
    for thread in threads:
        thread.start()
    start = time.perf_counter()
    time.sleep(seconds)
    is_over.set()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - start)

runs(0.5)
print(runs(2.0))
"""


def report(rounds: int = 7) -> None:
    """Print the median of fresh processes, with and without in turn."""
    found: list[tuple[float, float]] = []
    for _ in range(rounds):
        plain, ours = (
            float(subprocess.run([sys.executable, "-c", _CODE, how], capture_output=True, text=True, check=True).stdout)
            for how in ("without", "with")
        )
        found.append((plain, ours))
    plain, ours = (statistics.median(each) for each in zip(*found, strict=True))
    ratio = statistics.median(ours / plain for plain, ours in found)
    print(f"tiny runs a second of 100 threads: {plain:,.0f} without us, {ours:,.0f} with us: {ratio:.2f} (bound 0.8)")


if __name__ == "__main__":
    report()
