"""The little of a session that a list shows."""

from __future__ import annotations

from collections.abc import Iterable

from tfsess_magics.core.model import DeviceInfo, Kind, Origin, State
from tfsess_magics.core.protocol import SessionSummary
from tfsess_magics.core.words import server


def summarize(
    *,
    id: int,  # noqa: A002 - as in the records
    name: str,
    kind: Kind,
    state: State,
    origin: Origin,
    generation: int,
    devices: Iterable[DeviceInfo],
    variables: tuple[int, int | None],
    target: str = "",
    answers: bool | None = None,
    is_default: bool = False,
    is_unused: bool = False,
    operations: int = 0,
    growth: str = "",
    runs: int = 0,
    running_since: float | None = None,
    mark: str = "",
    is_stopping: bool = False,
) -> SessionSummary:
    """Return the summary of a session: facts by the names of `SessionInfo`, `variables` as number and bytes."""
    number, nbytes = variables
    return SessionSummary(
        id=id,
        name=name,
        kind=kind.value,
        state=state.value,
        generation=generation,
        origin=str(origin),
        target=server(target, answers),
        is_default=is_default,
        is_unused=is_unused,
        operations=operations,
        growth=growth,
        runs=runs,
        devices=[device.name for device in devices],
        variables=number,
        variables_nbytes=nbytes,
        running_since=running_since,
        mark=mark,
        is_stopping=is_stopping,
    )
