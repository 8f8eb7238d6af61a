"""The default summary writer and step that a session's cell sets are that session's."""

import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import tensorflow as tf

from tests.notebook.conftest import Notebook

STATE = "(state.writer, state.step)"
NOTHING = (None, None)


@pytest.fixture
def summaries(tf_notebook: Notebook, tmp_path: Path) -> Iterator[Notebook]:
    """A notebook that can look at the defaults, and sets none."""
    tf_notebook.ok(
        f"from tensorflow.python.ops.summary_ops_v2 import _summary_state as state\nfolder = {str(tmp_path)!r}"
    )
    assert tf_notebook.ok(STATE).value == NOTHING
    yield tf_notebook
    tf_notebook.run("state.writer = state.step = None; 1 / 0")


MAKE = "writer = tf.summary.create_file_writer(folder)\nwriter.set_as_default()\ntf.summary.experimental.set_step(5)\n"
STAY = (
    "set the default summary writer and step; they stay those of {!r} for its next cell, the notebook's are unchanged\n"
)


@pytest.mark.parametrize("header", ["%%tfsession train", "%%tfsession train --eager"])
def test_they_stay_with_the_session(summaries: Notebook, header: str) -> None:
    """Its next cell finds them, ordinary cells and other sessions do not. The line is said once."""
    cell = summaries.shell.execution_count
    assert STAY.format("train") in summaries.ok(f"{header}\n{MAKE}").out.replace(f"cell {cell} ", "")
    assert summaries.ok(STATE).value == NOTHING
    assert summaries.ok(f"%%tfsession other\n{STATE}").value == NOTHING
    assert (
        "summary"
        not in summaries.ok("%%tfsession train\nwas = writer is state.writer, tf.summary.experimental.get_step()").out
    )
    assert summaries.ok("was").value == (True, 5)
    assert "summary" not in summaries.ok("%%tfsession train\ntf.summary.experimental.set_step(600)").out
    assert summaries.ok("%%tfsession train\nstate.step").value == 600
    assert summaries.ok(STATE).value == NOTHING
    summaries.ok("%tfsession reset train")
    assert summaries.ok(f"%%tfsession train\n{STATE}").value == NOTHING


def test_what_is_written_in_a_later_cell_is_in_the_file(summaries: Notebook, tmp_path: Path) -> None:
    summaries.ok(f"%%tfsession train\n{MAKE}writer.init().run()")
    summaries.ok(
        "%%tfsession train\nrun = v1.get_default_session().run\n"
        "run(tf.summary.write('loss', tf.constant(0.5))); run(writer.flush()); run(writer.close())"
    )
    (file,) = tmp_path.iterdir()
    events = list(tf.compat.v1.train.summary_iterator(str(file)))
    assert [(event.step, value.tag) for event in events for value in event.summary.value] == [(5, "loss")]


def test_a_graph_that_the_body_makes_keeps_them(summaries: Notebook) -> None:
    """As code does that begins with a reset."""
    summaries.ok("%%tfsession train\nx = tf.constant(1.0)")
    summaries.ok(f"%%tfsession train\nv1.reset_default_graph()\n{MAKE}")
    assert summaries.ok(
        "%%tfsession train\nstate.writer is writer, state.writer._resource.graph is v1.get_default_graph()"
    ).value == (True, True)


def test_those_of_the_notebook_hold_inside_and_stay(summaries: Notebook) -> None:
    """A cell that sets its own changes nothing of them."""
    summaries.ok(
        "ours = tf.summary.create_file_writer(folder); ours.set_as_default(); tf.summary.experimental.set_step(1)"
    )
    assert summaries.ok("%%tfsession train\nstate.writer is ours, state.step").value == (True, 1)
    said = summaries.ok("%%tfsession train\ntf.summary.experimental.set_step(2)").out
    assert (
        "set the default summary step; it stays that of 'train' for its next cell, the notebook's is unchanged" in said
    )
    assert summaries.ok("state.writer is ours, state.step").value == (True, 1)


def test_a_cell_that_fails_or_waits_leaves_them(summaries: Notebook) -> None:
    """In what an ordinary task does meanwhile, and after an error."""
    summaries.run(f"%%tfsession train\n{MAKE}1 / 0")
    assert summaries.ok(STATE).value == NOTHING
    summaries.ok(
        "%%tfsession other\nimport asyncio\nseen = []\n"
        "async def look(): seen.append(state.step)\n"
        "tf.summary.experimental.set_step(7)\nloop = asyncio.get_running_loop()\n"
        "loop.call_soon(lambda: seen.append(state.step))\nawait asyncio.sleep(0.01)\nseen.append(state.step)"
    )
    assert summaries.ok("seen").value == [None, 7]


def test_a_context_manager_is_no_default_that_is_set(summaries: Notebook) -> None:
    """Nothing is said, nothing is kept."""
    said = summaries.ok("%%tfsession train\nwith tf.summary.create_file_writer(folder).as_default(step=3): pass").out
    assert "summary" not in said
    assert summaries.ok(f"%%tfsession train\n{STATE}").value == NOTHING


def test_in_a_block_and_in_a_thread(summaries: Notebook) -> None:
    """The block warns, and a thread keeps what it had."""
    summaries.ok("import tfsess_magics\nsession = tfsess_magics.session('train')")
    session = summaries.shell.user_ns["session"]
    state = summaries.shell.user_ns["state"]
    seen = []

    def work() -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with session:
                tf.summary.experimental.set_step(9)
            seen.extend([str(caught[0].message), state.step])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    said, step = seen
    assert said == (
        "a with block set the default summary step; it stays that of 'train' for its next cell, the notebook's is "
        "unchanged"
    )
    assert step is None
    assert summaries.ok("%%tfsession train\nstate.step").value == 9
