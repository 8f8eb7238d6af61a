"""A graph that grows with every run of a cell, in a real kernel: said under the cell, and to front ends."""

from __future__ import annotations

from typing import Any

from .comm import Comm, opened
from .harness import Kernel

BUILDS = "%%tfsession train\nimport tensorflow as tf\nx = tf.constant(1)"
GROWS = "%%tfsession train\nz = 1\ny = x + 1\ny.eval();"
FIXED = "%%tfsession train\ny.eval();"


def next_growth(comm: Comm) -> dict[str, Any]:
    """Wait for the row of a session to say how its graph grows."""
    while True:
        growth: dict[str, Any] | None = comm.next("changed")["session"]["growth"]
        if growth:
            return growth


def test_it_is_said_under_the_cell_and_in_the_panel_until_the_cell_is_mended(kernel: Kernel) -> None:
    """The front end says which cell it is that was edited."""
    assert kernel.run("%load_ext tfsess_magics").status == "ok"
    assert kernel.run(BUILDS, cell_id="builds").status == "ok"
    with opened(kernel) as (comm, snapshot):
        session = next(listed for listed in snapshot["sessions"] if listed["name"] == "train")
        assert session["growth"] is None
        outcomes = [kernel.run(GROWS, cell_id="grows") for _ in range(3)]
        cell = outcomes[2].execution_count
        mark = f"graph grows: each run of cell {cell} adds 2 operations, most of them at cell {cell}, line 3: y = x + 1"
        assert [outcome.stream() for outcome in outcomes] == ["", "", f"train: {mark}\n"]
        grown = next_growth(comm)
        assert (grown["least"], grown["most"], grown["by"]) == (2, 2, f"cell {cell}")
        assert (grown["line"]["cell"], grown["line"]["line"], grown["line"]["text"]) == (cell, 3, "y = x + 1")
        details = comm.order("describe", id=session["id"])["details"]
        assert (details["operations"], details["added"]) == (7, {"number": 2, "by": f"cell {cell}"})
        fixed = kernel.run(FIXED, cell_id="grows")
        assert (fixed.status, fixed.stream()) == ("ok", "")
        comm.next_session(growth=None)
        assert kernel.run("%tfsession close train").status == "ok"
