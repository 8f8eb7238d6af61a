"""Functions that a session's cell defines, and that a library calls when the cell has ended: the note names bind."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from .harness import Kernel
from .outcome import Outcome

PREPARE = """\
import tensorflow as tf, tfsess_magics, ipywidgets, traitlets
v1 = tf.compat.v1
seen = []
class Model(traitlets.HasTraits):
    step = traitlets.Int()
"""
WRAP = "tfsess_magics.bind(function), or @tfsess_magics.bind above def"


@pytest.fixture
def notebook(kernel: Kernel) -> Iterator[Kernel]:
    """A kernel with a session and a tensor in it."""
    for cell in ("%load_ext tfsess_magics", PREPARE, "%%tfsession train\nx = tf.constant(2.0, name='x')"):
        assert kernel.run(cell).status == "ok"
    yield kernel
    assert kernel.run("tfsess_magics.close(*tfsess_magics.process.registry.names)").status == "ok"


def shown(outcome: Outcome) -> str:
    """Return the traceback of the cell, and those that it has shown."""
    errors = [line for one in outcome.outputs if one.type == "error" for line in one.content["traceback"]]
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join([outcome.traceback, *errors]))


EVALUATE = "def show(*_): seen.append(x.eval())"
OBSERVE = "model = Model(); model.observe({}, 'step')"
ANIMATE = """\
import matplotlib; matplotlib.use('agg')
from matplotlib import animation, pyplot
animated = animation.FuncAnimation(pyplot.figure(), {}, frames=1, repeat=False)"""
CASES = [
    pytest.param(EVALUATE, "button = ipywidgets.Button(); button.on_click({})", "button.click()", "ipywidgets"),
    pytest.param(
        EVALUATE, "slider = ipywidgets.IntSlider(); slider.observe({}, 'value')", "slider.value += 1", "traitlets"
    ),
    pytest.param(EVALUATE, OBSERVE, "model.step += 1", "traitlets"),
    pytest.param("def show(*_): seen.append(v1.get_default_session().run(x))", OBSERVE, "model.step += 1", "traitlets"),
    pytest.param("def show(*_): seen.append((x + 0.0).eval())", OBSERVE, "model.step += 1", "traitlets"),
    pytest.param(
        f"{EVALUATE}; return []",
        ANIMATE,
        "_ = animated.to_jshtml(); pyplot.close('all')",
        "matplotlib",
        marks=pytest.mark.needs("matplotlib"),
    ),
]


@pytest.mark.parametrize("elsewhere", ["", "%%tfsession other\ny = tf.constant(1.0)\n"], ids=["ordinary", "other"])
@pytest.mark.parametrize(("define", "give", "call", "library"), CASES)
def test_a_function_that_a_library_calls_later(
    notebook: Kernel, *, define: str, give: str, call: str, library: str, elsewhere: str
) -> None:
    """The note names the library, the function, its cell and its session. Bound in that session it succeeds."""
    defined = notebook.run(f"%%tfsession train\n{define}\n{give.format('show')}")
    assert defined.status == "ok"
    said = shown(notebook.run(elsewhere + call))
    note = (
        f"{library} has called show, which cell {defined.execution_count} has defined, outside of session 'train'. "
        f"To carry the session there, under %%tfsession train: {WRAP}"
    )
    assert f"tfsess_magics: {note}" in said
    assert said.count("tfsess_magics: ") == said.count(note)
    bound = f"{define}\n{give.format('tfsess_magics.bind(show)')}"
    decorated = f"@tfsess_magics.bind\n{define}\n{give.format('show')}"
    for way in (bound, decorated):
        assert notebook.run(f"%%tfsession train\nseen.clear()\n{way}").status == "ok"
        assert "tfsess_magics: " not in shown(notebook.run(elsewhere + call))
        assert set(notebook.value("list(map(float, seen))")) == {2.0}


def test_an_object_that_is_shown_later(notebook: Kernel) -> None:
    """IPython calls its method."""
    shows = "%%tfsession train\nclass Shown:\n    {}\n    def _repr_html_(self): return str(x.eval())\nshown = Shown()"
    assert notebook.run(shows.format("")).status == "ok"
    assert "IPython has called _repr_html_, which cell" in shown(notebook.run("shown"))
    assert notebook.run(shows.format("@tfsess_magics.bind")).status == "ok"
    (data,) = [one.content["data"] for one in notebook.run("shown").outputs if one.type == "execute_result"]
    assert data["text/html"] == "2.0"


def test_a_call_by_a_cell_is_no_callback(notebook: Kernel) -> None:
    """The cell belongs into the session; so does one with a function of its own that a library calls."""
    assert notebook.run(f"%%tfsession train\n{EVALUATE}").status == "ok"
    here = "Put the cell in it: %%tfsession train"
    assert here in shown(notebook.run("show()"))
    assert here in shown(notebook.run("%%time\nshow()"))
    assert here in shown(notebook.run("model = Model(); model.observe(lambda _: x.eval(), 'step'); model.step += 1"))


def test_a_thread_of_a_pool(notebook: Kernel) -> None:
    """The cell that asks for the result is not to blame."""
    assert notebook.run(f"%%tfsession train\n{EVALUATE}").status == "ok"
    assert notebook.run("from concurrent.futures import ThreadPoolExecutor").status == "ok"
    submit = "with ThreadPoolExecutor(1) as pool: pool.submit({}).result()"
    assert "concurrent.futures.thread has called show, which" in shown(notebook.run(submit.format("show")))
    bound = "%%tfsession train\nshow = tfsess_magics.bind(show)"
    assert notebook.run(bound).status == "ok"
    assert notebook.run(submit.format("show")).status == "ok"


def test_another_error_of_a_callback(notebook: Kernel) -> None:
    """It has nothing to do with sessions."""
    assert notebook.run("%%tfsession train\nmodel = Model(); model.observe(lambda _: 1 / 0, 'step')").status == "ok"
    said = shown(notebook.run("model.step += 1"))
    assert "ZeroDivisionError" in said
    assert "tfsess_magics: " not in said


def test_a_tensor_from_before_a_reset(notebook: Kernel) -> None:
    """It is gone from the session, and to bind the function would not help."""
    assert notebook.run(f"%%tfsession train\n{EVALUATE}\nmodel = Model(); model.observe(show, 'step')").status == "ok"
    assert notebook.run("%tfsession reset train").status == "ok"
    said = shown(notebook.run("model.step += 1"))
    assert "has called show" not in said
    assert "was made before the reset of 'train'" in said
    assert "Build it again: %%tfsession train" in said


def test_the_session_has_another_name_by_now(notebook: Kernel) -> None:
    """The note has that one; of a session that is closed it says nothing."""
    assert notebook.run(f"%%tfsession train\n{EVALUATE}\nmodel = Model(); model.observe(show, 'step')").status == "ok"
    assert notebook.run("%tfsession rename train trained").status == "ok"
    assert "outside of session 'trained'" in shown(notebook.run("model.step += 1"))
    assert notebook.run("%tfsession close trained").status == "ok"
    assert "has called show" not in shown(notebook.run("model.step += 1"))
