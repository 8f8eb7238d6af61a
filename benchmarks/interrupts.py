"""Interrupts of training loops, with and without the extension: what they lose, and how long they take.

Each side is a process of its own, and each round interrupts the same loop at a random moment.
"""

from __future__ import annotations

import functools
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

_INTERRUPTS = 100
_ROUNDS = 10
_SIDES = ("without", "with")
_STEPS = {"2 ms": 2, "50 ms": 50, "600 ms": 600}


def report() -> None:
    """Print what both sides lose and take; `python -m benchmarks.interrupts` prints it alone."""
    found = {side: _side(side) for side in _SIDES}
    for side, (lost, _) in found.items():
        print(f"{_INTERRUPTS} interrupts of a mixed training loop, {side} the extension: lost {json.dumps(lost)}")
    for what in found["with"][1]:
        times = {side: found[side][1].get(what) for side in _SIDES}
        said = ", ".join(f"{side} {_say(seconds)}" for side, seconds in times.items())
        print(f"from an interrupt to the end of {what}, median and slowest of {_ROUNDS}: {said}")


def _say(seconds: list[float] | None) -> str:
    if seconds is None:
        return "never"
    return f"{1e3 * statistics.median(seconds):.0f} / {1e3 * max(seconds):.0f} ms"


def _side(side: str) -> tuple[dict[str, int], dict[str, list[float]]]:
    done = subprocess.run([sys.executable, "-m", "benchmarks.interrupts", side], stdout=subprocess.PIPE, check=True)
    lost, seconds = json.loads(done.stdout.splitlines()[-1])
    return lost, seconds


def _measure(side: str) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what is started in the background ignores it
    if side == "with":
        import tfsess_magics

        tfsess_magics.process.connect().observe()
    print(json.dumps([_count_losses(), _latencies(side)]))


def _interrupted(run: Callable[[], object], after: float) -> float:
    """Interrupt `run` after so many seconds, and return the seconds from there to its end."""
    sent: list[float] = []

    def interrupt() -> None:
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(after, interrupt)
    try:
        timer.start()
        while True:
            run()
    except KeyboardInterrupt:
        ended = time.perf_counter()
    timer.join()
    return ended - sent[0]


def _count_losses() -> dict[str, int]:
    """Return how often each of what a session holds was not what it should be after an interrupt."""
    import tensorflow as tf

    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph:
        iterator = v1.data.make_initializable_iterator(tf.data.Dataset.range(10**9))
        table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer([1, 2], [10, 20]), -1)
        steps = v1.get_variable("steps", initializer=0, dtype=tf.int32)
        twin = v1.get_variable("twin", initializer=0, dtype=tf.int32)
        batch = v1.train.batch([v1.train.range_input_producer(1000).dequeue()], 4, num_threads=2)
        following, found = iterator.get_next(), table.lookup(tf.constant(2))
        step = tf.group(steps.assign_add(1, read_value=False), twin.assign_add(1, read_value=False))
        session = v1.Session(graph=graph)
        session.run([v1.global_variables_initializer(), v1.local_variables_initializer()])
        session.run([v1.tables_initializer(), iterator.initializer])
        call = session.make_callable([steps, twin])
        coordinator = v1.train.Coordinator()
        threads = v1.train.start_queue_runners(session, coordinator)
    runners = [thread for thread in threads if "close_on_stop" not in thread.name]
    lost = dict.fromkeys(["values", "iterators", "tables", "callables", "runner threads", "next runs"], 0)
    draw = random.Random(0)
    for _ in range(_INTERRUPTS):
        before = int(session.run(following))
        _interrupted(lambda: session.run([step, following, found, batch]), draw.uniform(0.001, 0.05))
        lost["values"] += _fails(lambda: len(set(map(int, session.run([steps, twin])))) == 1)
        lost["iterators"] += _fails(functools.partial(_goes_on, session, following, before))
        lost["tables"] += _fails(lambda: int(session.run(found)) == 20)
        lost["callables"] += _fails(lambda: len(call()) == 2)
        lost["runner threads"] += sum(not thread.is_alive() for thread in runners)
        lost["next runs"] += _fails(lambda: len(session.run(batch, options=v1.RunOptions(timeout_in_ms=10_000))) == 4)
    coordinator.request_stop()
    coordinator.join(threads, stop_grace_period_secs=10)
    session.close()
    return lost


def _goes_on(session: Any, following: Any, before: int) -> bool:
    return int(session.run(following)) > before


def _fails(is_right: Callable[[], bool]) -> bool:
    try:
        return not is_right()
    except Exception:  # noqa: BLE001 - whatever was lost
        return True


def _latencies(side: str) -> dict[str, list[float]]:
    """Return the seconds from an interrupt to the end of loops of steps of several lengths, and of a run that waits."""
    import tensorflow as tf

    v1 = tf.compat.v1
    found: dict[str, list[float]] = {}
    for what, milliseconds in _STEPS.items():
        with tf.Graph().as_default(), v1.Session() as session:
            step = _step_of(session, milliseconds / 1e3)
            run = session.make_callable(step.op)
            run()
            found[f"a loop of steps of {what}"] = [_interrupted(run, 0.7 + turn * 0.013) for turn in range(_ROUNDS)]
    if side == "with":
        with tf.Graph().as_default(), v1.Session() as session:
            waits = v1.FIFOQueue(1, tf.float32).dequeue()
            found["a run that waits"] = [
                _interrupted(lambda: session.run(waits), 0.1 + turn * 0.013) for turn in range(_ROUNDS)
            ]
    return found


def _step_of(session: Any, seconds: float) -> Any:
    """Return a tensor that takes about so long to compute."""
    import tensorflow as tf

    v1 = tf.compat.v1
    turns = v1.placeholder_with_default(20, [])
    x = tf.random.stateless_normal([200, 200], [1, 2])
    tensor = tf.while_loop(lambda i, _: i < turns, lambda i, y: (i + 1, tf.linalg.matmul(y, x) / 200.0), [0, x])[1]
    session.run(tensor.op)
    began = time.perf_counter()
    session.run(tensor.op)
    count = max(1, int(20 * seconds / (time.perf_counter() - began)))
    return tf.while_loop(lambda i, _: i < count, lambda i, y: (i + 1, tf.linalg.matmul(y, x) / 200.0), [0, x])[1]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _measure(sys.argv[1])
    else:
        report()
