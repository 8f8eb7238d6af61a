"""The note under an error about something of another graph that a session was to run, directly or by a Saver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf

from tfsess_magics.tf.explain.eager_object import explain_eager_variable, is_eager
from tfsess_magics.tf.explain.location import Live, graph_activation
from tfsess_magics.tf.explain.other_graph import explain_foreign, explain_tensor_of_eager_code
from tfsess_magics.tf.introspect.frames import variables_in


def explain_fetches(error: BaseException, live: Live) -> str | None:
    """Say where the first element belongs that a session was to run, None if that is where the code builds."""
    found = variables_in(error, "_run", "partial_run_setup")
    saver = variables_in(error, "save", "restore").get("self")
    if not isinstance(saver, tf.compat.v1.train.Saver):
        saver = None
    element = next(_elements(saver._var_list if saver else found.get("fetches")), None)
    if element is None:
        return None
    activation, graph = graph_activation(), found["self"].graph
    if is_eager(element):
        return None if activation is None else explain_eager_variable(element, live)
    if isinstance(element, tf.Tensor) and hasattr(element, "numpy"):
        return None if activation is None else explain_tensor_of_eager_code(element, live)
    if element.graph is graph or (activation is not None and element.graph is activation.generation.graph):
        return None
    return explain_foreign(live, element, graph, "Save and restore it there" if saver else "")


def _elements(given: Any) -> Iterator[Any]:
    """Yield the tensors, operations and variables in what a session is given to fetch; names tell no graph."""
    if isinstance(given, Mapping):
        given = list(given.values())
    if isinstance(given, list | tuple):
        for one in given:
            yield from _elements(one)
    elif isinstance(given, tf.Tensor | tf.Operation | tf.Variable):
        yield given
    elif isinstance(operation := getattr(given, "op", None), tf.Tensor | tf.Operation | tf.Variable):
        yield operation  # of a sparse tensor, or what a Saver saves
