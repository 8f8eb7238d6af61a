"""The save of a session's values.

The values are read as a stop reads them: in one step of our own, past the user's graph. Runs may be in flight then, as
with a ``Saver``; the reply counts them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfsess_magics.core.errors import NotSavedError
from tfsess_magics.core.model import SaveReply
from tfsess_magics.core.text import format_bytes
from tfsess_magics.tf.memory.required import require_memory
from tfsess_magics.tf.session.saving.bundle import DATA, INDEX, Entry, write
from tfsess_magics.tf.session.saving.order import Order, accept, by_reasons, say, size_of, why_no_path
from tfsess_magics.tf.session.saving.places import places
from tfsess_magics.tf.session.saving.uncut import Work
from tfsess_magics.tf.stopping.stateful import stateful
from tfsess_magics.tf.variables.graph_variables import NO_VALUE
from tfsess_magics.tf.variables.operations import Variable


def save(name: str, watched: Any, path: str, told: Callable[[str], None]) -> SaveReply:
    """Write the value of every variable that has one to a checkpoint.

    Parameters
    ----------
    name, watched
        Of the session.
    path
        As a ``Saver`` takes it.
    told
        Called with a line that says what is being done, once that has taken a second.

    Raises
    ------
    UnavailableError, ClosedSessionError, SessionInUseError
        See `accept`.
    NotSavedError
        If the values cannot be read, or the files cannot be written.
    """
    order = accept("save", name, watched, path)
    nbytes = watched.graph_variables.totals(ask=False)[1]
    size = f"{format_bytes(nbytes)} of " if nbytes else ""
    return Work(partial(_save, order)).result(lambda: told(f"saving {size}{name} to {order.target}"))


def _why_no_target(target: Path) -> str:
    """Say why a checkpoint cannot be at a path; empty if nothing is known to be against it."""
    if why := why_no_path(target):
        return why
    if target.is_dir():
        return "that is a folder. Add a name for the checkpoint."
    if not target.parent.is_dir():
        return f"there is no folder {target.parent}."
    taken = [f"{target.name}{end}" for end in (INDEX, DATA) if Path(f"{target}{end}").is_dir()]
    return f"{taken[0]} is a folder." if taken else ""


def _save(order: Order, commit: Callable[[], None]) -> SaveReply:
    name, target, table = order.name, str(order.target), order.watched.meter.table
    runs = len(table.under_way())
    try:
        if why := _why_no_target(order.target):
            raise NotSavedError(name, target, why)
        read, others = order.watched.graph_variables.read(order.session)
        entries = _entries(order.session.graph, read, others)
        nbytes = sum(size_of(entry.array) for entry in entries.values())
        if entries:
            require_memory(nbytes)  # each value is copied once more
            write(order.target, list(entries.values()), commit)
    except NotSavedError:
        raise
    except (OSError, ValueError, MemoryError, RuntimeError, tf.errors.OpError) as error:
        raise NotSavedError(name, target, say(error)) from None
    left_out = by_reasons(others)
    if not entries:
        raise NotSavedError(name, target, "; ".join(["it has no values of variables to save", *left_out]))
    return SaveReply(
        path=target,
        variables=tuple(entries),
        nbytes=nbytes,
        left_out=(*left_out, *stateful(order.session.graph)),
        has_every_value=set(others) <= {NO_VALUE},
        runs=max(runs, len(table.under_way())),
    )


def _entries(graph: tf.Graph, read: Sequence[tuple[Variable, Any]], others: dict[str, list[str]]) -> dict[str, Entry]:
    """Return the entries of the checkpoint by the names of variables; of a partitioned one all parts or none."""
    missing = [name for names in others.values() for name in names]
    place_of = places(graph, [*(variable.name for variable, _ in read), *missing])
    halved = {place_of[name].name for name in missing if place_of[name].is_part}
    entries = {}
    for variable, array in read:
        place = place_of[variable.name]
        if place.is_part and place.name in halved:
            others.setdefault(f"another part of {place.name} has no value", []).append(variable.name)
        else:
            entries[variable.name] = Entry(place, variable.dtype, array)
    return entries
