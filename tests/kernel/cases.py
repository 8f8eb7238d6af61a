"""Bodies that have to do the same in a session as in an ordinary cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """A body, what is run around it, and what it must come to in both cells alike.

    A body that calls ``mark()`` has to have run inside the session.
    """

    id: str
    body: str
    before: tuple[str, ...] = ()
    """Ordinary cells to run first."""
    after: tuple[str, ...] = ()
    """Ordinary cells that look at what is left."""
    ename: str = ""
    """The error it has to end with, none for a success."""
    shows: str = ""
    """What has to be seen in its output or traceback."""
    at_line: int = 0
    """The line of the cell at which it has to fail, 0 where it does not, or where that is not looked at."""
    needs: tuple[str, ...] = ()
    """As the mark `needs` takes it."""
    how: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of `Pair.run_body`."""


_LOOP = """\
class Letters:
    def __init__(self, text):
        self.rest = list(text)
    def __aiter__(self):
        return self
    async def __anext__(self):
        await asyncio.sleep(0)
        if not self.rest:
            raise StopAsyncIteration
        return self.rest.pop(0)
"""
_CHAIN = """\
def inner():
    mark()
    return {}['missing']
def outer():
    try:
        inner()
    except KeyError as error:
        raise ValueError('outer') from error
outer()
"""
_NOTEBOOK = """\
import nbformat
from nbformat.v4 import new_code_cell, new_notebook
nbformat.write(new_notebook(cells=[new_code_cell({!r}), new_code_cell({!r})]), 'other.ipynb')
"""
_ALL = "get_ipython().ast_node_interactivity = {!r}"

CASES = (
    # what a cell displays
    Case("last-expression", "mark()\n20 + 22", after=("_, Out[max(Out)], _oh[max(_oh)]", "__"), shows="42"),
    Case("semicolon", "mark()\n20 + 22;", after=("_", "sorted(Out) == sorted(_oh), max(Out)")),
    Case("assignment", "mark()\nx = 7", after=("x",)),
    Case(
        "interactivity-all",
        "1\nmark()\n2\n3",
        before=(_ALL.format("all"),),
        after=(_ALL.format("last_expr"),),
        shows="2",
    ),
    Case(
        "interactivity-assignment",
        "mark()\ny = 43",
        before=(_ALL.format("last_expr_or_assign"),),
        after=(_ALL.format("last_expr"),),
        shows="43",
    ),
    Case(
        "html",
        "from IPython.display import HTML, display\nmark()\ndisplay(HTML('<b>1</b>'))\nHTML('<i>2</i>')",
        shows="<b>1",
    ),
    Case("update-display", "mark()\nh = display('a', display_id='same')\nh.update('b')", shows="b"),
    Case(
        "clear-output", "from IPython.display import clear_output\nmark()\nprint(1)\nclear_output(wait=True)\nprint(2)"
    ),
    Case(
        "figure",
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nmark()\nplt.plot([1, 2]);",
        shows="image/png",
        needs=("matplotlib",),
    ),
    Case(
        "figure-object",
        "import matplotlib.pyplot as plt\nmark()\nfig, ax = plt.subplots(figsize=(1, 1))\nax.plot([1, 3])\nfig",
        shows="image/png",
        needs=("matplotlib",),
    ),
    Case(
        "repr-raises",
        "mark()\nclass Bad:\n    def __repr__(self): raise ValueError('no repr')\nBad()",
        ename="NoneType",
        shows="no repr",
        needs=("IPython>=9",),
    ),
    Case(
        "displayhook-error",
        "mark()\nclass Half:\n    def _repr_html_(self): return 1/0\nHalf()",
        ename="NoneType",
        shows="ZeroDivisionError",
        needs=("IPython>=9",),
    ),
    # streams
    Case(
        "streams",
        "import sys\nmark()\nprint('a', flush=True)\nprint('b', file=sys.stderr, flush=True)\nprint('c', flush=True)",
        shows="a\nc",
    ),
    Case("no-newline-at-end", "mark()\nprint('a', end='')"),
    Case("warning", "import warnings\nmark()\nwarnings.warn('careful')", shows="careful"),
    Case("logging", "import logging\nmark()\nlogging.getLogger('some').warning('careful')", shows="careful"),
    Case("input", "mark()\nname = input('who? ')\nprint(name)\nname * 2", how={"answers": ["ann"]}, shows="annann"),
    Case("getpass", "import getpass\nmark()\ngetpass.getpass('key: ')", how={"answers": ["k"]}, shows="k"),
    # async
    Case("await", "mark()\nv = await asyncio.sleep(0, 5)\nmark()\nv", shows="5"),
    Case("await-first", "await asyncio.sleep(0.01, 'x')\nmark()", after=("_",)),
    Case("async-for", _LOOP + "mark()\nasync for letter in Letters('ab'):\n    print(letter)\nmark()", shows="a\nb"),
    Case(
        "async-with",
        "async with asyncio.timeout(5) as t:\n    mark()\n    await asyncio.sleep(0)\n    mark()\nt.expired()",
    ),
    Case("await-raises", "await asyncio.sleep(0)\nmark()\n1/0", ename="ZeroDivisionError", at_line=4),
    Case("await-cancelled", "mark()\nraise asyncio.CancelledError('why')", ename="CancelledError"),
    Case("await-timeout", "mark()\nawait asyncio.wait_for(asyncio.Event().wait(), 0.01)", ename="TimeoutError"),
    Case(
        "autoawait-off",
        "mark()\nawait asyncio.sleep(0)",
        before=("%autoawait off",),
        after=("%autoawait on",),
        ename="SyntaxError",
    ),
    # errors
    Case(
        "exception",
        "mark()\nx = 1\n\nx / 0",
        ename="ZeroDivisionError",
        at_line=5,
        after=("%tb", "import sys; sys.last_value"),
    ),
    Case("exception-chain", _CHAIN, ename="ValueError", at_line=10, after=("%tb",)),
    Case("exception-verbose", _CHAIN, before=("%xmode Verbose",), after=("%tb", "%xmode Context"), ename="ValueError"),
    Case("exception-plain", _CHAIN, before=("%xmode Plain",), after=("%xmode Context",), ename="ValueError"),
    Case("exception-minimal", _CHAIN, before=("%xmode Minimal",), after=("%xmode Context",), ename="ValueError"),
    Case("exception-docs", _CHAIN, before=("%xmode Docs",), after=("%xmode Context",), ename="ValueError"),
    Case(
        "exception-group", "mark()\nraise ExceptionGroup('two', [ValueError(1), KeyError(2)])", ename="ExceptionGroup"
    ),
    Case(
        "exception-in-call-back",
        "mark()\nsorted([1, 2], key=lambda x: x / 0)",
        ename="ZeroDivisionError",
        at_line=3,
    ),
    Case("stdlib-frames", "import json\nmark()\njson.loads('{')", ename="JSONDecodeError", shows="decoder.py"),
    Case("usage-error", "mark()\n%nosuchmagic", ename="UsageError", shows="nosuchmagic"),
    Case("magic-raises", "mark()\n%run -i nosuchfile.py", ename="Exception", shows="nosuchfile"),
    Case("system-exit", "mark()\nraise SystemExit(3)", ename="SystemExit", shows="SystemExit"),
    Case("keyboard-interrupt", "mark()\nraise KeyboardInterrupt", ename="KeyboardInterrupt"),
    Case("base-exception", "mark()\nclass Odd(BaseException): pass\nraise Odd('odd')", ename="Odd"),
    Case("syntax-error", "mark = mark\nx = (", ename="SyntaxError", at_line=3),
    Case("syntax-error-later", "x = 1\n\nfor", ename="SyntaxError", at_line=4),
    Case("indentation-error", "if True:\nx = 1", ename="IndentationError", at_line=3),
    Case("unindent-error", "if True:\n        x = 1\n    y = 2", ename="IndentationError", at_line=4),
    Case("return-outside", "mark()\nreturn 1", ename="SyntaxError"),
    Case("nul-byte", "x = '\0'", ename="SyntaxError"),
    Case("token-error", "x = '''", ename="SyntaxError", at_line=2),
    Case("post-mortem", "def f(n):\n    mark()\n    1/n\nf(0)", ename="ZeroDivisionError"),
    # IPython's own language
    Case("line-magic", "mark()\n%precision 3\ncwd = %pwd\nlen(cwd) > 0", shows="True"),
    Case("line-time", "mark()\n%time 6 * 7", shows="42"),
    Case("shell", "mark()\nword = 'there'\n!echo hi $word {word.upper()}", shows="hi there THERE"),
    Case("shell-assignment", "mark()\nlines = !printf 'a\\nb'\nlines", shows="['a', 'b']"),
    Case("shell-fails", "mark()\n!exit 3\n_exit_code", shows="3"),
    Case("help", "mark()\nlen?"),
    Case("source", "mark()\ndef sourced():\n    return 'here'\nsourced??"),
    Case(
        "getsource",
        "import inspect\nmark()\ndef sourced():\n    return 'here'\nprint(inspect.getsource(sourced))",
        shows="return 'here'",
        after=("print(inspect.getsource(sourced), sourced.__code__.co_firstlineno)",),
    ),
    Case("set-next-input", "mark()\nget_ipython().set_next_input('later')"),
    Case("automagic", "who_ls module", how={"plain": "who_ls module"}, shows="asyncio"),
    Case("one-line-shell", "!echo one", how={"plain": "!echo one"}, shows="one"),
    Case("cell-magic-in-body", "%%bash\necho from bash", how={"plain": "%%bash\necho from bash"}, shows="from bash"),
    Case(
        "future",
        "from __future__ import annotations\nmark()\ndef g(x: nosuch): pass",
        after=("def h(x: nosuch): pass",),
    ),
    Case(
        "run-script",
        "import pathlib\n_ = pathlib.Path('script.py').write_text('mark(); z = 9')\n%run -i script.py\nmark()\nz",
        shows="9",
    ),
    # text
    Case("comments-only", "# nothing\n# at all\n"),
    Case("blank-only", "\n\n  \n"),
    Case("blank-lines-first", "\n\n\nmark()\n1/0", ename="ZeroDivisionError", at_line=6),
    Case("comment-first", "# note\nmark()\n1/0", ename="ZeroDivisionError", at_line=4),
    Case("tabs", "if True:\n\tmark()\n\tx = 3\nx", shows="3"),
    Case("crlf", "mark()\nx = 4\nx", how={"newline": "\r\n"}, shows="4"),
    Case("crlf-error", "mark()\n\n1/0\n", how={"newline": "\r\n"}, ename="ZeroDivisionError", at_line=4),
    Case("continuation", "mark()\nx = 1 + \\\n  4\n(x +\n  1)", shows="6"),
    Case("header-in-string", 'mark()\ntext = """\n%%tfsession other\n"""\ntext'),
    Case("unicode", "mark()\nπ = '☃ 𝄞'\nπ\n", shows="☃ 𝄞"),
    Case(
        "header-comment",
        "mark()\n1/0",
        how={"header": "%%tfsession pair   # as before"},
        ename="ZeroDivisionError",
        at_line=3,
    ),
    Case("no-newline-after-header", "", how={"header": "%%tfsession pair"}),
    # below another magic, and within other cells
    Case("under-comments", "mark()\n\n6 * 7", how={"above": "# notes\n\n  # more\n"}, after=("_",), shows="42"),
    Case(
        "under-comments-error",
        "mark()\n\n\n\n\n\n1/0",
        how={"above": "# notes\n\n", "plain": "\nmark()\n\n\n\n\n\n1/0"},
        ename="ZeroDivisionError",
        at_line=10,
    ),
    Case(
        "under-comments-syntax",
        "\n\n\n\n\n\nx = = 1",
        how={"above": "# notes\n\n"},
        ename="SyntaxError",
        at_line=10,
    ),
    Case("under-time", "mark()\nprint('timed')\n6 * 7", how={"above": "%%time\n"}, after=("_",), shows="42"),
    Case("under-time-one-expression", "[mark(), 5][1]", how={"above": "%%time\n"}, shows="5"),
    Case(
        "under-time-semicolon",
        "mark()\n6 * 7;",
        how={"above": "%%time\n"},
        after=("sorted(Out) == sorted(_oh), max(Out)",),
    ),
    Case(
        "under-capture",
        "mark()\nprint('kept')\ndisplay('shown')\n7",
        how={"above": "%%capture out\n"},
        after=("out.stdout", "out.show()", "len(out.outputs)"),
    ),
    Case("under-capture-error", "mark()\nprint('kept')\n1/0", how={"above": "%%capture out\n"}, after=("out.stdout",)),
    Case(
        "capture-object",
        "from IPython.utils.capture import capture_output\nmark()\nwith capture_output() as c:\n    print(1)\nc.stdout",
    ),
    Case("time-in-body", "%%time\nmark()\n6 * 7", how={"plain": "%%time\nmark()\n6 * 7"}, after=("_",), shows="42"),
    Case(
        "run-cell",
        "mark()\nr = get_ipython().run_cell('mark()\\n40 + 2')\nmark()\nr.success, r.result",
        shows="(True, 42)",
    ),
    Case(
        "run-cell-with-history",
        "mark()\nr = get_ipython().run_cell('mark()\\n40 + 2', store_history=True)\nmark()",
        after=("len(In), max(Out)",),
        needs=("IPython>=9",),  # before, IPython now and then prints that it has stored a line twice
    ),
    Case(
        "run-cell-raises",
        "r = get_ipython().run_cell('mark()\\n1/0')\nmark()\nprint('after', r.success)\nr.error_in_exec",
        shows="after False",
    ),
    Case(
        "run-cell-async",
        "mark()\nr = await get_ipython().run_cell_async('mark()', transformed_cell='mark()')\nmark()\nr.success",
        shows="True",
    ),
    Case("run-notebook", _NOTEBOOK.format("mark()", "print(2)") + "%run other.ipynb\nmark()", shows="2"),
    Case(
        "run-notebook-raises",
        _NOTEBOOK.format("1/0", "print('not reached')") + "mark()\n%run other.ipynb",
        ename="ZeroDivisionError",
        shows="ZeroDivisionError",
    ),
    Case("ex-and-ev", "get_ipython().ex('mark()')\nget_ipython().ev('40 + 2')", shows="42"),
    # history
    Case(
        "history",
        "mark()\n'said'",
        after=(
            "In[-2]",
            "_ii",
            "get_ipython().history_manager.input_hist_raw[-4]",
            "get_ipython().run_line_magic('history', f'-n {len(In) - 5}')",
            "get_ipython().run_line_magic('history', f'-o -t {len(In) - 6}')",
            "len(In), get_ipython().execution_count",
        ),
        shows="said",
    ),
    Case(
        "rerun",
        "print(tf.executing_eagerly() == (not tf.compat.v1.get_default_session()))",
        after=("get_ipython().run_line_magic('rerun', f'{len(In) - 2}')",),
        shows="True",
    ),
    Case(
        "last-result",
        "mark()\n5",
        after=("r = get_ipython().last_execution_result\nr.success, r.result, r.execution_count",),
    ),
    Case(
        "stored-exception",
        "mark()\n1/0",
        ename="ZeroDivisionError",
        after=(
            "get_ipython().history_manager.exceptions[len(In) - 2]['evalue']",
            "print('\\n'.join(get_ipython().history_manager.exceptions[len(In) - 3]['traceback']))",
        ),
    ),
    # the request
    Case("silent", "mark()\nprint('heard')\n1", how={"silent": True}, after=("len(In), max(Out)",), shows="heard"),
    Case("silent-error", "mark()\n1/0", how={"silent": True}, ename="ZeroDivisionError"),
    Case("no-history", "mark()\n1", how={"store_history": False}, after=("len(In), In[-2], max(Out)",), shows="1"),
    Case("user-expressions", "mark()\nu = 3", how={"user_expressions": {"a": "u + 1", "b": "1/0"}}),
    Case("cell-id", "mark()\n1/0", how={"cell_id": "c-1"}, ename="ZeroDivisionError"),
)
