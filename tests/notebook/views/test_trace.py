"""``--trace`` on cells and ``%tfsession trace``: what is shown, where, and what is said where nothing is."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from IPython.core.error import UsageError
from IPython.utils.capture import capture_output

import tfsess_magics
from tests.notebook.conftest import Notebook
from tfsess_magics.core.trace import Moved
from tfsess_magics.notebook.views.trace import TraceView

BUILD = """%%tfsession train
import tensorflow as tf
v1 = tf.compat.v1
x = tf.square(tf.random.uniform([100, 100]), name="square")
fails = tf.raw_ops.Assert(condition=False, data=["never"], name="fails")"""


@pytest.fixture
def cells(notebook: Notebook) -> Iterator[Notebook]:
    notebook.ok(BUILD)
    yield notebook
    tfsess_magics.process.new_traces()


def test_a_run_of_a_cell_is_traced_and_shown_under_it(cells: Notebook) -> None:
    cell = cells.shell.execution_count
    out = cells.ok("%%tfsession train --trace\nfor _ in range(3): value = x.eval()\nprint('end of the body')").out
    assert out.index("end of the body") < out.index("trace of")
    assert f"train: cell {cell}, run 2 of 3 in that cell" in out
    assert re.search(r"^fetches +square$", out, re.MULTILINE)
    assert re.search(r"^square +Square +CPU:0 +1 +[\d.]+ (µ|m)?s$", out, re.MULTILINE)
    assert re.search(r"^CPU:0 +\d+ +.*\bsquare\b.* +none$", out, re.MULTILINE)
    assert "trace of" not in cells.ok("%%tfsession train\n_ = x.eval()").out


def test_it_is_one_of_the_cells_options_and_not_of_the_session(cells: Notebook) -> None:
    """Also in the cell that opens it."""
    assert "run 1 of 1 in that cell" in cells.ok("%%tfsession other --trace\n_ = tf.constant(1.0).eval()").out
    assert str(tfsess_magics.get("other").options) == ""


@pytest.mark.parametrize("above", ["%%time", "%%capture kept"])
def test_it_works_under_other_magics(cells: Notebook, above: str) -> None:
    out = cells.ok(f"{above}\n%%tfsession train --trace\n_ = x.eval()").out
    if above == "%%capture kept":
        assert "trace of" not in out
        out = repr(cells.ok("[output.obj if hasattr(output, 'obj') else output.data for output in kept.outputs]").value)
    assert "run 1 of 1 in that cell" in out


def test_a_cell_without_a_run_says_so_and_leaves_no_order(cells: Notebook) -> None:
    out = cells.ok("%%tfsession train --trace\n1").out
    assert "--trace: this cell made no trace of a run of 'train'." in out
    assert not tfsess_magics.get("train").info().is_trace_ordered
    assert "trace of" not in cells.ok("%%tfsession train\n_ = x.eval()").out


def test_a_cell_whose_run_fails_says_so(cells: Notebook) -> None:
    outcome = cells.run("%%tfsession train --trace\nfails.run()")
    assert "--trace: A run of 'fails' was not traced: it failed or was stopped (InvalidArgumentError)." in outcome.out
    assert "this cell made no trace of a run of 'train'" in outcome.out
    caught = "try: fails.run()\nexcept tf.errors.OpError: pass"
    out = cells.ok(f"%%tfsession train --trace\n{caught}\n_ = x.eval()").out
    assert "run 2 of 2 in that cell" in out
    assert "--trace:" not in out


def test_an_order_is_for_the_next_run_in_whichever_cell(cells: Notebook) -> None:
    assert "tracing the next run of train" in cells.ok("%tfsession trace train").out
    assert "will be traced" in cells.ok("%tfsession info train").out
    assert "trace of" not in cells.ok("%%tfsession train\n1").out
    cell = cells.shell.execution_count
    out = cells.ok("import tfsess_magics\n_ = tfsess_magics.get('train').run('square:0')").out
    assert f"trace of    train: cell {cell}, run 1 of train" in out
    info = cells.ok("%tfsession info train").out
    assert re.search(rf"^last trace +cell {cell}, run 1 of train: ", info, re.MULTILINE)
    assert "will be traced" not in info


def test_an_order_in_a_cell_is_for_the_run_below_it(cells: Notebook) -> None:
    body = "_ = x.eval()\n%tfsession trace train\n_ = (x + 1).eval()\n_ = x.eval()"
    out = cells.ok(f"%%tfsession train\n{body}").out
    assert out.count("trace of") == 1
    assert "run 2 of train" in out
    assert re.search(r"^fetches +add$", out, re.MULTILINE)


def test_a_session_of_other_code_is_traced_by_its_number(cells: Notebook) -> None:
    cells.ok("other = v1.Session(graph=x.graph)")
    (number,) = [info.name for info in tfsess_magics.sessions() if info.kind is tfsess_magics.Kind.OBSERVED]
    cells.ok(f"%tfsession trace {number}")
    assert f"trace of    {number}: cell" in cells.ok("_ = other.run(x)").out
    cells.ok("other.close()\ndel other")


def test_a_run_of_a_thread_is_shown_with_its_thread(cells: Notebook) -> None:
    body = "import threading\nt = threading.Thread(target=x.eval, kwargs={'session': session}, name='reader')"
    out = cells.ok(f"%%tfsession train --trace\nsession = v1.get_default_session()\n{body}\nt.start()\nt.join()").out
    assert "thread 'reader', run 1 of 1 in that cell" in out


def test_the_last_trace_is_shown_again_and_saved(cells: Notebook, tmp_path: Path) -> None:
    missing = cells.run("%tfsession trace train --show").err
    assert missing == "UsageError: no run of 'train' was traced. To trace its next one: %tfsession trace train\n"
    shown = cells.ok("%%tfsession train --trace\n_ = x.eval()").out
    assert cells.ok("%tfsession trace train --show").out == shown
    file = tmp_path / "a=b.json"
    assert f"to {file}" in cells.ok(f"%tfsession trace train --save {file}").out
    assert json.loads(file.read_text())["traceEvents"]
    assert "was not saved: " in cells.run(f"%tfsession trace train --save={tmp_path}").err


@pytest.mark.parametrize("line", ["", "--show", "train --save", "train again", "train --show FILE", "train --save a b"])
def test_other_words_are_refused(cells: Notebook, line: str) -> None:
    outcome = cells.run(f"%tfsession trace {line}")
    assert isinstance(outcome.error, UsageError)
    assert "usage: %tfsession trace NAME, trace NAME --show or trace NAME --save FILE" in outcome.err


def test_what_has_no_runs_is_refused(cells: Notebook) -> None:
    refused = cells.run("%%tfsession scope --eager --trace\nran = True")
    assert "--trace is for a graph and its runs" in refused.err
    assert tfsess_magics.process.registry.names == ("train",)
    cells.ok("%%tfsession scope --eager\npass")
    assert "'scope' is an eager scope, and has neither" in cells.run("%%tfsession scope --trace\nran = True").err
    assert "cannot trace 'scope'" in cells.run("%tfsession trace scope").err
    assert "--trace is for a cell" in cells.run("%tfsession new another --trace").err
    assert "unknown option --sed" in (said := cells.run("%tfsession new another --sed 3").err)
    assert "--trace" not in said
    assert "ran" not in cells.shell.user_ns


def test_the_html_has_all_of_it_and_a_file(cells: Notebook) -> None:
    """Well-formed, no scripts, a bar with a title for each execution, and Chrome trace JSON behind a link."""
    cells.shell.display_formatter.active_types = ["text/plain", "text/html"]
    with capture_output() as captured:
        cells.shell.run_cell("%%tfsession train --trace\n_ = x.eval()", store_history=True)
    (shown,) = [output.data["text/html"] for output in captured.outputs if "text/html" in output.data]
    root = ET.fromstring(f"<div>{shown}</div>")
    assert not list(root.iter("script"))
    (link,) = root.iter("a")
    assert link.attrib["download"] == "train-trace.json"
    assert link.attrib["href"].startswith("data:application/json;base64,")
    titles = [title.text or "" for title in root.iter("title")]
    assert any(title.startswith("square\nSquare on CPU:0\n") for title in titles)
    trace = tfsess_magics.get("train").info().last_trace
    assert trace is not None
    assert len(titles) == trace.executions


def test_names_are_text_and_never_html(cells: Notebook) -> None:
    cells.ok("%%tfsession train --trace\n_ = x.eval()")
    trace = tfsess_magics.get("train").info().last_trace
    assert trace is not None
    evil = '"><script>alert(1)</script>'
    shown = TraceView(
        replace(
            trace,
            session=evil,
            thread=evil,
            fetches=(evil,),
            slowest=tuple(replace(op, name=evil, type=evil, device=evil) for op in trace.slowest),
            moved=(Moved(operation=evil, asked=evil, device=evil),),
            timeline=tuple(replace(execution, name=evil, type=evil, device=evil) for execution in trace.timeline),
            cuts=(evil,),
        )
    )._repr_html_()
    assert "<script" not in shown
    assert html.escape(evil) in shown
    ET.fromstring(f"<div>{shown}</div>")


def test_nothing_is_traced_once_the_extension_is_unloaded(cells: Notebook) -> None:
    """The order is there still when it is loaded again."""
    cells.ok("%tfsession trace train")
    session = tfsess_magics.get("train")
    tfsess_magics.unload_ipython_extension(cells.shell)
    session.run("square:0")
    assert "trace of" not in cells.ok("1").out
    assert session.info().last_trace is None
    tfsess_magics.load_ipython_extension(cells.shell)
    assert "trace of" in cells.ok("%%tfsession train\n_ = x.eval()").out
