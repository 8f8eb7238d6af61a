"""What a run needed: its peak above the level before."""

import threading
from typing import Any

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.memory.measuring import MIB, about, alone, variable

v1 = tf.compat.v1


def test_a_run_tells_its_peak_above_the_level_before(open_session: Open) -> None:
    """Not what was there before, nor the peak of a run before it."""
    with open_session("a") as a:
        a.run(variable("v", 32 * MIB).initializer)
        large, small = (tf.reduce_sum(tf.random.uniform([size * MIB // 4])) for size in (16, 4))
        for fetched, nbytes in (large, 16 * MIB), (small, 4 * MIB):
            a.run(fetched)
            last = a.info().last_run
            assert last is not None
            assert [(needed.device, needed.nbytes) for needed in last.memory] == [("CPU", about(nbytes))]
            assert not last.is_shared
        info = a.info()
        assert info.largest_run is not None
        assert info.largest_run.peak is not None
        assert info.largest_run.peak.nbytes == about(32 * MIB)  # the initializer
        assert [run.peak and run.peak.nbytes for run in info.recent_runs] == [about(n * MIB) for n in (32, 16, 4)]


def test_a_run_that_fails_is_measured_too(open_session: Open) -> None:
    with open_session("a") as a:
        drawn = tf.random.uniform([4 * MIB])
        with tf.control_dependencies([tf.reduce_sum(drawn)]):
            fails = tf.debugging.Assert(tf.constant(False), ["no"])
        with pytest.raises(tf.errors.InvalidArgumentError):
            a.run(fails)
        last = a.info().last_run
        assert last is not None
        assert last.error is not None
        assert last.peak is not None
        assert last.peak.nbytes == about(16 * MIB)


def test_a_run_that_is_stopped_is_measured_too(open_session: Open) -> None:
    """What it needed until then; what the stop itself reads to keep the values is no need of the run's."""
    needed = threading.Event()

    def tell(total: Any) -> Any:
        needed.set()
        return total

    with open_session("a") as a:
        a.run(variable("v", 4 * MIB).initializer)
        summed = tf.reduce_sum(tf.random.uniform([4 * MIB]))
        seen = tf.numpy_function(tell, [summed], tf.float32)
        with tf.control_dependencies([seen]):
            waits = v1.FIFOQueue(1, tf.float32).dequeue()

    def stop() -> None:
        assert needed.wait(30)
        tfsess_magics.stop("a")

    stopping = threading.Thread(target=stop)
    stopping.start()
    with pytest.raises(tfsess_magics.SessionStopped):
        a.run(waits)
    stopping.join()
    last = a.info().last_run
    assert last is not None
    assert last.error is not None
    assert [(of.device, of.nbytes) for of in last.memory] == [("CPU", about(16 * MIB))]


def test_runs_that_overlap_are_marked(open_session: Open) -> None:
    """Both of them; one that comes after is not."""
    with open_session("a") as a:
        queue = v1.FIFOQueue(1, tf.float32, shapes=[[]])
        put, waits, drawn = queue.enqueue(1.0), queue.dequeue(), tf.reduce_sum(tf.random.uniform([MIB]))
    began = threading.Event()
    meter = a.watched.meter
    meter.changed, changed = lambda: (began.set(), changed())[1], meter.changed  # type: ignore[func-returns-value]
    waiting = threading.Thread(target=lambda: a.run(waits))
    waiting.start()
    assert began.wait(10)
    a.run(drawn)
    a.run(put)
    waiting.join()
    a.run(drawn)
    runs = a.info().recent_runs
    assert [run.is_shared for run in runs] == [True, True, True, False]
    assert runs[-1].peak is not None
    assert runs[-1].peak.nbytes == about(4 * MIB)


def test_the_first_run_of_a_session_of_other_code_is_measured() -> None:
    """In the very cell in which that is made; it has made the device whose allocator is asked."""
    said = alone("""
process.connect().observe()
with tf.Graph().as_default(), v1.Session() as session:
    session.run(tf.reduce_sum(tf.random.uniform([1 << 20])))
    print(tfsess_magics.sessions()[0].last_run.memory)
print(context.context()._context_handle)
""")
    assert said == "(RunMemory(device='CPU', nbytes=4194304),)\nNone\n"
