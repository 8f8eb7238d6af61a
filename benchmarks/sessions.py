"""What ``sessions()`` takes with 1,000 sessions."""

from __future__ import annotations

import time

from benchmarks.measure import interleaved


def report(number: int = 1000) -> None:
    """Print the first call after every session has run, and the median of later ones."""
    import tensorflow as tf

    import tfsess_magics

    for index in range(number):
        with tfsess_magics.session(f"s{index}"):
            tf.compat.v1.get_variable("v", [10]).initializer.run()
    start = time.perf_counter()
    records = tfsess_magics.sessions()
    first = time.perf_counter() - start
    later = interleaved({"sessions": tfsess_magics.sessions}, rounds=15, repeats=3)["sessions"]
    held = sum(record.variables_nbytes for record in records)
    print(f"sessions() with {number} sessions ({held} bytes): median {1e3 * later:.1f} ms (bound 50 ms)")
    print(f"  the first time after each of them has run: {1e3 * first:.0f} ms, every session being asked once")
    tfsess_magics.close(*(record.name for record in records))


if __name__ == "__main__":
    report()
