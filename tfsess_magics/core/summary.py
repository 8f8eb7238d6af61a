"""The little of a session that a list shows."""

from __future__ import annotations

from collections.abc import Iterable

from tfsess_magics.core import protocol
from tfsess_magics.core.model import Activity, DeviceInfo, Identity, Origin
from tfsess_magics.core.plain import plain
from tfsess_magics.core.protocol import SessionSummary


def summarize(
    identity: Identity,
    activity: Activity,
    *,
    devices: Iterable[DeviceInfo],
    variables: tuple[int, int | None],
    target: str = "",
    answers: bool | None = None,
    is_default: bool = False,
    operations: int = 0,
    growth: protocol.Growth | None = None,
    runs: int = 0,
    mark: protocol.RunMark | None = None,
    is_stopping: bool = False,
) -> SessionSummary:
    """Return the summary of a session: facts by the names of `SessionInfo`; `variables`: their number and bytes."""
    number, nbytes = variables
    return SessionSummary(
        id=identity.id,
        name=identity.name,
        kind=identity.kind.value,
        state=activity.state.value,
        generation=identity.generation,
        origin=_origin(identity.origin),
        target=plain(target),
        answers=answers,
        is_default=is_default,
        is_unused=activity.is_unused,
        is_used=activity.is_used,
        operations=operations,
        growth=growth,
        runs=runs,
        devices=[device.name for device in devices],
        variables=number,
        variables_nbytes=nbytes,
        running_since=activity.running_since,
        mark=mark,
        is_stopping=is_stopping,
    )


def _origin(origin: Origin) -> protocol.Origin:
    return protocol.Origin(
        maker=origin.maker.value,
        module=plain(origin.module),
        function=plain(origin.function),
        file=plain(origin.short_file),
        line=origin.line,
        cell=origin.cell,
    )
