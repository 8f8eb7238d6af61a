"""The note under an error about a session that cannot run what it is given: empty, closed, without values, or none."""

from __future__ import annotations

from typing import Any

from tfsess_magics.tf.explain.fetches import explain_fetches
from tfsess_magics.tf.explain.location import Live, after_reset, graph_activation, here, way_to
from tfsess_magics.tf.explain.tasks import explain_elsewhere
from tfsess_magics.tf.explain.uninitialized import explain_uninitialized
from tfsess_magics.tf.instrument.observe import closed_by
from tfsess_magics.tf.introspect.frames import variables_in
from tfsess_magics.tf.introspect.holders import name_in_notebook
from tfsess_magics.tf.session.facts import known
from tfsess_magics.tf.session.ownership import describe, home_of, successor_of

_PLACEHOLDER = "SESSION"


def explain_empty_graph(error: BaseException, live: Live) -> str | None:
    """Say where the code belongs that a session with an empty graph was to run, or which session that is."""
    session = variables_in(error, "_run", "partial_run_setup").get("self")
    if session is None:
        return None
    if elsewhere := explain_fetches(error, live):
        return elsewhere
    if reset := after_reset(live, "what is to be run", session.graph):
        return reset
    on = known(session, live)
    if on is not None and not on.name.startswith("#"):
        return (
            f"the graph of {on.name!r} (generation {on.generation}) has no operations yet. "
            f"Build them in it: %%tfsession {on.name}"
        )
    which = f"{on.name}, made by {on.origin}" if on else "closed"
    if graph_activation():
        return (
            f"the graph of this session ({which}) has no operations; {here(live)[1]}, and builds there. "
            "To build in the graph of a session: with session.graph.as_default()"
        )
    return (
        f"the graph of this session ({which}) has no operations; what an ordinary cell builds is "
        "eager and in no graph. Build and run in one session: %%tfsession NAME"
    )


def explain_closed(error: BaseException, _: Live) -> str | None:
    """Say which code has closed a session."""
    session = _session_in(
        error, "_run", "partial_run", "partial_run_setup", "_extend_graph", "_call_tf_sessionrun", "__call__"
    )
    if session is None:
        return None
    by = closed_by(session)
    was = f"the session was closed{f' by {by}' if by else ''}"
    if successor := successor_of(session):
        present = f"tfsess_magics.get({successor!r}).session"
        return f"{was}; it was used before the reset of {successor!r}. Ask for the present one: {present}"
    return f"{was}, and its variables are gone. Run again what made it, and close it after its last use"


def explain_without_values(error: BaseException, live: Live) -> str | None:
    """Say which variables have no value in the session that ran."""
    session = _session_in(error, "_run", "__call__")
    on = known(session, live)
    if on is None:
        return None
    if on.name[0] != "#":
        return explain_uninitialized(on.watched, f"tfsess_magics.get({on.name!r}).session")
    name = name_in_notebook(session)
    said = explain_uninitialized(on.watched, name or _PLACEHOLDER)
    if said and not name and f"{_PLACEHOLDER}.run(" in said:
        which = f"{on.name}, made by {on.origin}, which has no name in the notebook"
        said += f", where {_PLACEHOLDER} stands for {which}"
    return said


def explain_no_default_session(error: BaseException, live: Live) -> str | None:
    """Say in which session a tensor or operation can be evaluated."""
    found = variables_in(error, "_eval_using_default_session", "_run_using_default_session")
    element = found.get("tensors", found.get("operation"))
    if element is None:
        return None
    activation = graph_activation()
    if activation is not None and activation.generation.graph is element.graph:
        return explain_elsewhere(error)
    name = home_of(element.graph, live).name
    if name is None or name.startswith("#"):
        remedy = way_to(live, element)
    else:
        remedy = f"Put the cell in it: %%tfsession {name}; or pass session=tfsess_magics.get({name!r}).session"
    return f"{describe(element, live)}. {remedy}"


def explain_partial_run(error: BaseException, _: Live) -> str | None:
    """Say which session can be fed partial runs."""
    found = variables_in(error, "_run")
    if not found.get("handle") or not found["self"]._config.graph_options.place_pruned_graph:
        return None
    return (
        "this session places only what a run needs, and TensorFlow cannot feed its partial runs. Run all in one: "
        "session.run(fetches, feed_dict); or make another session on the graph, which has its own values of the "
        "variables: tf.compat.v1.Session(graph=session.graph)"
    )


def _session_in(error: BaseException, *methods: str) -> Any:
    """Return the session, also that of a callable, in one of whose `methods` the error was raised."""
    found = variables_in(error, *methods).get("self")
    return found if hasattr(found, "graph") else getattr(found, "_session", None)
