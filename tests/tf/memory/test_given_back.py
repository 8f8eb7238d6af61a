"""What close and reset give back, and what they do not."""

from typing import Any

import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.memory.measuring import MIB, about, alone, variable
from tfsess_magics.core.text import closed_message, reset_message


def test_close_and_reset_tell_what_came_back(open_session: Open) -> None:
    """Measured; that the process keeps it is said, and what is too small to be measured is in it."""
    session = open_session("a")
    for end, message in (
        (tfsess_magics.reset, reset_message),
        (lambda name: tfsess_magics.close(name)[0], closed_message),
    ):
        with session:
            session.run(variable("v", 8 * MIB).initializer)
            session.run(variable("w", 1024).initializer)
        was = end("a")
        assert was.given_back is not None
        assert was.given_back.by_device == (("CPU", about(8 * MIB)),)
        assert was.given_back.uncounted == 1024
        said = message(was)
        assert "8.0 MiB given back to TensorFlow's allocator" in said
        assert "the process is " in said
        assert "are not free" not in said


def test_what_did_not_come_back_is_told(open_session: Open) -> None:
    """Something else took memory at the same time."""
    with open_session("a") as a:
        a.run(variable("v", 8 * MIB).initializer)
    kept: list[Any] = []
    session = a.session

    def take_and_close() -> None:
        del session.close  # not for the finalizer, wherever garbage is collected
        kept.append(tf.zeros([2 * MIB]))
        session.close()

    session.close = take_and_close
    said = closed_message(tfsess_magics.close("a")[0])
    assert "8.0 MiB are not free: something still refers to them, or other code has taken them since" in said


def test_values_that_a_stop_has_kept_are_in_use_and_come_back() -> None:
    """As much as before the stop; the close of the session gives all of it back.

    The variable is so large that its array never happens to begin where TensorFlow would use it without a copy.
    """
    said = alone("""
import threading, time
MIB = 1 << 20
process.connect().observe()
with tfsess_magics.session("a") as a:
    v = v1.get_variable("v", [16 * MIB], initializer=v1.ones_initializer())
    a.run(v.initializer)
    waits = v1.FIFOQueue(1, tf.float32).dequeue()
    total = tf.reduce_sum(v)
def stop_the_run():
    while not a.watched.meter.table.in_flight: time.sleep(0.001)
    tfsess_magics.stop("a", now=True)
for turn in range(3):
    if turn:
        threading.Thread(target=stop_the_run).start()
        try:
            a.run(waits)
        except tfsess_magics.SessionStopped as stopped:
            assert "Kept: 1 variable" in str(stopped)
        assert a.run(total) == 16 * MIB
    cpu = memory().devices[0]
    print(cpu.in_use / MIB, [of.nbytes / MIB for of in cpu.held])
print(tfsess_magics.close("a")[0].given_back.by_device)
""")
    *levels, given_back = said.splitlines()
    assert levels == ["64.0 [64.0]"] * 3
    assert given_back == "(('CPU', 67108864),)"
