"""What 10,000 sessions, opened and closed, leave in memory, with the extension and without.

Each side in a process of its own, in turn. This package's own modules are small beside TensorFlow, which both have.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys

import psutil

SIDES = ("plain", "observed")
WARM_UP = 200


def resident() -> float:
    """Return this process's resident memory in MiB."""
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 2**20


def open_and_close(number: int) -> None:
    """Open sessions, run each and close it."""
    import tensorflow as tf

    for _ in range(number):
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            session.run(tf.constant(1))


def measure(side: str, number: int) -> None:
    """Print the resident memory before and after."""
    import tfsess_magics

    if side == "observed":
        tfsess_magics.process.observe()
    open_and_close(WARM_UP)
    before = resident()
    open_and_close(number)
    print(before, resident())


def report(number: int = 10_000, rounds: int = 3) -> None:
    """Print the medians of both sides, and their ratio."""
    found: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
    for _ in range(rounds):
        for side in SIDES:
            command = [sys.executable, "-m", "benchmarks.memory", side, str(number)]
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            found[side].append((float(output[0]), float(output[1])))
    ends = {side: statistics.median(end for _, end in sizes) for side, sizes in found.items()}
    growths = {side: statistics.median(end - start for start, end in sizes) for side, sizes in found.items()}
    print(
        f"{number} sessions opened, run and closed: {ends['plain']:.1f} MiB resident without us, "
        f"{ends['observed']:.1f} MiB with us, ratio {ends['observed'] / ends['plain']:.4f} (bound 1.01); "
        f"grown by {growths['plain']:.1f} and {growths['observed']:.1f} MiB"
    )


if __name__ == "__main__":
    measure(sys.argv[1], int(sys.argv[2])) if sys.argv[1:] else report()
