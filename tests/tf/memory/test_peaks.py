"""What a run needed: its peak above the level before."""

import pytest
import tensorflow as tf

from tests.in_runtime import wait_for_runs
from tests.tf.conftest import Open
from tests.tf.memory.measuring import MIB, about, alone, variable
from tests.tf.running import Running
from tfsess_magics.tf.memory.allocators import Allocator, Allocators

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


def test_a_run_that_is_stopped_is_measured_too() -> None:
    """What it needed until then; what the stop itself reads to keep the values is no need of the run's.

    TensorFlow's allocator takes a free part whole that is less than twice as large: none is there in a new process.
    """
    said = alone("""
import threading
needed = threading.Event()
def tell(total):
    needed.set()
    return total
def stop():
    assert needed.wait(30)
    tfsess_magics.stop("a", now=True)
with tfsess_magics.session("a") as a:
    a.run(v1.get_variable("v", [1 << 20], initializer=v1.zeros_initializer()).initializer)
    summed = tf.reduce_sum(tf.random.uniform([4 << 20]))
    with tf.control_dependencies([tf.numpy_function(tell, [summed], tf.float32)]):
        waits = v1.FIFOQueue(1, tf.float32).dequeue()
stopping = threading.Thread(target=stop)
stopping.start()
try:
    a.run(waits)
except tfsess_magics.SessionStopped:
    stopping.join()
    last = a.info().last_run
    print(last.error is not None, last.memory)
""")
    assert said == "True (RunMemory(device='CPU', nbytes=16777216),)\n"


def test_runs_that_overlap_are_marked(open_session: Open) -> None:
    """Both of them; one that comes after is not."""
    with open_session("a") as a:
        queue = v1.FIFOQueue(1, tf.float32, shapes=[[]])
        put, waits, drawn = queue.enqueue(1.0), queue.dequeue(), tf.reduce_sum(tf.random.uniform([MIB]))
    waiting = Running(a, waits)
    wait_for_runs(a)
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


def test_of_many_runs_at_once_the_first_few_are_measured() -> None:
    """The peaks of more would tell nothing, and asking for them would take its time from every run."""
    allocators, asked = Allocators(), list[int]()

    def read() -> dict[str, int]:
        asked.append(1)
        return {"current": 0, "peak": 0}

    allocators.measured = (Allocator("CPU", read, lambda: None),)
    for token in range(100):
        allocators.begin(token)
    assert len(asked) == 8
    assert [allocators.end(token)[0] for token in range(100)] == [True] * 8 + [False] * 92
    allocators.begin(100)
    assert allocators.end(100) == (False, [("CPU", 0)])
