"""What is said of memory is true, within 1 % or 256 KiB, and nothing is initialized to find it out."""

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tfsess_magics.core.memory import DeviceMemory, KernelMemory
from tfsess_magics.core.words import closed_message, reset_message

v1 = tf.compat.v1
MIB = 1 << 20


def about(nbytes: int) -> Any:
    """Equal to so many bytes within 1 % or 256 KiB."""
    return pytest.approx(nbytes, rel=0.01, abs=256 * 1024)


def memory() -> KernelMemory:
    found = tfsess_magics.memory()
    assert found is not None
    return found


def cpu() -> DeviceMemory:
    return memory().devices[0]


def in_use() -> int:
    found = cpu().in_use
    assert found is not None
    return found


def variable(name: str, nbytes: int) -> Any:
    return v1.get_variable(name, shape=[nbytes // 4], dtype=tf.float32, initializer=v1.zeros_initializer())


@pytest.fixture(autouse=True)
def observed() -> Iterator[None]:
    """Measuring begins with a session."""
    tfsess_magics.process.connect().observe()
    with tfsess_magics.session("first") as first:
        first.run(tf.constant(1))
    yield
    tfsess_magics.close(*tfsess_magics.process.registry.names)
    tfsess_magics.process.connect().unobserve()


def test_variables_on_four_cpus_are_held_by_their_sessions() -> None:
    """All in the one allocator that these share; each session has its bytes by device.

    In a process of its own, and one after the other, so that no gap is larger than what the allocator gives it to.
    """
    said = alone("""
MIB = 1 << 20
config = v1.ConfigProto(device_count={"CPU": 4}, allow_soft_placement=False)
for scale, name in enumerate("ab", start=1):
    with tfsess_magics.session(name, config=config) as session:
        for index in range(4):
            with tf.device(f"/CPU:{index}"):
                v = v1.get_variable(f"v{index}", [scale * 2**index * MIB // 4], initializer=v1.zeros_initializer())
            session.run(v.initializer)
        v1.get_variable("uninitialized", [16 * MIB])
info = session.info()
print([(device.name, info.nbytes_on(device) // MIB) for device in info.devices])
print(info.variables_nbytes / MIB, info.all_nbytes / MIB)
cpu = memory().devices[0]
print([(of.name, of.nbytes / MIB) for of in cpu.held], cpu.in_use, cpu.peak >= cpu.in_use, cpu.other)
""")
    devices, session, process = said.splitlines()
    assert devices == "[('CPU:0', 2), ('CPU:1', 4), ('CPU:2', 8), ('CPU:3', 16)]"
    assert session == "30.0 94.0"
    held, _, rest = process.partition("] ")
    in_use, is_below_peak, other = rest.split()
    assert held == "[('b', 30.0), ('a', 15.0)"
    assert (int(in_use), is_below_peak, int(other)) == (about(45 * MIB), "True", about(0))


def test_a_variable_for_a_device_that_is_not_there_is_where_it_is(open_session: Open) -> None:
    """TensorFlow has put it elsewhere; no device is told of that the process does not have."""
    with open_session("a", config=v1.ConfigProto(device_count={"CPU": 2})) as a:
        with tf.device("/GPU:0"):
            v = variable("v", 4 * MIB)
        a.run(v.initializer)
    (device,) = memory().devices
    assert (device.name, {of.name: of.nbytes for of in device.held}["a"]) == ("CPU", 4 * MIB)


def test_what_no_variable_holds_is_other() -> None:
    """A tensor that a module keeps; it is gone with it."""
    gc.collect()
    before = cpu().other or 0
    leak = [tf.zeros([2 * MIB])]
    assert cpu().other == about(before + 8 * MIB)
    leak.clear()
    gc.collect()
    assert cpu().other == about(before)


def test_resident_memory_is_what_the_system_says_and_pooled_what_came_back() -> None:
    """TensorFlow keeps the bytes of a session that was closed: they are pooled, and the process stays as large."""
    said = alone("""
import re
from pathlib import Path
def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
with tfsess_magics.session("first") as first:
    first.run(tf.constant(1))
before = memory()
with tfsess_magics.session("a") as a:
    a.run(v1.get_variable("v", [1 << 24], initializer=v1.ones_initializer()).initializer)
print(memory().resident, resident())
tfsess_magics.close("a")
after, now = memory(), resident()
print(after.resident, now)
print(now - before.resident > 60 << 20, before.pooled, after.pooled)
cpu = after.devices[0]
print(cpu.in_use, cpu.peak - cpu.in_use)
""")
    open_, closed, kept, at_end = (line.split() for line in said.splitlines())
    for ours, theirs in (open_, closed):
        assert int(ours) == about(int(theirs))
    assert kept == ["True", "0", at_end[1]]
    assert (int(at_end[0]), int(at_end[1])) == (0, about(64 * MIB))


def test_what_the_allocator_rounds_up_is_other() -> None:
    """The memory that it takes from the system is doubled until a variable fits, and not split for it."""
    said = alone("""
with tfsess_magics.session("a") as a:
    a.run(v1.get_variable("v", [9 << 18], initializer=v1.zeros_initializer()).initializer)
cpu = memory().devices[0]
print(cpu.variables_nbytes, cpu.in_use, cpu.other)
""")
    assert [int(nbytes) for nbytes in said.split()] == [9 * MIB, about(16 * MIB), about(7 * MIB)]


def test_a_forgotten_session_is_seen_to_hold_its_bytes() -> None:
    with tf.Graph().as_default():
        forgotten = v1.Session()
        forgotten.run(variable("v", 4 * MIB).initializer)
    (listed,) = (info for info in tfsess_magics.sessions() if info.name.startswith("#"))
    assert {of.name: of.nbytes for of in cpu().held}[listed.name] == 4 * MIB
    forgotten.close()


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


def test_the_users_own_peak_is_what_it_would_be(open_session: Open) -> None:
    """Though TensorFlow's is set back before each run."""
    with open_session("a") as a:
        large, small = (tf.reduce_sum(tf.random.uniform([size * MIB // 4])) for size in (16, 4))
        tf.config.experimental.reset_memory_stats("CPU:0")
        level = tf.config.experimental.get_memory_info("CPU:0")["current"]
        a.run(large)
        a.run(small)
        assert tf.config.experimental.get_memory_info("CPU:0") == {"current": level, "peak": about(level + 16 * MIB)}
        tf.config.experimental.reset_memory_stats("CPU:0")
        assert tf.config.experimental.get_memory_info("CPU:0")["peak"] == level


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
        assert "did not come back" not in said


def test_what_did_not_come_back_is_told(open_session: Open) -> None:
    """Something else took memory at the same time."""
    with open_session("a") as a:
        a.run(variable("v", 8 * MIB).initializer)
    kept: list[Any] = []
    close = a.session.close

    def take_and_close() -> None:
        kept.append(tf.zeros([2 * MIB]))
        close()

    a.session.close = take_and_close
    said = closed_message(tfsess_magics.close("a")[0])
    assert "8.0 MiB did not come back: something holds that still, or other code has taken it" in said


ALONE = """
import tensorflow as tf
import tfsess_magics
from tensorflow.python.eager import context
from tfsess_magics import process
v1 = tf.compat.v1
def memory():
    found = tfsess_magics.memory()
    assert found is not None
    return found
"""


def alone(code: str, **environment: str) -> str:
    """Run code in a process of its own."""
    process = subprocess.run(
        [sys.executable, "-c", ALONE + code],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


OPTIONS = """
import os
process.connect().observe()
print(memory().devices[0].unavailable)
with tfsess_magics.session("a", threads={threads}) as a:
    a.run(tf.reduce_sum(tf.random.uniform([1 << 20])))
    print(memory().devices[0].in_use is not None, a.info().last_run.peak.nbytes >> 20)
print(context.context()._context_handle, len(os.listdir("/proc/self/task")))
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 3
)
tf.config.threading.set_inter_op_parallelism_threads(3)
print(len(tf.config.list_logical_devices()))
"""


def test_nothing_is_initialized_before_the_users_code_does() -> None:
    """No device before the first session, whose options take effect, and no eager context of the user's after it."""
    threads = []
    for number in (2, 10):
        before, measured, after, devices = alone(OPTIONS.format(threads=number)).splitlines()
        assert (
            before == "TensorFlow has made no device in this process yet: that takes a session, or an eager operation"
        )
        assert measured == "True 4"
        context, living = after.split()
        assert (context, devices) == ("None", "3")
        threads.append(int(living))
    assert threads[1] - threads[0] == 8


def test_looking_at_a_server_makes_no_device_here() -> None:
    """A session on a server is not of this process: its runs are not measured here, its bytes not held here."""
    said = alone("""
import subprocess, sys
serve = (
    "import sys, tensorflow as tf\\n"
    "print(tf.compat.v1.train.Server.create_local_server().target, flush=True); sys.stdin.read()"
)
server = subprocess.Popen([sys.executable, "-c", serve], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
process.connect().observe()
with tf.Graph().as_default():
    v = v1.get_variable("v", [1 << 20])
    session = v1.Session(server.stdout.readline().strip())
    session.run(v.initializer)
info = tfsess_magics.sessions()[0]
print(memory().devices[0].in_use, info.last_run.memory, info.unmeasured)
session.close()
server.kill()
""")
    assert said == "None () it runs on a server, whose allocators cannot be asked from here\n"


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


def test_without_statistics_the_reason_is_told() -> None:
    """Without oneDNN the allocator of the CPUs counts nothing."""
    said = alone(
        """
with tfsess_magics.session("a") as a:
    a.run(v1.get_variable("v", [1 << 20]).initializer)
    print(a.info().last_run.memory)
from tfsess_magics.core.orders import Describe, carry_out
from tfsess_magics.notebook.display import SessionDetails
(last,) = (line for line in repr(SessionDetails(a.info(), [])).splitlines() if line.startswith("last run"))
print(last)
print(carry_out(Describe(1, a.info().id), process.registry).details.last_run.unavailable)
cpu = memory().devices[0]
print(cpu.in_use, cpu.unavailable)
print([of.nbytes for of in cpu.held])
from tfsess_magics.core.words import closed_message
print(closed_message(tfsess_magics.close("a")[0]))
""",
        TF_ENABLE_ONEDNN_OPTS="0",
    )
    runs, shown, in_panel, device, held, closed = said.splitlines()
    why = (
        "the allocator of the CPUs counts only with oneDNN, which this process is without; TF_ENABLE_ONEDNN_OPTS=1 in "
        "the environment before TensorFlow is imported switches it on"
    )
    assert (runs, in_panel, device) == ("()", why, f"None {why}")
    assert shown.endswith(f", peak not available: {why}")
    assert held == "[4194304]"
    assert "4.0 MiB given back to TensorFlow's allocator (not measured: the allocator of the CPUs" in closed


def test_many_small_variables_are_told_as_uncounted(open_session: Open) -> None:
    before = cpu()
    with open_session("a") as a:
        for index in range(100):
            variable(f"v{index}", 100 * 1024)
        a.run(v1.global_variables_initializer())
        assert a.info().variables_nbytes == 100 * 100 * 1024
    found = cpu()
    assert found.uncounted - before.uncounted == 100 * 100 * 1024
    assert found.other == about(before.other or 0)


def test_unloading_gives_the_users_functions_back() -> None:
    from tensorflow.python.eager import context

    assert hasattr(context.Context.get_memory_info, "__wrapped__")
    tfsess_magics.process.connect().unobserve()
    assert not hasattr(context.Context.get_memory_info, "__wrapped__")
    assert not hasattr(context.Context.reset_memory_stats, "__wrapped__")


def test_values_are_what_they_were(open_session: Open) -> None:
    """No operation is added to any graph."""
    with open_session("a") as a:
        v = variable("v", MIB)
        a.run(v.initializer)
        operations = a.graph.num_operations()
        memory()
        assert a.graph.num_operations() == operations
        np.testing.assert_array_equal(a.run(v), np.zeros(MIB // 4))
