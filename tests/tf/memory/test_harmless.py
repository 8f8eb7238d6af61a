"""Nothing is initialized to find out, TensorFlow's own figures stay the user's, and what is not known is said to be."""

import numpy as np
import tensorflow as tf

import tfsess_magics
from tests.server import serving
from tests.tf.conftest import Open
from tests.tf.memory.measuring import MIB, about, alone, memory, variable

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


def test_nothing_is_initialized_before_the_users_code_does() -> None:
    """No device before the first session, whose options take effect, and no eager context of the user's after it."""
    threads = []
    for number in (2, 10):
        before, measured, after, devices = alone(OPTIONS.format(threads=number)).splitlines()
        assert (
            before
            == "TensorFlow opens its devices with the first session or eager operation, and this process has had none"
        )
        assert measured == "True 4"
        context, living = after.split()
        assert (context, devices) == ("None", "3")
        threads.append(int(living))
    assert threads[1] - threads[0] == 8


def test_looking_at_a_server_makes_no_device_here() -> None:
    """A session on a server is not of this process: its runs are not measured here, its bytes not held here."""
    with serving() as (_, target):
        said = alone(f"""
process.connect().observe()
with tf.Graph().as_default():
    v = v1.get_variable("v", [1 << 20])
    session = v1.Session({target!r})
    session.run(v.initializer)
info = tfsess_magics.sessions()[0]
print(memory().devices[0].in_use, info.last_run.memory, info.unmeasured)
session.close()
""")
    assert said == "None () it runs on a server, whose allocators cannot be asked from here\n"


def test_without_statistics_the_reason_is_told() -> None:
    """Without oneDNN the allocator of the CPUs counts nothing."""
    said = alone(
        """
with tfsess_magics.session("a") as a:
    a.run(v1.get_variable("v", [1 << 20]).initializer)
    print(a.info().last_run.memory)
from tfsess_magics.core.orders import Describe, carry_out
from tfsess_magics.notebook.views.sessions import SessionDetails
(last,) = (line for line in repr(SessionDetails(a.info(), [])).splitlines() if line.startswith("last run"))
print(last)
print(carry_out(Describe(1, a.info().id), process.registry).details.last_run.unavailable)
cpu = memory().devices[0]
print(cpu.in_use, cpu.unavailable)
print([of.nbytes for of in cpu.held])
from tfsess_magics.core.text import closed_message
print(closed_message(tfsess_magics.close("a")[0]))
""",
        TF_ENABLE_ONEDNN_OPTS="0",
    )
    runs, shown, in_panel, device, held, closed = said.splitlines()
    why = (
        "TensorFlow counts the memory of CPUs only with oneDNN, which is off in this process. To switch it on, set "
        "TF_ENABLE_ONEDNN_OPTS=1 in the environment before TensorFlow is imported"
    )
    assert (runs, in_panel, device) == ("()", why, f"None {why}")
    assert shown.endswith(f", peak not available: {why}")
    assert held == "[4194304]"
    assert "4.0 MiB given back to TensorFlow's allocator (not measured: TensorFlow counts the memory of CPUs" in closed


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
