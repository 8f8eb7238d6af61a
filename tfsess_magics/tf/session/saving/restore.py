"""The restore of a session's values.

All is read and compared before anything is assigned. The values are given as a stop gives them back: by the assigning
operations that the user's graph has, and no operation is added to it. In one thing a restore is like a run: it may show
the graph to the runtime.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.errors import NotRestoredError, SessionInUseError
from tfsess_magics.core.late import let_pass
from tfsess_magics.core.model import RestoreReply
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.text import count, first_names, format_bytes
from tfsess_magics.tf.memory.required import require_memory
from tfsess_magics.tf.session.saving.order import Order, accept, by_reasons, say, size_of, why_no_path
from tfsess_magics.tf.session.saving.places import Place, places
from tfsess_magics.tf.session.saving.uncut import Work
from tfsess_magics.tf.stopping.queue_runners import queue_runners
from tfsess_magics.tf.variables.operations import Variable
from tfsess_magics.tf.variables.values import Value, Values

_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
"""The tensor by which a checkpoint of ``tf.train.Checkpoint`` tells what its names mean."""


def restore(name: str, watched: Any, path: str, told: Callable[[str], None], *, takes_part: bool) -> RestoreReply:
    """Give the variables of a session the values of a checkpoint, all or none of them.

    Parameters
    ----------
    name, watched
        Of the session.
    path
        As a ``Saver`` takes it, or a folder for the newest checkpoint of a Saver there.
    told
        Called with a line that says what is being done, once that has taken a second.
    takes_part
        True to take what fits, and leave the rest.

    Raises
    ------
    UnavailableError, ClosedSessionError, SessionInUseError
        See `accept`; also if a run is in flight.
    NotRestoredError
        If the checkpoint cannot be read, or does not fit.
    """
    order = accept("restore", name, watched, path)
    _require_no_run(order)
    work = Work(partial(_restore, order, takes_part))
    return work.result(lambda: told(f"restoring {name} from {order.target}{_size(order.target)}"))


def _require_no_run(order: Order) -> None:
    """Refuse where a run may change what is restored; queue-runner threads have one in flight all the time.

    Raises
    ------
    SessionInUseError
        If one is in flight.
    """
    runners = queue_runners()
    runs = [run for run in order.watched.meter.table.under_way().values() if run.thread not in runners]
    if runs:
        raise SessionInUseError(order.name, "restore", f"{count(len(runs), 'run')} in flight in it")


def _size(target: Path) -> str:
    try:
        files = [file for file in target.parent.iterdir() if file.name.startswith(f"{target.name}.data-")]
        return f" ({format_bytes(sum(file.stat().st_size for file in files))})" if files else ""
    except OSError:
        let_pass()
        return ""


class _Fit(NamedTuple):
    """A variable, or several handles of one, whose value the file has."""

    variable: Variable
    assign: str
    place: Place


class _Comparison(NamedTuple):
    """The part of a checkpoint that fits a graph, and the rest."""

    fits: list[_Fit]
    others: dict[str, list[str]]
    """Names of variables that do not, by reasons."""
    unused: tuple[str, ...]


class _File:
    """A checkpoint that can be read."""

    def __init__(self, target: str) -> None:
        self._reader = tf.train.load_checkpoint(target)
        self.shapes: dict[str, list[int]] = self._reader.get_variable_to_shape_map()
        self.types: dict[str, tf.DType] = self._reader.get_variable_to_dtype_map()

    def nbytes(self, names: Sequence[str]) -> int:
        """Return the bytes of tensors, of strings none."""
        return sum(self.types[name].size * (tf.TensorShape(self.shapes[name]).num_elements() or 0) for name in names)

    def tensors(self, names: Sequence[str]) -> dict[str, Any]:
        """Read tensors."""
        return {name: self._reader.get_tensor(name) for name in names}


def _restore(order: Order, takes_part: bool, commit: Callable[[], None]) -> RestoreReply:
    variables = order.watched.graph_variables.known(order.session)
    if not variables:
        raise _failure(order, "its graph has no variables. Build the graph first.")
    file = _open(order)
    compared = _compare(order.session.graph, variables, file)
    if compared.others and not (takes_part and compared.fits):
        raise _failure(order, _say_misfit(compared, file))
    wanted = list(dict.fromkeys(fit.place.name for fit in compared.fits))
    try:
        require_memory(2 * file.nbytes(wanted))
        tensors = file.tensors(wanted)
    except Exception as error:  # noqa: BLE001 - whatever a damaged file leads to
        raise _failure(order, f"it cannot be read: {say(error)}") from None
    values = [Value(fit.variable.name, fit.assign, _part(tensors, fit.place)) for fit in compared.fits]
    give(order, values, commit)
    return RestoreReply(
        path=str(order.target),
        variables=tuple(value.variable for value in values),
        nbytes=sum(size_of(value.array) for value in values),
        left_out=by_reasons(compared.others),
        unused=compared.unused,
    )


def _failure(order: Order, why: str) -> NotRestoredError:
    return NotRestoredError(order.name, str(order.target), why)


def _open(order: Order) -> _File:
    """Open the checkpoint.

    Raises
    ------
    NotRestoredError
        If there is none.
    """
    target = str(order.target)
    if why := why_no_path(order.target):
        raise _failure(order, why)
    try:
        return _File(target)
    except tf.errors.NotFoundError:
        raise _failure(order, "there is no checkpoint.") from None
    except tf.errors.DataLossError as error:
        raise _failure(order, f"that is no checkpoint, or a damaged one: {say(error)}") from None
    except Exception as error:  # noqa: BLE001 - whatever a file that is none leads to
        raise _failure(order, say(error)) from None


def _part(tensors: dict[str, Any], place: Place) -> Any:
    return tensors[place.name][place.slices] if place.is_part else tensors[place.name]


def give(order: Order, values: Sequence[Value], commit: Callable[[], None]) -> None:
    """Assign the values; nothing was assigned before that.

    Raises
    ------
    SessionInUseError
        If a run has begun meanwhile.
    NotRestoredError
        If the session does not take all of them.
    """
    meter: RunMeter = order.watched.meter
    try:
        _show(order.session, meter, values)
        _require_no_run(order)
        commit()
        given = order.watched.graph_variables.give(order.session, Values(values, ()))
    except (MemoryError, tf.errors.OpError) as error:
        raise _failure(order, f"{say(error)}. Some variables may have their new values.") from None
    finally:
        meter.changed()
    if order.session._closed:
        raise _failure(order, "its TensorFlow session was closed meanwhile.")
    if given.lost:
        lost = first_names(given.lost, len(given.lost))
        raise _failure(order, f"TensorFlow did not take the values of {lost}. All others have their new values.")


def _show(session: BaseSession, meter: RunMeter, values: Sequence[Value]) -> None:
    """Show the runtime the operations that assign the values, if it has not seen one: a run would do so as well."""
    new = {op.name for op in session.graph.get_operations()[meter.version :]}
    if any(value.assign in new for value in values):
        session._extend_graph()


def _compare(graph: tf.Graph, variables: Sequence[Variable], file: _File) -> _Comparison:
    place_of = places(graph, [variable.name for variable in variables])
    by_resource: dict[tuple[object, ...], list[Variable]] = {}
    for variable in variables:
        by_resource.setdefault(variable.resource, []).append(variable)
    fits, others = [], dict[str, list[str]]()
    for handles in by_resource.values():
        variable = next((handle for handle in handles if place_of[handle.name].name in file.shapes), handles[0])
        place = place_of[variable.name]
        shape = file.shapes.get(place.name)
        why = _why_unfit(variable, place, file)
        assigns = (handle.assign_of(_shape_of_part(place, shape)) for handle in handles) if shape is not None else ()
        assign = next(filter(None, assigns), None)
        if why or assign is None:
            others.setdefault(why or "no operation of the graph assigns it", []).append(variable.name)
        else:
            fits.append(_Fit(variable, assign, place))
    taken = {place.name for place in place_of.values()} | {_OBJECT_GRAPH}
    return _Comparison(fits, others, tuple(sorted(file.shapes.keys() - taken)))


def _shape_of_part(place: Place, shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(one.stop - one.start for one in place.slices) if place.is_part else tuple(shape)


def _why_unfit(variable: Variable, place: Place, file: _File) -> str:
    """Say why a variable cannot take what the file has for it; empty if it can."""
    if place.name not in file.shapes:
        return "not in the file"
    dtype, shape = file.types[place.name].base_dtype.name, tuple(file.shapes[place.name])
    if dtype != variable.dtype:
        return f"{variable.dtype}, in the file {dtype}"
    here = place.whole if place.is_part else variable.shape
    if here is not None and not tf.TensorShape(here).is_compatible_with(shape):
        return f"shape {_write(here)}, in the file {_write(shape)}"
    return ""


def _write(shape: Sequence[int | None]) -> str:
    return f"[{', '.join('?' if n is None else str(n) for n in shape)}]"


def _say_misfit(compared: _Comparison, file: _File) -> str:
    said = f"it does not fit the graph: {'; '.join(by_reasons(compared.others))}."
    if compared.unused:
        said += f" In the file only: {first_names(compared.unused, len(compared.unused))}."
    if _OBJECT_GRAPH in file.shapes:
        said += " tf.train.Checkpoint or Keras wrote it, which name variables in another way."
    if compared.fits:
        fitting = count(len(compared.fits), "variable")
        said += f" To restore what fits ({fitting}): --partial, or partial=True in Python."
    return said
