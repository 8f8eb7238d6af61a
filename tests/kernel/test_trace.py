"""A traced run is an output of the cell in which it took place, as text and as HTML with a timeline."""

from __future__ import annotations

from .harness import Kernel

BUILD = """%%tfsession train
import tensorflow as tf
x = tf.square(tf.random.uniform([100]), name="square")"""


def test_a_trace_is_an_output_of_its_cell(kernel: Kernel) -> None:
    assert kernel.run("%load_ext tfsess_magics").status == "ok"
    assert kernel.run(BUILD).status == "ok"
    for header in ("%%tfsession train --trace\n", "%%time\n%%tfsession train --trace\n"):
        (shown,) = kernel.run(f"{header}_ = x.eval()").displayed
        assert "run 1 of 1 in that cell" in shown["text/plain"]
        assert "<svg" in shown["text/html"]
        assert 'href="data:application/json;base64,' in shown["text/html"]
    assert kernel.run("%%tfsession train\n_ = x.eval()").displayed == ()
    assert kernel.run("%tfsession trace train").status == "ok"
    assert kernel.run("import tfsess_magics; tfsess_magics.get('train').run('square:0')", silent=True).displayed == ()
    (shown,) = kernel.run("1").displayed
    assert "run 4 of train" in shown["text/plain"]
    assert kernel.run("%tfsession close train").status == "ok"
