"""From the order to cut a run to its end, against the bytes of the variables; and many stops in a row."""

from __future__ import annotations

import statistics
import threading
import time
from typing import Any

import numpy as np
import psutil

from tfsess_magics.core.text import format_bytes

_MIB = 2**20
_SIZES = (1, 32, 256, 1024, 2048)
_ROUNDS = 3
_STOPS = 500
_BOUND, _FETCHES = 0.3, 3
"""Seconds that a stop may take, and how many times a plain fetch of the values besides."""


def report() -> None:
    """Print both; `python -m benchmarks.stop` prints them alone."""
    for size in _SIZES:
        _report_size(size)
    _report_row()


def _session(name: str, mebibytes: int) -> Any:
    import tensorflow as tf

    import tfsess_magics

    v1 = tf.compat.v1
    session = tfsess_magics.session(name)
    with session:
        for part in range(8):
            v = v1.get_variable(f"v{part}", [mebibytes * _MIB // 32], initializer=v1.ones_initializer())
            session.run(v.initializer)
        tf.identity(v1.FIFOQueue(1, tf.float32).dequeue(), name="waits")
        tf.identity(tf.while_loop(lambda i: i >= 0, lambda i: i * 1, [tf.constant(1)])[0], name="loops")
        tf.identity(tf.add_n([tf.reduce_sum(v) for v in v1.global_variables()]), name="total")
    return session


def _stop(session: Any, blocked: str) -> float:
    """Cut a run once it waits, and return the seconds from the order to its end."""
    import tfsess_magics

    sent: list[float] = []

    def order() -> None:
        while not session.watched.meter.table.in_flight:
            time.sleep(0.001)
        time.sleep(0.02)
        sent.append(time.perf_counter())
        tfsess_magics.stop(session.name, now=True)

    thread = threading.Thread(target=order)
    thread.start()
    try:
        session.run(blocked)
    except KeyboardInterrupt:
        ended = time.perf_counter()
    thread.join()
    return ended - sent[0]


def _report_size(mebibytes: int) -> None:
    rounds = [_round(mebibytes) for _ in range(_ROUNDS)]
    fetch, stop, fetch_again, stop_again = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(
        f"stop with {format_bytes(mebibytes * _MIB)} of variables, medians of {_ROUNDS} rounds: "
        f"first {stop:.2f} s, bound {_bound(fetch):.2f} s with a first plain fetch of {fetch:.2f} s; "
        f"second {stop_again:.2f} s, bound {_bound(fetch_again):.2f} s with a second one of {fetch_again:.2f} s"
    )


def _bound(fetch: float) -> float:
    return _BOUND + _FETCHES * fetch


def _round(mebibytes: int) -> tuple[float, float, float, float]:
    """Return the seconds of a plain fetch, a stop, and both again, in a new session."""
    import tfsess_magics

    session = _session("sized", mebibytes)
    reads = [f"v{part}/Read/ReadVariableOp:0" for part in range(8)]

    def fetch() -> float:
        began = time.perf_counter()
        session.run(reads)
        return time.perf_counter() - began

    seconds = fetch(), _stop(session, "waits:0"), fetch(), _stop(session, "waits:0")
    assert np.isclose(session.run("total:0"), mebibytes * _MIB / 4)
    tfsess_magics.close("sized")
    return seconds


def _report_row() -> None:
    import tfsess_magics

    session = _session("row", 8)
    process = psutil.Process()
    _stop(session, "waits:0")
    before, threads = process.memory_info().rss, threading.active_count()
    seconds = [_stop(session, ("waits:0", "loops:0")[turn % 2]) for turn in range(_STOPS)]
    assert session.run("total:0") == 8 * _MIB / 4
    print(
        f"{_STOPS} stops in a row: median {1e3 * statistics.median(seconds):.0f} ms, "
        f"slowest {1e3 * max(seconds):.0f} ms; "
        f"memory {format_bytes(before)} before, {format_bytes(process.memory_info().rss)} after; "
        f"{threading.active_count() - threads} threads more; every value kept"
    )
    tfsess_magics.close("row")


if __name__ == "__main__":
    report()
