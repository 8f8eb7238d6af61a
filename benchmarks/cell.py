"""The cost of a ``%%tfsession`` cell over a hand-written ``with``, beside that of ``%%time`` over a plain cell.

And the cost of an ordinary cell under ``%tfsession use``.
"""

from __future__ import annotations

import contextlib
import io
from typing import Any

from benchmarks.measure import interleaved

BODIES = {"empty": "pass", "eval": "value = x.eval()"}


def _shell() -> Any:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    shell.run_line_magic("load_ext", "tfsess_magics")
    return shell


def report() -> None:
    """Print the medians."""
    shell = _shell()
    shell.run_cell(
        "import tensorflow as tf\n"
        "graph = tf.Graph()\n"
        "session = tf.compat.v1.Session(graph=graph)\n"
        "with graph.as_default():\n"
        "    x = tf.constant(1.0)"
    )
    shell.run_cell("%%tfsession train\nx_named = tf.constant(1.0)")
    for name, body in BODIES.items():
        cells = {
            "plain": body if name == "empty" else f"with graph.as_default(), session.as_default():\n    {body}",
            "with": f"with graph.as_default(), session.as_default():\n    {body}",
            "%%tfsession": f"%%tfsession train\n{body.replace('x.', 'x_named.')}",
        }
        cells["%%time"] = f"%%time\n{cells['plain']}"
        with contextlib.redirect_stdout(io.StringIO()):
            medians = interleaved(
                {kind: lambda cell=cell: shell.run_cell(cell) for kind, cell in cells.items()},  # type: ignore[misc]
                rounds=60,
                repeats=20,
            )
        ours, theirs = medians["%%tfsession"] - medians["with"], medians["%%time"] - medians["plain"]
        print(f"cell, body {name!r}: " + ", ".join(f"{kind} {1e3 * s:.3f} ms" for kind, s in medians.items()))
        print(f"  %%tfsession over with: {1e3 * ours:.3f} ms; %%time over plain: {1e3 * theirs:.3f} ms", end="")
        print(f"; ratio {ours / theirs:.2f} (bound 1)")
    _report_use(shell)
    shell.run_cell("%tfsession close train")


def _report_use(ordinary: Any) -> None:
    """Print the medians of a plain cell in an ordinary shell and in one that uses the session."""
    using = _shell()
    cells = {"ordinary": lambda: ordinary.run_cell("pass"), "use": lambda: using.run_cell("pass")}
    with contextlib.redirect_stdout(io.StringIO()):
        using.run_cell("%tfsession use train")
        medians = interleaved(cells, rounds=60, repeats=20)
        using.run_cell("%tfsession use --off")
        using.run_line_magic("unload_ext", "tfsess_magics")
    added = 1e3 * (medians["use"] - medians["ordinary"])
    print(f"%tfsession use: {added:.3f} ms added to a plain cell of {1e3 * medians['ordinary']:.3f} ms (bound 0.2)")


if __name__ == "__main__":
    report()
