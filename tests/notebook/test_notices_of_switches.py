"""What any cell does to the whole process, its switches and GPU options, is said once."""

import re
import subprocess
import sys
from collections.abc import Iterable

SHELL = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell(config=config)
shell.run_line_magic("load_ext", "tfsess_magics")
for cell in sys.argv[1:]:
    print("cell")
    shell.run_cell(cell)
"""
HOLDS = "That holds for the whole process, and until the kernel is restarted"
PREPARE = "import tensorflow as tf; v1 = tf.compat.v1"


def said_after(cells: Iterable[str], word: str = HOLDS) -> list[list[str]]:
    """Run cells in a process of its own and return what each printed with that `word`: TensorFlow prints too."""
    run = subprocess.run([sys.executable, "-c", SHELL, *cells], capture_output=True, text=True, check=True)
    parts = run.stdout.split("cell\n")[1:]
    return [[line for line in part.splitlines() if word in line] for part in parts]


def test_a_switch_for_the_whole_process_is_said_once() -> None:
    """After the cell that threw it, with what it means; one line."""
    switches = {
        "v1.disable_eager_execution()": "disable_eager_execution was called: new threads are in graph mode",
        "v1.disable_resource_variables()": "disable_resource_variables was called: get_variable makes reference",
        "v1.disable_control_flow_v2()": "disable_control_flow_v2 was called: cond and while_loop build",
        "v1.disable_v2_tensorshape()": "disable_v2_tensorshape was called: the elements of a shape are Dimension",
        "v1.mixed_precision.enable_mixed_precision_graph_rewrite(v1.train.GradientDescentOptimizer(0.1))": (
            "enable_mixed_precision_graph_rewrite was called: sessions that are made from now on rewrite"
        ),
    }
    prepared, *said = said_after([PREPARE, *(f"x = {call}" for call in switches), "x = 1"])
    assert prepared == []
    assert said.pop() == []
    for lines, start in zip(said, switches.values(), strict=True):
        (line,) = lines
        assert line.startswith(start)


def test_a_switch_that_throws_others_is_said_alone() -> None:
    """Also in a session's cell, and not again after the next one."""
    header = "%%tfsession a\n"
    prepared, said, *after = said_after([PREPARE, f"{header}v1.disable_v2_behavior()", f"{header}x = 1", "x = 1"])
    assert [line.split(":")[0] for line in said] == ["disable_v2_behavior was called"]
    assert [prepared, *after] == [[], [], []]


GPU = """
class FakeGPU:
    '''Stands in for what TensorFlow lists where there is a GPU, which no machine of these tests has.'''
    name, device_type = "/physical_device:GPU:0", "GPU"
tf.config.list_physical_devices = lambda kind: [FakeGPU()] if kind == "GPU" else []
"""


def test_gpu_options_of_other_codes_sessions_that_come_too_late() -> None:
    """Said once for each place: not of the process's first session, nor of what asks for nothing."""
    config = "v1.ConfigProto(gpu_options=v1.GPUOptions(per_process_gpu_memory_fraction=0.5))"
    prepared, first, said, *after = said_after(
        [
            f"{PREPARE}{GPU}def make(): return v1.Session(graph=tf.Graph(), config={config})",
            "s = make()",
            "s = make(); t = make()",
            "s = v1.Session(graph=tf.Graph())",
            "s = v1.InteractiveSession(graph=tf.Graph()); s.close()",
        ],
        "GPU options",
    )
    assert [prepared, first, *after] == [[], [], [], []]
    (line,) = said
    assert re.fullmatch(
        r"#\d+, a session made by cell \d+: GPU options \(per_process_gpu_memory_fraction: 0\.5\) were asked for, but "
        r"TensorFlow reads them once per process, .*",
        line,
    )


def test_gpu_options_are_not_told_of_where_there_is_no_gpu() -> None:
    """They mean nothing there."""
    make = "s = v1.Session(graph=tf.Graph(), config=v1.ConfigProto(gpu_options=v1.GPUOptions(allow_growth=True)))"
    assert said_after([PREPARE, make, make], "GPU options") == [[], [], []]
