"""The messages between a kernel and its front ends.

Every front end opens a comm of its own with the target `TARGET`. The kernel answers with a `Snapshot`, and then sends
an event whenever a session changes, each with the next revision. A gap tells a front end that it missed one, so it
orders a snapshot. At ``%load_ext`` the kernel registers a beacon, a comm that it never opens: a front end that asks
for comms of the target finds it. The kernel announces itself with one message on the beacon's id, which windows that
do not know it pass over. A ``comm_open`` would reach them all, but makes JupyterLab start a subshell for it and
complain.

An order carries a number, and gets one reply with that number, always: `Done`, `Refused`, or `Waiting` for a stop
that waits for a run to end by itself. No other reply comes when that run has ended. `SessionSummary.is_stopping`
tells every front end that the order waits, and its Stop then orders with ``now``. Each side names its
`PROTOCOL_VERSION`, a front end as it opens its comm. Where they differ, the panel and the kernel's next cell say
which side to upgrade.

Messages carry facts, and front ends make the sentences. They go over the wire as JSON objects whose ``type`` is the
tag of their class. Times are seconds since the epoch by the kernel's clock, durations seconds, sizes bytes.
``python -m labextension.generate_protocol`` makes ``labextension/src/protocol.ts`` from this file.
`tests/messages` holds one of each message, which the tests of both sides read.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

PROTOCOL_VERSION = 4
TARGET = "tfsess_magics"


class Origin(msgspec.Struct, frozen=True):
    """The code that made a session."""

    maker: Literal["magic", "api", "other", "cells"]
    """``other``: code that made a TensorFlow session itself; ``cells``: all code that is in no session."""
    module: str
    function: str
    file: str
    """Its folder and its name; empty for code that was not seen."""
    line: int
    cell: int | None
    """Execution count of the notebook cell, if it was one."""


class CodeLine(msgspec.Struct, frozen=True):
    """A line of code."""

    file: str
    """Its folder and its name."""
    line: int
    cell: int | None
    """Execution count of the notebook cell, if it was one."""
    text: str
    """Its beginning; empty where its file cannot be read."""


class Growth(msgspec.Struct, frozen=True):
    """The operations that a graph gets whenever the same code runs."""

    least: int
    most: int
    by: str
    """The cell that adds them, as messages call it: ``cell 7``; empty where each ``session.run`` does."""
    line: CodeLine | None
    """The line that adds most of them; None where TensorFlow does not tell."""


class OtherRun(msgspec.Struct, frozen=True):
    """A run that could end the wait of another."""

    thread: str | int
    """Name of its thread, or the thread's number where Python does not know the thread."""
    session: str
    """Empty where it is that of the run which waits."""


class AwaitedOperation(msgspec.Struct, frozen=True):
    """An operation that a run waits for, or that nothing can end."""

    does: Literal["dequeue", "enqueue", "lock", "loop", "other"]
    type: str
    """Of the operation, as TensorFlow calls it."""
    name: str
    """Of the queue or the lock; of the operation where it uses neither."""
    has_some: bool
    """True if it takes several elements from a queue, which may have some."""
    others: list[OtherRun]
    """Runs that fill or empty the queue, or hold the lock or wait for it."""
    is_remote: bool
    """True if it runs on a server, where other processes may do that too."""


class Waits(msgspec.Struct, frozen=True, tag="waits", tag_field="type"):
    """A run does not compute: it waits for one of some operations."""

    operations: list[AwaitedOperation]
    """Empty where they are not known."""
    more: int
    """The number of other operations."""


class Copying(msgspec.Struct, frozen=True, tag="copying", tag_field="type"):
    """A stop copies the values of variables."""


class Restoring(msgspec.Struct, frozen=True, tag="restoring", tag_field="type"):
    """A stop gives variables their values back."""


class Uncuttable(msgspec.Struct, frozen=True, tag="uncuttable", tag_field="type"):
    """A stop cannot end runs whose operations do not return."""

    runs: list[list[AwaitedOperation]]
    """Of each run the operations one of which it is in."""


class Unanswered(msgspec.Struct, frozen=True, tag="unanswered", tag_field="type"):
    """A stop waits for the answer of a server."""

    server: str


class Fetches(msgspec.Struct, frozen=True):
    """The names of what a run fetches."""

    names: list[str]
    more: int
    """The number of other names."""


class Finishing(msgspec.Struct, frozen=True, tag="finishing", tag_field="type"):
    """A stop waits for an operation that each of these runs needs."""

    runs: list[Fetches]


RunMark = Waits | Copying | Restoring | Uncuttable | Unanswered | Finishing


class SessionSummary(msgspec.Struct, frozen=True):
    """The facts that the row of a session shows."""

    id: int
    name: str
    kind: str
    state: str
    generation: int
    origin: Origin
    target: str
    """Server that it is connected to; empty for a session in the kernel's process."""
    answers: bool | None
    """True if that server answered the last question; None if it was not asked yet."""
    is_default: bool
    """True if it is the default session of a thread."""
    is_unused: bool
    """True if it looks leaked: no code uses it, and at most one name refers to it."""
    is_used: bool
    """True if every later cell of a notebook runs in it: ``%tfsession use``."""
    operations: int
    growth: Growth | None
    """None where no code makes the graph grow whenever it runs."""
    runs: int
    devices: list[str]
    variables: int
    variables_nbytes: int | None
    """Of initialized variables; None where it is not known which are."""
    running_since: float | None
    mark: RunMark | None
    """The thing that a run waits for, or why a stop has not ended it; None while it computes, as far as is known."""
    is_stopping: bool
    """True while an order to stop it waits for a run to end by itself: another one can cut that run."""


class Device(msgspec.Struct, frozen=True):
    """A device of a session."""

    name: str
    type: str
    memory_limit: int | None
    """None where TensorFlow knows none."""
    variables_nbytes: int
    """Of initialized variables that are known to be on it."""


class Variable(msgspec.Struct, frozen=True):
    """A variable of a session."""

    name: str
    shape: list[int | None] | None
    dtype: str
    nbytes: int | None
    initialized: bool | None
    device: str


class Object(msgspec.Struct, frozen=True):
    """A model, an optimizer or a dataset of an eager scope."""

    name: str
    type: str
    variables: int
    nbytes: int


class Run(msgspec.Struct, frozen=True):
    """A run that has ended."""

    started: float
    duration: float
    error: str | None
    device: str
    """The device where it needed most memory; empty where that was not measured."""
    peak: int
    """Of the device's allocator, above the level before the run."""
    is_shared: bool
    """True if another run overlapped, whose needs are in `peak` as well."""
    unavailable: str
    """The reason why `peak` is not available; empty where it is."""


class Added(msgspec.Struct, frozen=True):
    """The operations that a cell or a ``with`` block has added to a graph."""

    number: int
    by: str
    """The cell or block, as messages call it: ``cell 5``."""


class Placement(msgspec.Struct, frozen=True):
    """The numbers of operations and variables of a graph on one device."""

    device: str
    operations: int
    variables: int


class TracedRun(msgspec.Struct, frozen=True):
    """A traced run, and the devices on which it ran."""

    placement: list[Placement]
    cell: int | None
    """Execution count of the cell whose code started it."""
    thread: str
    """Empty for the main thread."""
    session: str
    run: int
    """Its number among the runs of this generation of the session."""
    run_of_cell: int | None
    """Its number among the session's runs during the cell that was to be traced, if it was such a cell."""
    runs_of_cell: int | None
    """The number of those runs; None while the cell goes on."""


class SessionDetails(msgspec.Struct, frozen=True):
    """The facts that only the open row of a session shows."""

    id: int
    generation: int
    options: str
    held_by: list[str]
    """The references to an observed or adopted session: ``the name sess in the notebook``."""
    created: float
    operations: int | None
    """None without a graph."""
    added: Added | None
    """The operations that the last cell or ``with`` block has added; None before there was one."""
    asked: list[Placement]
    """The devices that the graph asks for."""
    last_trace: TracedRun | None
    """The last traced run."""
    last_run: Run | None
    largest_run: Run | None
    """The one that needed most memory."""
    last_error: str | None
    devices: list[Device]
    """Empty for a session on a server whose devices are not known."""
    variables: list[Variable]
    """Largest first, at most `MAX_VARIABLES`."""
    more_variables: int
    more_variables_nbytes: int
    names: list[str]
    """The names that Reset and Close of an eager scope would unbind."""
    objects: list[Object]
    """Largest first."""


MAX_VARIABLES = 200


class Announcement(msgspec.Struct, frozen=True, tag="announcement", tag_field="type"):
    """The extension was loaded; sent once, on the id of a comm that is not open, so that no other code minds it."""

    target: str
    version: int


class Held(msgspec.Struct, frozen=True):
    """Memory that the initialized variables of a session hold on a device of the kernel."""

    id: int
    nbytes: int


class DeviceMemory(msgspec.Struct, frozen=True):
    """Memory of a device that TensorFlow's allocator has handed out to the kernel: ``CPU`` for all CPUs, ``GPU:0``."""

    name: str
    model: str
    in_use: int | None
    """None where it is not available."""
    peak: int | None
    limit: int | None
    total: int | None
    """Of the device itself."""
    elsewhere: int | None
    """Bytes that other processes have of it."""
    other: int | None
    """In use, and held by no known variable."""
    uncounted: int
    """Of known variables that are too small to be in `in_use`."""
    unavailable: str
    """The reason why `in_use` and `peak` are not available."""
    elsewhere_unavailable: str
    """The reason why `elsewhere` is not."""
    held: list[Held]
    """Largest first."""


class KernelMemory(msgspec.Struct, frozen=True):
    """The memory of the kernel's process."""

    resident: int | None
    pooled: int | None
    """Bytes that TensorFlow's allocator for CPUs keeps for later, at least."""
    devices: list[DeviceMemory]


class Sample(msgspec.Struct, frozen=True):
    """Memory that a session held at one time: bytes of initialized variables."""

    id: int
    at: float
    nbytes: int


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot", tag_field="type"):
    """Every session of the kernel."""

    version: int
    revision: int
    now: float
    """The kernel's clock."""
    sessions: list[SessionSummary]
    memory: KernelMemory | None
    """None before it was first looked at."""
    samples: list[Sample]
    """Of every session, oldest first."""


class SessionChanged(msgspec.Struct, frozen=True, tag="changed", tag_field="type"):
    """A session that is new or has changed."""

    revision: int
    session: SessionSummary


class MemoryChanged(msgspec.Struct, frozen=True, tag="memory", tag_field="type"):
    """The memory of the kernel is another, or what sessions hold; sent for changes of more than 1 %."""

    revision: int
    memory: KernelMemory
    samples: list[Sample]
    """The new ones."""


class SessionClosed(msgspec.Struct, frozen=True, tag="closed", tag_field="type"):
    """A session that is gone."""

    revision: int
    id: int


class Done(msgspec.Struct, frozen=True, tag="done", tag_field="type"):
    """The reply to an order that the kernel has carried out."""

    request: int
    message: str
    """The result, in a sentence."""
    details: SessionDetails | None = None
    """The reply to `Describe`."""


class Waiting(msgspec.Struct, frozen=True, tag="waiting", tag_field="type"):
    """The reply to a `Stop` that waits for a run to end by itself."""

    request: int
    message: str
    """The run that it waits for, and what a cut would lose."""


class Refused(msgspec.Struct, frozen=True, tag="refused", tag_field="type"):
    """The reply to an order that the kernel has not carried out."""

    request: int
    code: str
    """Name of the error's class."""
    message: str


FromKernel = Announcement | Snapshot | SessionChanged | MemoryChanged | SessionClosed | Done | Waiting | Refused


class Refresh(msgspec.Struct, frozen=True, tag="refresh", tag_field="type"):
    """Send a snapshot."""

    request: int


class Describe(msgspec.Struct, frozen=True, tag="describe", tag_field="type"):
    """Reply with the details of a session."""

    request: int
    id: int


class Reset(msgspec.Struct, frozen=True, tag="reset", tag_field="type"):
    """Reset a session, if it is of that generation still."""

    request: int
    id: int
    generation: int
    save_to: str = ""
    """Path of the checkpoint to save its variables to; the reset waits for that. Empty to save nothing."""


class Close(msgspec.Struct, frozen=True, tag="close", tag_field="type"):
    """Close a session, if it is of that generation still."""

    request: int
    id: int
    generation: int
    save_to: str = ""
    """As of `Reset`."""


class Stop(msgspec.Struct, frozen=True, tag="stop", tag_field="type"):
    """Stop the runs of a session, or its next one, if it is of that generation still."""

    request: int
    id: int
    generation: int
    now: bool = False
    """True to cut runs that would end by themselves."""


class Adopt(msgspec.Struct, frozen=True, tag="adopt", tag_field="type"):
    """Give an observed session a name, if it has none yet."""

    request: int
    id: int
    generation: int
    name: str


Order = Refresh | Describe | Reset | Close | Stop | Adopt


def encode(message: FromKernel) -> dict[str, Any]:
    """Return a message as the JSON object that goes over the wire."""
    encoded: dict[str, Any] = msgspec.to_builtins(message)
    return encoded


def decode(data: object) -> Order:
    """Read an order.

    Raises
    ------
    msgspec.ValidationError
        With the wrong field, and the type that it needs.
    """
    order: Order = msgspec.convert(data, Order)
    return order
