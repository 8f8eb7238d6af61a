"""The place of the code that has raised an error, and the ways from there, as notes under errors say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfsess_magics.core.model import Kind
from tfsess_magics.tf.context.activation import Activation, innermost_activation
from tfsess_magics.tf.session.ownership import home_of

Live = Sequence[Any]
"""The live sessions that have a graph."""

_ENTER_GRAPH = "To work in its graph: %%tfsession NAME --graph GRAPH"


def graph_activation() -> Activation | None:
    """Return the activation that this thread is in, None if there is no graph in it."""
    activation = innermost_activation()
    return None if activation is None or activation.session.kind is Kind.EAGER else activation


def here(live: Live, graph: tf.Graph | None = None) -> tuple[str, str]:
    """Return the name of the session that is meant by "here", and a sentence that says it."""
    activation = graph_activation()
    if activation is not None and graph in (None, activation.generation.graph):
        by = activation.by
        who = "this cell" if by.startswith("cell") else "this function" if by.startswith("a bound") else "this block"
        return activation.session.name, f"{who} runs in {activation.session.name!r}"
    if graph is None:
        return "", "this cell is eager" if tf.executing_eagerly() else "this code is in no named session"
    home = home_of(graph, live)
    is_known = home.name or home.generation is not None
    return home.name or "", f"it was used {home.text if is_known else 'in another graph'}"


def after_reset(live: Live, what: str, used_in: tf.Graph) -> str | None:
    """Explain why operations of the new default graph do not run before the cell is over."""
    activation = graph_activation()
    if not (
        activation
        and activation.resets
        and activation.session.kind is Kind.NAMED
        and used_in is activation.generation.graph
    ):
        return None
    return (
        f"{what} was made after reset_default_graph, which {activation.resets[-1]} called; {here(live)[1]}, which "
        f"goes on with the new graph when this is over. Run it then: %%tfsession {activation.session.name}"
    )


def way_to(live: Live, element: Any) -> str:
    """Say how an eager cell gets to where an element of a graph is."""
    home = home_of(element.graph, live)
    if home.name is None:
        is_known = home.generation is not None
        return f"Build it again: %%tfsession {home.successor or 'NAME'}" if is_known else _ENTER_GRAPH
    if home.name.startswith("#"):
        return f"To go on there: %tfsession adopt {home.name} NAME"
    return f"Go on there: %%tfsession {home.name}"


def afresh(live: Live, name: str) -> str:
    """Return the line that gives the cells of the session of that name an empty graph."""
    if any(one.name == name and one.kind is Kind.ADOPTED for one in live):
        return (
            f"a session of your own, %%tfsession NEW ({name!r} keeps its graph, which belongs to the code that made "
            "it, and cannot be reset)"
        )
    return f"%tfsession reset {name}"
