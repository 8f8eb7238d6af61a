"""What other extensions hook into IPython sees a ``%%tfsession`` cell as it sees an ordinary one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .pair import HEADER, PLAIN, Pair, normal

# Line ends at the end are left out: for a text of nothing IPython makes one, below the header one more.
_LOG_EVENTS = """\
ip, log = get_ipython(), []
def told(name, of):
    def note(*infos):
        if not any(quiet(info) for info in infos):
            log.append((name, tf.executing_eagerly(), *(of(info) for info in infos)))
    return note
def quiet(info):
    return not getattr(info, 'info', info).raw_cell
def of_info(i):
    return i.raw_cell, i.transformed_cell.rstrip(), i.store_history, i.silent, i.shell_futures, i.cell_id, i.cell_meta
def of_result(r):
    return of_info(r.info), r.execution_count, r.success, r.result, repr(r.error_in_exec), repr(r.error_before_exec)
hooks = [(name, told(name, of)) for name, of in [
    ('pre_execute', None), ('pre_run_cell', of_info), ('post_execute', None), ('post_run_cell', of_result)]]
for hook in hooks: ip.events.register(*hook)
"""
_BODIES = {
    "ok": "1",
    "error": "1/0",
    "await": "await asyncio.sleep(0)\n2",
    "syntax": "x = (",
    "empty": "",
    "blank": "\n\n",
}
_REQUESTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "silent": {"silent": True},
    "no-history": {"store_history": False},
    "cell-id": {"cell_id": "c-7"},
}


@pytest.fixture
def log_events(pair: Pair) -> Iterator[None]:
    """Have both kernels log the events of every cell."""
    with pair.installed(_LOG_EVENTS, "[ip.events.unregister(*hook) for hook in hooks]"):
        yield


@pytest.mark.usefixtures("log_events")
@pytest.mark.parametrize("request_", _REQUESTS)
@pytest.mark.parametrize("body", _BODIES)
def test_events_are_the_same(pair: Pair, body: str, request_: str) -> None:
    """Cell events come in the same order, in eager mode, with the same records."""
    for kernel in (pair.plain, pair.session):
        kernel.value("log.clear()")
    pair.run_body(_BODIES[body], **_REQUESTS[request_])
    logs = [
        [event for event in kernel.value("log") if event != ("post_execute", True)]
        for kernel in (pair.plain, pair.session)
    ]
    plain, session = ("\n".join(map(normal, map(str, log))) for log in logs)
    assert session == plain
    assert ("pre_execute", True) in logs[1]


def test_pre_run_cell_that_raises(pair: Pair) -> None:
    """A hook that raises is reported, and the body runs in its session all the same."""
    install = "def raises(info): raise ValueError('hook')\nget_ipython().events.register('pre_run_cell', raises)"
    with pair.installed(install, "get_ipython().events.unregister('pre_run_cell', raises)"):
        assert pair.run_body("mark()\n7").result == "7"


def test_hook_that_runs_a_cell(pair: Pair) -> None:
    """A cell that a hook runs is not the body: it is eager; the body is in its session."""
    install = (
        "def runs(info):\n    if 'mark' in info.raw_cell:\n"
        "        get_ipython().run_cell('hooked = tf.executing_eagerly()', silent=True)\n"
        "get_ipython().events.register('pre_run_cell', runs)"
    )
    with pair.installed(install, "get_ipython().events.unregister('pre_run_cell', runs)"):
        pair.run_body("mark()\n7")
    assert pair.run("hooked").result == "True"


_TRANSFORMERS = """\
import ast
class Doubler(ast.NodeTransformer):
    def visit_Constant(self, node):
        return ast.Constant(node.value * 2) if type(node.value) is int else node
def swap(lines): return [line.replace('€', '21') for line in lines]
def early(lines): return [line.replace('EARLY', 'mark()') for line in lines]
get_ipython().input_transformers_post.append(swap)
get_ipython().input_transformers_cleanup.append(early)
get_ipython().ast_transformers.append(Doubler())
"""
_NO_TRANSFORMERS = """[
    get_ipython().input_transformers_post.remove(swap),
    get_ipython().input_transformers_cleanup.remove(early),
    get_ipython().ast_transformers.clear(),
]"""


@pytest.mark.parametrize(
    "body", ["€", "await asyncio.sleep(0)\n€", "y = €\nprint(y)\n1/0"], ids=["sync", "async", "error"]
)
def test_user_transformers_work_in_the_body(pair: Pair, body: str) -> None:
    """Input and AST transformers that a user registered do to a body what they do to a cell, once."""
    with pair.installed(_TRANSFORMERS, _NO_TRANSFORMERS):
        outcome = pair.run_body(f"EARLY  # mark()\n{body}")
    assert "42" in outcome.text


def test_ast_transformer_that_rejects(pair: Pair) -> None:
    """InputRejected ends a body before it runs, as it ends a cell."""
    install = (
        "import ast\nfrom IPython.core.error import InputRejected\n"
        "class Rejects(ast.NodeTransformer):\n    def visit_Call(self, node): raise InputRejected('no calls')\n"
        "get_ipython().ast_transformers.append(Rejects())"
    )
    with pair.installed(install, "get_ipython().ast_transformers.clear()"):
        outcome = pair.run_body("print(1)")
    assert (outcome.status, outcome.ename) == ("error", "InputRejected")
    assert "tfsess_magics" not in outcome.traceback


@pytest.mark.parametrize("error", ["SyntaxError('odd')", "ValueError('odd')"])
def test_input_transformer_that_raises(pair: Pair, error: str) -> None:
    """An input transformer that raises ends a body as it ends a cell: same error, same place, no frame of ours."""
    install = (
        f"def fails(lines):\n    if any('FAIL' in line for line in lines): raise {error}\n    return lines\n"
        "get_ipython().input_transformers_post.append(fails)"
    )
    with pair.installed(install, "get_ipython().input_transformers_post.remove(fails)"):
        plain = pair.plain.run(f"{PLAIN}\nFAIL = 1")
        session = pair.session.run(f"{HEADER}\nFAIL = 1")
    assert (session.status, session.ename, session.evalue) == (plain.status, plain.ename, plain.evalue)
    assert "tfsess_magics" not in session.traceback
    assert session.traceback.splitlines()[-5:] == plain.traceback.splitlines()[-5:]
    pair.require_outside()


def test_custom_exception_handler(pair: Pair) -> None:
    """A handler set with set_custom_exc gets the error of a body with the frames of a cell."""
    install = (
        "import traceback\ndef handler(shell, type_, error, tb, tb_offset=None):\n"
        "    print(type_.__name__, [frame.name for frame in traceback.extract_tb(tb)])\n"
        "get_ipython().set_custom_exc((ZeroDivisionError,), handler)"
    )
    with pair.installed(install, "get_ipython().set_custom_exc((), None)"):
        outcome = pair.run_body("mark()\n1/0")
    assert "ZeroDivisionError" in outcome.stream()
