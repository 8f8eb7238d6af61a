"""Tab in a front end: the kernel's answers to complete_request."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

import pytest

from .harness import Kernel

ALONE = tuple(int(part) for part in version("ipython").split(".")[:2]) >= (8, 6)
"""True where IPython offers nothing besides."""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel of its own, as one of others may have the extension already."""
    home = tmp_path_factory.mktemp("tab")
    (home / "train.txt").touch()
    with Kernel(home) as kernel:
        yield kernel


def _tab(kernel: Kernel, marked: str, subshell: str | None = None) -> list[str]:
    """Return the cells that a front end makes of one, each with what is offered at its ``|``."""
    before, _, after = marked.partition("|")
    content = {"code": before + after, "cursor_pos": len(before)}
    reply = kernel.reply(kernel.request("shell", "complete_request", content, subshell=subshell))
    assert reply["status"] == "ok"
    start, end = reply["cursor_start"], reply["cursor_end"]
    return [(before + after)[:start] + match + (before + after)[end:] for match in reply["matches"]]


def _has(kernel: Kernel, marked: str, *cells: str) -> None:
    found = _tab(kernel, marked)
    if ALONE:
        assert found == list(cells)
    else:
        assert set(cells) <= set(found)


TRIED = (
    "%tfsession st|",
    "%tfsession info t|",
    "%%tfsession t|\nx",
    "%%tfsession a --on-stop |",
    "%%tfsession t\nprin|",
)


def test_tab_before_loading_while_loaded_and_after_unloading(kernel: Kernel) -> None:
    """Verbs, names, options, values and files come with the extension and go with it."""
    before = {marked: _tab(kernel, marked) for marked in TRIED}
    assert not any("train" in cell and "train.txt" not in cell for cells in before.values() for cell in cells)
    assert kernel.run("%load_ext tfsess_magics").status == "ok"
    assert kernel.run("%tfsession new train --threads 1").status == "ok"
    _has(kernel, "%tfsession st|", "%tfsession stop")
    _has(kernel, "%tfsession info t|", "%tfsession info train")
    _has(kernel, "%%tfsession t|\nx", "%%tfsession train\nx")
    _has(kernel, "%%tfsession 𝄞 --on-stop |\nx", "%%tfsession 𝄞 --on-stop keep\nx", "%%tfsession 𝄞 --on-stop drop\nx")
    _has(kernel, "%%tfsession a --config-file t|", "%%tfsession a --config-file train.txt")
    _has(kernel, "%%tfsession a --device /|", "%%tfsession a --device /CPU:0")
    assert _tab(kernel, "%%tfsession t\nprin|") == before["%%tfsession t\nprin|"]
    assert kernel.run("other = __import__('tensorflow').compat.v1.Session()").status == "ok"
    (number,) = kernel.value("[one.name for one in __import__('tfsess_magics').sessions() if one.name[0] == '#']")
    _has(kernel, "%tfsession stop #|", f"%tfsession stop {number}")
    assert kernel.run("other.close(); del other").status == "ok"
    assert kernel.run("%tfsession close train").status == "ok"
    assert kernel.run("%unload_ext tfsess_magics").status == "ok"
    assert {marked: _tab(kernel, marked) for marked in TRIED} == before


@pytest.mark.needs("ipykernel>=7")
def test_tab_answers_while_a_cell_runs(kernel: Kernel) -> None:
    """Where the kernel has subshells: the sessions can be stopped by name meanwhile."""
    assert kernel.run("%load_ext tfsess_magics").status == "ok"
    with kernel.subshell() as subshell:
        running = kernel.send("%%tfsession waits\nprint('in')\ninput()")
        kernel.said(running, "in")
        assert _tab(kernel, "%tfsession stop w|", subshell) == ["%tfsession stop waits"]
        assert kernel.outcome(running, answers=["go on"]).status == "ok"
    assert kernel.run("%tfsession close waits").status == "ok"
    assert kernel.run("%unload_ext tfsess_magics").status == "ok"
