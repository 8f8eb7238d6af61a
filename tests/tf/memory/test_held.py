"""What devices have in use, and which session holds it: true within 1 % or 256 KiB."""

import gc

import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.memory.measuring import MIB, about, alone, cpu, memory, variable

v1 = tf.compat.v1


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
