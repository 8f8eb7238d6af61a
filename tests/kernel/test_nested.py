"""``%%tfsession`` cells within other cells, and below other magics."""

from __future__ import annotations

import re

import pytest

from .harness import Kernel
from .pair import HEADER, IN_EAGER, IN_SESSION, PLAIN, Pair, require_outside

_GRAPH = "tf.compat.v1.get_default_graph() is __import__('tfsess_magics').get({!r}).graph"
_OUTER, _INNER = _GRAPH.format("outer"), _GRAPH.format("inner")


def test_session_cell_within_a_session_cell(kernel: Kernel) -> None:
    """run_cell of a ``%%tfsession`` cell runs in that session, and the body goes on in its own."""
    body = (
        f"a = {_OUTER}\nget_ipython().run_cell('''%%tfsession inner\\nb = {_INNER}\\nmark()''');\nc = {_OUTER}\nmark()"
    )
    assert kernel.run(f"%%tfsession outer\n{body}").status == "ok"
    assert kernel.value("a, b, c") == (True, True, True)
    require_outside(kernel, IN_SESSION)


def test_session_cell_that_fails_within_a_session_cell(kernel: Kernel) -> None:
    """Its error is shown, and the outer body goes on in its own session."""
    body = f"r = get_ipython().run_cell('%%tfsession inner\\n1/0')\nc = {_OUTER}\nmark()\nr.success"
    outcome = kernel.run(f"%%tfsession outer\n{body}")
    assert (outcome.status, outcome.result) == ("ok", "False")
    assert "tfsess_magics" not in outcome.text
    assert kernel.value("c") is True
    require_outside(kernel, IN_SESSION)


_NOTEBOOK = """\
import nbformat
from nbformat.v4 import new_code_cell, new_notebook
sources = ["x.append((tf.executing_eagerly(), {outer}))"]
sources += ["%%tfsession inner\\nx.append({inner})", "x.append(tf.executing_eagerly())"]
nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), 'sessions.ipynb')
"""


def test_run_of_a_notebook_with_a_session_cell(kernel: Kernel) -> None:
    """``%run`` of a notebook enters its sessions for their cells only; other cells run where ``%run`` stands."""
    assert kernel.run("%%tfsession outer\n").status == "ok"
    assert kernel.run(_NOTEBOOK.format(outer=_OUTER, inner=_INNER)).status == "ok"
    kernel.run("x = []\n%run sessions.ipynb")
    assert kernel.value("x") == [(True, False), True, True]
    assert kernel.run("%%tfsession outer\nx = []\n%run sessions.ipynb\nmark()").status == "ok"
    assert kernel.value("x") == [(False, True), True, False]
    require_outside(kernel, IN_SESSION)


@pytest.mark.parametrize("body", ["mark()\n6 * 7", "[mark(), 42][1]"])
def test_run_cell_magic(kernel: Kernel, body: str) -> None:
    """``run_cell_magic('tfsession', ...)`` runs the body in the session and returns its last value."""
    outcome = kernel.run(f"value = get_ipython().run_cell_magic('tfsession', 'outer', {body!r})\nvalue")
    assert outcome.result == "42"
    require_outside(kernel, IN_SESSION)


def test_run_cell_magic_raises_where_it_is_called(kernel: Kernel) -> None:
    """What the body raises, a caller of ``run_cell_magic`` can catch."""
    call = "get_ipython().run_cell_magic('tfsession', 'outer', 'mark()\\n1/0')"
    code = f"try:\n    {call}\nexcept ZeroDivisionError:\n    'caught'"
    assert kernel.run(code).status == "ok"
    require_outside(kernel, IN_SESSION)


@pytest.mark.parametrize("body", ["mark()\n\n1/0", "mark()\nraise KeyboardInterrupt"], ids=["error", "interrupt"])
def test_error_under_time(pair: Pair, body: str) -> None:
    """Below ``%%time`` an error keeps its line and its times, and has no frame of ours."""
    outcomes = [
        kernel.run(f"%%time\n{header}\n{body}") for kernel, header in ((pair.plain, PLAIN), (pair.session, HEADER))
    ]
    (plain_line, plain), (session_line, session) = (
        (re.findall(r"<timed exec>:\d+", outcome.traceback)[-1], outcome) for outcome in outcomes
    )
    assert (
        (session.status, session.ename, session.evalue) == (plain.status, plain.ename, plain.evalue) != ("ok", "", "")
    )
    assert "tfsess_magics" not in session.traceback
    assert "Wall time" in session.stream()
    pair.require_outside(marked=True)
    assert session_line == plain_line


def test_failing_run_shows_no_frame_of_ours(kernel: Kernel) -> None:
    """A run that fails in TensorFlow shows TensorFlow's frames and the body's line, and none of ours."""
    body = "x = tf.compat.v1.placeholder(tf.float32, name='x')\nmark()\ntf.compat.v1.get_default_session().run(x)"
    outcome = kernel.run(f"%%tfsession outer\n{body}")
    assert outcome.ename == "InvalidArgumentError"
    assert "line 4" in outcome.traceback
    assert "tfsess_magics" not in outcome.traceback
    require_outside(kernel, IN_SESSION)


def test_graph_left_entered_by_a_body(kernel: Kernel) -> None:
    """A body that leaves a graph and a session entered leaves the next cells eager."""
    body = "g = tf.Graph().as_default(); g.__enter__()\ns = tf.compat.v1.InteractiveSession()\nmark()"
    assert kernel.run(f"%%tfsession outer\n{body}").status == "ok"
    require_outside(kernel, IN_SESSION)
    kernel.run("mark()")
    require_outside(kernel, IN_EAGER)
