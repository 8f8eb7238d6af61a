"""Carries out the orders of front ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

import msgspec

from tfsess_magics.core.errors import HalfSavedError, SessionInUseError, StaleOrderError, TfSessionError
from tfsess_magics.core.model import Kind, RunInfo, SessionInfo, StopReply
from tfsess_magics.core.plain import plain
from tfsess_magics.core.protocol import (
    MAX_VARIABLES,
    Added,
    Adopt,
    Close,
    Describe,
    Device,
    Done,
    Object,
    Order,
    Placement,
    Refresh,
    Refused,
    Reset,
    Run,
    SessionDetails,
    Stop,
    TracedRun,
    Variable,
    Waiting,
    decode,
)
from tfsess_magics.core.registry import SessionRegistry
from tfsess_magics.core.session import ObservedSession
from tfsess_magics.core.text import adopted_message, closed_message, reset_message, saved_message
from tfsess_magics.core.trace import DevicePlacement, RunTrace


def carry_out_message(data: Any, registry: SessionRegistry[Any]) -> Done | Waiting | Refused:
    """Carry out the order that came over the wire as `data`, and return the reply; never raises."""
    try:
        order = decode(data)
    except (msgspec.ValidationError, UnicodeError) as error:  # JSON may have half a character, a lone surrogate
        number = data.get("request") if isinstance(data, dict) else None
        return Refused(number if isinstance(number, int) else 0, type(error).__name__, str(error))
    return carry_out(order, registry)


def carry_out(
    order: Order, registry: SessionRegistry[Any], told: Callable[[str], None] = lambda _: None
) -> Done | Waiting | Refused:
    """Carry out an order, and return the reply. Any thread may call it; it never raises.

    `Refresh` is answered only: the snapshot is the caller's to send.

    Parameters
    ----------
    told
        Called with a line that says what is being done, once a save has taken a second.
    """
    saved = ""
    try:
        if isinstance(order, Reset | Close) and order.save_to:
            saved = f"{_save(order, registry, told)}\n"
        done = _do(order, registry)
    except TfSessionError as error:
        return Refused(order.request, type(error).__name__, f"{saved}{error}")
    except Exception as error:  # noqa: BLE001 - what a comm handler raises is only logged
        return Refused(order.request, type(error).__name__, saved + plain(f"{type(error).__name__}: {error}"))
    if isinstance(done, StopReply) and not done.is_done:
        return Waiting(order.request, done.message)
    return Done(order.request, "", done) if isinstance(done, SessionDetails) else Done(order.request, f"{saved}{done}")


def _save(order: Reset | Close, registry: SessionRegistry[Any], told: Callable[[str], None]) -> str:
    """Save the variables of the session that an order is to end, and say what was saved.

    Raises
    ------
    StaleOrderError, SessionInUseError
        If the order could not be carried out now.
    HalfSavedError
        If a variable that has a value was left out.
    """
    verb = "reset" if isinstance(order, Reset) else "close"
    session = registry.get_unchanged(order.id, order.generation)
    if use := session.use():
        raise SessionInUseError(session.name, verb, use)
    reply = registry.save_session(session, order.save_to, told)
    said = saved_message(session.name, reply)
    if not reply.has_every_value:
        raise HalfSavedError(session.name, verb, said)
    return said


def _do(order: Order, registry: SessionRegistry[Any]) -> str | StopReply | SessionDetails:
    match order:
        case Refresh():
            return ""
        case Describe():
            session = registry.get_live(order.id)
            return _details(session.info(), registry.held_by(session))
        case Reset():
            with registry.unchanged(order.id, order.generation) as session:
                return reset_message(registry.reset_session(session, "Reset in the panel"))
        case Close():
            with registry.unchanged(order.id, order.generation) as session:
                return closed_message(registry.close_session(session, "Close in the panel"))
        case Stop():
            session = registry.get_unchanged(order.id, order.generation)
            return registry.stop_session(session, "Stop in the panel", now=order.now)
        case Adopt():
            with registry.unchanged(order.id, order.generation) as session:
                if session.kind is not Kind.OBSERVED:
                    raise StaleOrderError(f"another order named that session {session.name!r} meanwhile.")
                return adopted_message(registry.adopt(cast("ObservedSession", session), order.name).info())


def _devices(info: SessionInfo) -> list[Device]:
    return [Device(device.name, device.type, device.memory_limit, info.nbytes_on(device)) for device in info.devices]


def _details(info: SessionInfo, held_by: list[str]) -> SessionDetails:
    shown, rest = info.variables[:MAX_VARIABLES], info.variables[MAX_VARIABLES:]
    return SessionDetails(
        id=info.id,
        generation=info.generation,
        options=str(info.options),
        held_by=held_by,
        created=info.created,
        operations=None if info.kind.is_eager else info.operations,
        added=None if info.added is None else Added(*info.added),
        asked=_placement(info.asked),
        last_trace=_traced(info.last_trace),
        last_run=_run(info.last_run, info.unmeasured),
        largest_run=_run(info.largest_run, info.unmeasured),
        last_error=info.last_error,
        devices=_devices(info),
        variables=[
            Variable(
                plain(v.name), None if v.shape is None else list(v.shape), v.dtype, v.nbytes, v.initialized, v.device
            )
            for v in shown
        ],
        more_variables=len(rest),
        more_variables_nbytes=sum(v.nbytes or 0 for v in rest),
        names=list(map(plain, info.names)),
        objects=[Object(plain(o.name), plain(o.type), o.variables, o.nbytes) for o in info.objects],
    )


def _placement(devices: Iterable[DevicePlacement]) -> list[Placement]:
    return [Placement(plain(on.device), on.operations, len(on.variables)) for on in devices]


def _traced(trace: RunTrace | None) -> TracedRun | None:
    if trace is None or not trace.placement:
        return None
    return TracedRun(
        placement=_placement(trace.placement),
        cell=trace.cell,
        thread=plain(trace.thread),
        session=trace.session,
        run=trace.run,
        run_of_cell=trace.run_of_cell,
        runs_of_cell=trace.runs_of_cell,
    )


def _run(run: RunInfo | None, unmeasured: str) -> Run | None:
    if run is None:
        return None
    peak = run.peak
    device, nbytes = (peak.device, peak.nbytes) if peak else ("", 0)
    unavailable = "" if peak else unmeasured or "it was not measured"
    return Run(run.started, run.duration, run.error, device, nbytes, run.is_shared, unavailable)
