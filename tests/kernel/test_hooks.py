"""What other extensions hook into IPython sees a ``%%tfsession`` cell as it sees an ordinary one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .pair import HEADER, IN_EAGER, IN_SESSION, PLAIN, Pair, require_outside

_EVENTS = """\
ip, log = get_ipython(), []
def told(name, of):
    def note(*infos):
        log.append((name, tf.executing_eagerly(), *(of(info) for info in infos)))
    return note
def of_info(info):
    transformed = info.transformed_cell and info.transformed_cell.startswith(('# header', 'get_ipython().run_cell_magic'))
    return info.raw_cell, info.store_history, info.silent, info.shell_futures, info.cell_id, info.cell_meta, transformed
def of_result(result):
    return of_info(result.info), result.execution_count, result.success, result.result, repr(result.error_in_exec), repr(result.error_before_exec)
hooks = [(name, told(name, of)) for name, of in [
    ('pre_execute', None), ('pre_run_cell', of_info), ('post_execute', None), ('post_run_cell', of_result)]]
for hook in hooks: ip.events.register(*hook)
"""
_NO_EVENTS = "for hook in hooks: ip.events.unregister(*hook)"


@pytest.fixture
def events(pair: Pair) -> Iterator[None]:
    """Have both kernels log the events of every cell."""
    pair.run(_EVENTS)
    yield
    pair.run(_NO_EVENTS)


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize(
    "how", [{}, {"silent": True}, {"store_history": False}, {"cell_id": "c-7"}], ids=["plain", "silent", "no-history", "cell-id"]
)
@pytest.mark.parametrize("body", ["1", "1/0", "await asyncio.sleep(0)\n2", "x = (", ""], ids=["ok", "error", "await", "syntax", "empty"])
def test_events_are_the_same(pair: Pair, body: str, how: dict[str, object]) -> None:
    """Cell events come in the same order, in eager mode, with the same records."""
    for kernel in (pair.plain, pair.session):
        kernel.run("log.clear()", store_history=False)
    pair.run_body(body, **how)
    plain, session = (kernel.value("log[1:]") for kernel in (pair.plain, pair.session))
    assert str(session).replace(HEADER, PLAIN) == str(plain)
    assert any("post_execute" in event for event in session)


def test_pre_run_cell_that_raises(pair: Pair) -> None:
    """A hook that raises is reported, and the body runs in its session all the same."""
    pair.run("def raises(info): raise ValueError('hook')\nget_ipython().events.register('pre_run_cell', raises)")
    outcome = pair.run_body("mark()\n7")
    pair.run("get_ipython().events.unregister('pre_run_cell', raises)")
    assert outcome.result == "7"


def test_hook_that_runs_a_cell(pair: Pair) -> None:
    """A cell that a hook runs is not the body: it is eager; the body is in its session."""
    pair.run("def runs(info):\n    if 'mark' in info.raw_cell: get_ipython().run_cell('hooked = tf.executing_eagerly()', silent=True)")
    pair.run("get_ipython().events.register('pre_run_cell', runs)")
    pair.run_body("mark()\n7")
    pair.run("get_ipython().events.unregister('pre_run_cell', runs)")
    assert pair.run("hooked").result == "True"


_TRANSFORMERS = """\
import ast
class Doubler(ast.NodeTransformer):
    def visit_Constant(self, node):
        return ast.Constant(node.value * 2) if type(node.value) is int else node
doubler, manager = Doubler(), get_ipython().input_transformer_manager
def swap(lines): return [line.replace('€', '21') for line in lines]
def late(lines): return [line.replace('LATE', 'mark()') for line in lines]
get_ipython().ast_transformers.append(doubler)
get_ipython().input_transformers_post.append(swap)
manager.line_transforms.append(late)
"""
_NO_TRANSFORMERS = """\
get_ipython().ast_transformers.remove(doubler)
get_ipython().input_transformers_post.remove(swap)
manager.line_transforms.remove(late)
"""


@pytest.mark.parametrize("body", ["LATE\n€", "await asyncio.sleep(0)\nLATE\n€", "LATE\ny = €\nprint(y)\n1/0"])
def test_user_transformers_work_in_the_body(pair: Pair, body: str) -> None:
    """Input and AST transformers that a user registered do to a body what they do to a cell, once."""
    pair.run(_TRANSFORMERS)
    outcome = pair.run_body(body)
    pair.run(_NO_TRANSFORMERS)
    assert "42" in outcome.text
    for kernel, inside in ((pair.plain, IN_EAGER), (pair.session, IN_SESSION)):
        require_outside(kernel, inside)


def test_ast_transformer_that_rejects(pair: Pair) -> None:
    """InputRejected ends a body before it runs, as it ends a cell."""
    pair.run(
        "import ast\nfrom IPython.core.error import InputRejected\n"
        "class Rejects(ast.NodeTransformer):\n    def visit_Call(self, node): raise InputRejected('no calls')\n"
        "rejects = Rejects(); get_ipython().ast_transformers.append(rejects)"
    )
    for kernel, header in ((pair.plain, PLAIN), (pair.session, HEADER)):
        outcome = kernel.run(f"{header}\nprint(1)")
        assert (outcome.status, outcome.ename, outcome.evalue) == ("error", "InputRejected", "no calls")
        assert "tfsess_magics" not in outcome.traceback
        kernel.run("%reset_selective -f rejects\nget_ipython().ast_transformers.clear;")
    pair.plain.value("get_ipython().ast_transformers.clear()")
    pair.session.value("get_ipython().ast_transformers.clear()")
    pair.require_outside()


@pytest.mark.parametrize("error", ["SyntaxError('odd')", "ValueError('odd')"])
def test_input_transformer_that_raises(pair: Pair, error: str) -> None:
    """An input transformer that raises ends a body as it ends a cell: same error, no frame of ours."""
    pair.run(f"def fails(lines):\n    if any('FAIL' in line for line in lines): raise {error}\n    return lines")
    pair.run("get_ipython().input_transformers_post.append(fails);")
    plain = pair.plain.run(f"{PLAIN}\nFAIL = 1")
    session = pair.session.run(f"{HEADER}\nFAIL = 1")
    pair.run("get_ipython().input_transformers_post.remove(fails)")
    assert (session.status, session.ename, session.evalue) == (plain.status, plain.ename, plain.evalue)
    assert "tfsess_magics" not in session.traceback
    assert session.traceback.splitlines()[-3:] == plain.traceback.splitlines()[-3:]
    pair.require_outside()


def test_custom_exception_handler(pair: Pair) -> None:
    """A handler set with set_custom_exc gets the error of a body with the frames of a cell."""
    pair.run(
        "import traceback\ndef handler(shell, type_, error, tb, tb_offset=None):\n"
        "    print(type_.__name__, [frame.name for frame in traceback.extract_tb(tb)])\n"
        "get_ipython().set_custom_exc((ZeroDivisionError,), handler)"
    )
    outcome = pair.run_body("mark()\n1/0")
    pair.run("get_ipython().set_custom_exc((), None)")
    assert "ZeroDivisionError" in outcome.stream()
