"""Sentences, sizes and times, as magics and the widget show them; the sidebar has its own in `text.ts`."""

from __future__ import annotations

from collections.abc import Sequence

from tfsess_magics.core import protocol
from tfsess_magics.core.model import Kind, RestoreReply, SaveReply, SessionInfo, VariableInfo, write_origin
from tfsess_magics.core.plain import plain
from tfsess_magics.core.trace import DevicePlacement

_NAMES = 6
_INEXACT = 256 * 1024
"""Bytes below which a difference says nothing."""


def format_bytes(nbytes: int) -> str:
    """Write a number of bytes in binary units: ``21.4 MiB``."""
    if nbytes < 1024:
        return f"{nbytes} B"
    size = nbytes / 1024
    for unit in ("KiB", "MiB", "GiB"):
        tenths = int(size * 10 + 0.5)
        if tenths < 10240:
            return f"{tenths / 10:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def format_seconds(seconds: float) -> str:
    """Write a duration: ``31 ms``, ``3.1 s``, ``12:05``, ``1:02:05``."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def count(number: int, noun: str) -> str:
    """Write ``1 variable``, ``1,204 variables``, ``no variables``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else f"no {noun}s"


def made_by(origin: protocol.Origin) -> str:
    """Write the origin of a session that came with a message, as `Origin` writes itself."""
    return write_origin(
        maker=origin.maker,
        module=origin.module,
        function=origin.function,
        file=origin.file,
        line=origin.line,
        cell=origin.cell,
    )


def graph_grows(growth: protocol.Growth | None) -> str:
    """Write ``graph grows: each run of cell 7 adds 12 operations, most of them at ...``; empty for None."""
    if growth is None:
        return ""
    least, most = growth.least, growth.most
    operations = count(most, "operation") if least == most else f"{least:,} to {most:,} operations"
    each = f"run of {growth.by}" if growth.by else "session.run"
    at = "" if growth.line is None else f", {'' if most == 1 else 'most of them '}at {_code_line(growth.line)}"
    return f"graph grows: each {each} adds {operations}{at}"


def _code_line(line: protocol.CodeLine) -> str:
    place = f"{line.file}:{line.line}" if line.cell is None else f"cell {line.cell}, line {line.line}"
    return f"{place}: {line.text}" if line.text else place


def run_mark(mark: protocol.RunMark | None) -> str:
    """Write what a run waits for, or why a stop has not ended it; empty for None."""
    return "" if mark is None else _mark(mark)


def _mark(mark: protocol.RunMark) -> str:
    match mark:
        case protocol.Waits():
            return f"waiting on {on}" if (on := waits_on(mark)) else "waiting"
        case protocol.Copying():
            return "stopping: copies the values of its variables"
        case protocol.Restoring():
            return "stopping: gives its variables their values back"
        case protocol.Uncuttable():
            names = " and ".join(" or ".join(map(awaited_operation, run)) for run in mark.runs)
            return f"cannot be stopped: {names} does not return. If it never does, restart the kernel"
        case protocol.Unanswered():
            return (
                f"stopping: {mark.server} has not answered yet. The runs end when it does, or when you start"
                " another server at that address. If neither will happen, restart the kernel"
            )
        case protocol.Finishing():
            runs = ", ".join(fetched_names(run) or "a run" for run in mark.runs)
            return f"stopping: an operation that {runs} needs has to finish first"


def waits_on(waits: protocol.Waits) -> str:
    """Write ``dequeue from 'queue', which is empty, and nothing enqueues``; empty where no operation is known."""
    said = list(map(awaited_operation, waits.operations))
    if len(said) <= 1:
        return "".join(said)
    return f"one of: {'; '.join(said)}{f' or {waits.more} more' if waits.more else ''}"


def awaited_operation(operation: protocol.AwaitedOperation) -> str:
    """Write an operation that a run waits for, or that nothing can end."""
    name, others = f"'{operation.name}'", " and ".join(map(other_run, operation.others))
    who = others or ("nothing here" if operation.is_remote else "nothing")
    match operation.does:
        case "dequeue":
            has = "has too few elements" if operation.has_some else "is empty"
            return f"dequeue from {name}, which {has}, and {who} enqueues"
        case "enqueue":
            return f"enqueue to {name}, which is full, and {who} dequeues"
        case "lock":
            return f"the lock {name}{f', which {others} holds or waits for' if others else ''}"
        case "loop":
            return f"a loop {name}"
        case "other":
            return f"{operation.type} {name}"


def other_run(run: protocol.OtherRun) -> str:
    """Write ``thread 'filler' in 'train'``."""
    thread = f"'{run.thread}'" if isinstance(run.thread, str) else str(run.thread)
    session = f"session {run.session}" if run.session.startswith("#") else f"'{run.session}'"
    return f"thread {thread}{f' in {session}' if run.session else ''}"


def fetched_names(fetches: protocol.Fetches) -> str:
    """Write ``'loss:0', 'train' and 2 more``; empty for none."""
    names = ", ".join(f"'{name}'" for name in fetches.names)
    return f"{names} and {fetches.more} more" if fetches.more else names


def explain_kind(kind: str) -> str:
    """Say what a session is that this package did not open; empty for others."""
    match kind:
        case Kind.OBSERVED:
            return "other code made this session and owns it; adopt gives it a name"
        case Kind.ADOPTED:
            return "other code made this session and owns it; its name is yours"
    return ""


def server(target: str, answers: bool | None) -> str:
    """Write the server of a session, and that it does not answer; empty for a session in this process."""
    return f"{plain(target)}, which does not answer" if target and answers is False else plain(target)


def devices_unknown(info: SessionInfo) -> str:
    """Say why no device of a session is known; empty if one is, or it has none."""
    if info.devices or not info.target:
        return ""
    return "not known: the server does not answer" if info.answers is False else "not known yet"


def variables_held(info: SessionInfo) -> str:
    """Write the bytes of the variables that have a value, and the number of variables."""
    if not info.variables:
        return "0 B"
    if all(variable.initialized is None for variable in info.variables):
        size = "not known yet" if info.target and info.answers is None else "not known"
    else:
        size = format_bytes(info.variables_nbytes)
    return f"{size} ({len(info.variables):,})"


def variable_size(variable: VariableInfo) -> str:
    """Write the size of a variable, or why it is not known."""
    if variable.nbytes is not None:
        return format_bytes(variable.nbytes)
    if variable.dtype in ("string", "variant", "resource"):
        return f"not known of type {variable.dtype}"
    if variable.initialized is True:
        return "known once an operation that reads it has run"
    return "depends on its value"


def operations(info: SessionInfo) -> str:
    """Write ``1,204 (12 added by cell 5)``."""
    total = f"{info.operations:,}" if info.operations else "none: the graph is empty"
    if info.added is None or not info.operations:
        return total
    added, by = info.added
    return f"{total} ({f'{added:,}' if added else 'none'} added by {by})"


def first_names(names: Sequence[str], number: int) -> str:
    """Write the first of `number` names: ``a, b and 3 more``."""
    shown = [plain(name) for name in names[:_NAMES]]
    more = f" and {number - len(shown):,} more" if number > len(shown) else ""
    return f"{', '.join(shown)}{more}" or "none"


def asked_for(info: SessionInfo) -> list[str]:
    """Say which devices the graph of a session asks for, a line for each."""
    return [_placed(on) for on in info.asked]


def ran_on(info: SessionInfo) -> list[str]:
    """Say where the last traced run of a session ran, a line for each device, and which run that was."""
    trace = info.last_trace
    return [*(_placed(on) for on in trace.placement), f"in {trace.where}"] if trace and trace.placement else []


def _placed(on: DevicePlacement) -> str:
    """Write ``CPU:1: 12 operations (v, square, relu and 9 more), 1 variable (v)``."""
    parts = [(on.operations, "operation", on.first), (len(on.variables), "variable", on.variables)]
    said = [f"{count(number, noun)} ({first_names(of, number)})" for number, noun, of in parts if number]
    return f"{plain(on.device)}: {', '.join(said)}"


def closed_message(was: SessionInfo) -> str:
    """Say what closing a session freed."""
    if was.kind is Kind.EAGER:
        return f"closed {was.name}: {_dropped(was)}"
    whose = "" if was.kind.is_ours else f", made by {was.origin}"
    return (
        f"closed {was.name}{whose}: {count(was.operations, 'operation')}, {count(len(was.variables), 'variable')}; "
        f"{_given_back(was)}{_unfinished(was)}"
    )


def adopted_message(adopted: SessionInfo) -> str:
    """Say which maker's session has got a name, and what the name is for."""
    name = adopted.name
    return f"adopted: the session that {adopted.origin} made is named {name} now; %%tfsession {name} runs a cell in it"


def reset_message(was: SessionInfo) -> str:
    """Say what a reset took away."""
    if was.kind is Kind.EAGER:
        return f"reset {was.name} ({_generation(was)}): {_dropped(was)}"
    size = f" ({format_bytes(was.variables_nbytes)})" if was.variables else ""
    variables = f"{count(len(was.variables), 'variable')}{size}"
    now, gone = "its graph is empty now", f"{count(was.operations, 'operation')}, {variables}"
    if was.options.graph:
        now = f"an empty graph takes the place of {was.options.graph}, which stays"
        gone = f"the values of {variables}" if was.variables else "nothing"
    return f"reset {was.name}: {now} ({_generation(was)}). Gone: {gone}; {_given_back(was)}{_unfinished(was)}"


def _generation(was: SessionInfo) -> str:
    return f"generation {was.generation + 1}; each reset adds 1"


def saved_message(name: str, reply: SaveReply) -> str:
    """Say what a save has written, and what it has left out."""
    left_out = f". Not saved: {'; '.join(reply.left_out)}" if reply.left_out else ""
    runs = (
        f". {count(reply.runs, 'run')} in flight meanwhile: a value may be from before or after what such a run changes"
        if reply.runs
        else ""
    )
    return f"saved {_values(reply)} of {name} to {plain(reply.path)}{left_out}{runs}"


def restored_message(name: str, reply: RestoreReply) -> str:
    """Say what a restore has given its session, and what it has not."""
    left_out = f". Not restored: {'; '.join(reply.left_out)}" if reply.left_out else ""
    unused = f". In the file only: {first_names(reply.unused, len(reply.unused))}" if reply.unused else ""
    return f"restored {_values(reply)} of {name} from {plain(reply.path)}{left_out}{unused}"


def _values(reply: SaveReply | RestoreReply) -> str:
    return f"{count(len(reply.variables), 'variable')} ({format_bytes(reply.nbytes)})"


def _given_back(was: SessionInfo) -> str:
    """Say what came back, and what did not and why."""
    if was.target:
        return f"its variables stay on the server {plain(was.target)}, until that ends or resets them"
    back = was.given_back
    if back is None:
        return f"{format_bytes(was.variables_nbytes)} given back to TensorFlow's allocator"
    is_measured = not back.unavailable
    nbytes = back.nbytes if is_measured else was.variables_nbytes
    said = f"{format_bytes(nbytes)} given back to TensorFlow's allocator"
    if not is_measured and nbytes:
        said += f" (not measured: {back.unavailable})"
    if len(back.by_device) > 1:
        said += f" ({', '.join(f'{name}: {format_bytes(freed)}' for name, freed in back.by_device)})"
    said += _kept(nbytes, back.resident)
    missing = was.variables_nbytes - nbytes
    if missing > max(_INEXACT, was.variables_nbytes // 100):
        held = "something still refers to them, or other code has taken them since"
        said += f"; {format_bytes(missing)} are not free: {held}"
    if any(not name.startswith("CPU") for name, freed in back.by_device if freed):
        said += "; the memory of a GPU stays with the process until the kernel restarts"
    return said


def _kept(nbytes: int, smaller: int | None) -> str:
    """Say by how much the process became smaller."""
    if nbytes < _INEXACT or smaller is None:
        return ""
    if smaller >= nbytes // 2:
        return f": the process is {format_bytes(smaller)} smaller"
    size = f"only {format_bytes(smaller)} smaller" if smaller >= _INEXACT else "no smaller"
    return f", which keeps it for reuse, so the process is {size}"


def _unfinished(was: SessionInfo) -> str:
    """Say that runs have not ended."""
    if not was.unfinished:
        return ""
    return (
        f". TensorFlow cannot end {count(was.unfinished, 'run')}: it frees the memory when the operation of the run "
        "finishes, or when the kernel restarts"
    )


def _dropped(was: SessionInfo) -> str:
    """Say which names an eager scope has removed, and which of its variables were freed."""
    names = (
        f"removed from the notebook: {', '.join(map(plain, was.names))}"
        if was.names
        else "it had no names in the notebook"
    )
    if not was.variables:
        return names
    freed = count(len(was.variables) - was.still_held, "variable")
    size = format_bytes(was.variables_nbytes - was.still_held_nbytes)
    held = ""
    if was.still_held:
        it = "it" if was.still_held == 1 else "them"
        size_held = format_bytes(was.still_held_nbytes)
        held = f"; {count(was.still_held, 'variable')} ({size_held}) not freed: other objects refer to {it}"
    return f"{names}; {freed} freed, {size} given back to TensorFlow's allocator{held}"
