"""Code that adds to a graph, and what is said of it."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

import tfsess_magics
from tfsess_magics.core.session import CellCode
from tfsess_magics.core.text import graph_grows
from tfsess_magics.tf.session.growth import _STEPS
from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1


def growth(session: NamedSession) -> str:
    """Return what is said of the session's graph; lists and the panel say the same."""
    found = session.info().growth
    assert graph_grows(session.summary(ask=False).growth) == found
    return found


def news() -> list[str]:
    """Return what would be said under a cell."""
    return [notice.text for notice in tfsess_magics.process.news()]


def run_cell(session: NamedSession, number: int, body: Callable[[], object], code: CellCode) -> None:
    """Run the body of a cell."""
    activation = session.enter(f"cell {number}", code=code)
    activation.resume()
    try:
        body()
    finally:
        activation.end()


def added(session: NamedSession) -> tuple[int, str] | None:
    return session.info().added


def loop(session: NamedSession, step: Callable[[int], object], times: int = 2 * _STEPS) -> None:
    """Do `step` in the session, as code in one loop does."""
    with session:
        for number in range(times):
            step(number)


def x() -> Any:
    return v1.get_default_graph().get_tensor_by_name("x:0")


ADD = CellCode("y = x + 1")
