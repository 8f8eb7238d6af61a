"""The body of a ``%%tfsession`` cell is an ordinary cell."""

from __future__ import annotations

import pytest

from .cases import CASES, Case
from .pair import Pair


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.id, marks=pytest.mark.needs(*case.needs)) for case in CASES]
)
def test_body_is_an_ordinary_cell(pair: Pair, case: Case) -> None:
    """A body comes to the same, message for message, as it does in a cell without a header."""
    for cell in case.before:
        pair.run(cell)
    outcome = pair.run_body(case.body, **case.how)
    assert outcome.ename == case.ename
    assert outcome.status == ("error" if case.ename else "ok")
    assert case.shows in outcome.text
    assert not case.at_line or outcome.points_at(case.at_line)
    assert "tfsess_magics" not in outcome.traceback
    for cell in case.after:
        pair.run(cell)
    pair.require_outside()
