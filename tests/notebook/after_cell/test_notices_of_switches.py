"""What any cell does to the whole process, its switches and GPU options, is said once."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.forks import run

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
    shell.run_cell(cell, store_history=True)
"""
HOLDS = "That holds for the whole process, and until the kernel is restarted"
PREPARE = "import tensorflow as tf; v1 = tf.compat.v1"


def said_after(cells: Iterable[str], word: str = HOLDS) -> list[list[str]]:
    """Run cells in a process of its own and return what each printed with that `word`: TensorFlow prints too."""
    done = run(SHELL, *cells)
    assert done.returncode == 0, done.stderr
    parts = done.stdout.split("cell\n")[1:]
    return [[line for line in part.splitlines() if word in line] for part in parts]


def test_a_switch_for_the_whole_process_is_said_once() -> None:
    """After the cell that threw it, with who did and what it means; one line."""
    switches = {
        "v1.disable_eager_execution()": "cell {cell}, line 1 called disable_eager_execution: new threads are",
        "v1.disable_resource_variables()": "cell {cell}, line 1 called disable_resource_variables: get_variable makes",
        "v1.disable_control_flow_v2()": "cell {cell}, line 1 called disable_control_flow_v2: cond and while_loop",
        "v1.disable_v2_tensorshape()": "cell {cell}, line 1 called disable_v2_tensorshape: the elements of a",
        "v1.mixed_precision.enable_mixed_precision_graph_rewrite(v1.train.GradientDescentOptimizer(0.1))": (
            "enable_mixed_precision_graph_rewrite was called: sessions that are made from now on rewrite"
        ),
    }
    prepared, *said = said_after([PREPARE, *(f"x = {call}" for call in switches), "x = 1"])
    assert prepared == []
    assert said.pop() == []
    for cell, (lines, start) in enumerate(zip(said, switches.values(), strict=True), 2):
        (line,) = lines
        assert line.startswith(start.format(cell=cell))


def test_a_module_that_throws_a_switch_is_named(tmp_path: Path) -> None:
    """With the line, also where the module has its own name for the switch. Other callers are not named."""
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "__init__.py").touch()
    (tmp_path / "nets" / "legacy.py").write_text(
        "from tensorflow.compat.v1 import disable_v2_behavior as begin\n\ndef prepare():\n    begin()\n"
    )
    import_it = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfrom nets import legacy"
    prepared, there_and_back, said, *after = said_after(
        [
            f"{PREPARE}\n{import_it}",
            "v1.disable_v2_behavior(); v1.enable_v2_behavior()",
            "%%tfsession a\nlegacy.prepare()",
            "legacy.prepare()",
        ]
    )
    (line,) = said
    assert line.startswith("nets.legacy.prepare (nets/legacy.py:4) called disable_v2_behavior: TensorFlow works as")
    assert [prepared, there_and_back, *after] == [[], [], []]


def test_a_switch_that_was_thrown_where_nobody_saw_it_is_said_without_a_name() -> None:
    """As where its function is replaced by another of the same effect."""
    throw = "from tensorflow.python.eager import context; context.default_execution_mode = context.GRAPH_MODE"
    _, (line,) = said_after([PREPARE, throw])
    assert line.startswith("disable_eager_execution was called: new threads are in graph mode")


def test_a_switch_that_throws_others_is_said_alone() -> None:
    """Also in a session's cell, and not again after the next one."""
    header = "%%tfsession a\n"
    prepared, said, *after = said_after([PREPARE, f"{header}v1.disable_v2_behavior()", f"{header}x = 1", "x = 1"])
    assert [line.split(":")[0] for line in said] == ["cell 2, line 2 called disable_v2_behavior"]
    assert [prepared, *after] == [[], [], []]


BACK = "To set it back: "


def test_a_setting_for_the_whole_process_is_said_once_with_the_way_back() -> None:
    """Under a session's cell too, which leaves it as it is."""
    prepared, run_eagerly, floatx, others, after = said_after(
        [
            f"{PREPARE}; import keras",
            "%%tfsession a\ntf.config.run_functions_eagerly(True)",
            "%%tfsession a\nkeras.backend.set_floatx('float64')",
            "keras.backend.set_epsilon(1e-3); keras.backend.set_image_data_format('channels_first')",
            "x = 1",
        ],
        BACK,
    )
    assert [line.split(": ")[0] for line in run_eagerly] == ["tf.config.run_functions_eagerly(True) was called"]
    assert [line.split(". ")[0] for line in floatx] == ["floatx of keras is 'float64'"]
    assert [line.split(". ")[0] for line in others] == [
        "epsilon of keras is 0.001",
        "image_data_format of keras is 'channels_first'",
    ]
    assert (prepared, after) == ([], [])
    ways = [line.partition(BACK)[2] for line in (*run_eagerly, *floatx, *others)]
    set_all = "tf.config.run_functions_eagerly(True); keras.backend.set_floatx('float64')"
    look = (
        "print('as at first', tf.config.functions_run_eagerly(), keras.backend.floatx(), keras.backend.epsilon(), "
        "keras.backend.image_data_format())"
    )
    *_, values = said_after([f"{PREPARE}; import keras", set_all, *ways, look], "as at first")
    assert values == ["as at first False float32 1e-07 channels_last"]


def test_a_setting_that_comes_again_is_said_again() -> None:
    """It was set back in between."""
    throw = "tf.config.run_functions_eagerly({})".format
    assert list(map(len, said_after([PREPARE, throw(True), throw(False), throw(True)], BACK))) == [0, 1, 0, 1]


@pytest.mark.needs("tf_keras")
def test_a_setting_of_tf_keras_is_its_own() -> None:
    """That of Keras 3 is another."""
    _, (line,), after = said_after(
        [f"{PREPARE}; import tf_keras", "tf_keras.backend.set_floatx('float16')", "import keras"], BACK
    )
    assert line.startswith("floatx of tf_keras is 'float16'. ")
    assert line.endswith("import tf_keras; tf_keras.backend.set_floatx('float32')")
    assert after == []


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


def test_gpu_options_of_a_named_session_that_come_too_late() -> None:
    """Said at creation: before the body, and not again."""
    config = "--config v1.ConfigProto(gpu_options=v1.GPUOptions(per_process_gpu_memory_fraction=0.5))"
    body = "print('body: GPU options')"
    prepared, said, after = said_after(
        [f"{PREPARE}{GPU}first = tf.constant(1)", f"%%tfsession a {config}\n{body}", f"%%tfsession a\n{body}"],
        "GPU options",
    )
    assert [prepared, after] == [[], ["body: GPU options"]]
    start = "a: GPU options (per_process_gpu_memory_fraction: 0.5) were asked for, but TensorFlow reads them once per"
    assert [line[: len(start)] for line in said] == [start, "body: GPU options"]


def test_gpu_options_are_not_told_of_where_there_is_no_gpu() -> None:
    """They mean nothing there."""
    make = "s = v1.Session(graph=tf.Graph(), config=v1.ConfigProto(gpu_options=v1.GPUOptions(allow_growth=True)))"
    assert said_after([PREPARE, make, make], "GPU options") == [[], [], []]
