"""Frozen records of a session at one moment.

They are the same facts for the magic, the Python API and the panel. Times are seconds since the
epoch, durations seconds, sizes bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tfsess_magics.core.memory import GivenBack, RunMemory
from tfsess_magics.core.options import SessionOptions
from tfsess_magics.core.plain import plain
from tfsess_magics.core.trace import DevicePlacement, RunTrace


class Kind(StrEnum):
    """The kinds of sessions, by their maker and form."""

    NAMED = "named"
    """Opened by ``%%tfsession NAME`` or `tfsess_magics.session`; ours to reset and close."""
    OBSERVED = "observed"
    """Made by other code; seen, not owned."""
    ADOPTED = "adopted"
    """Made by other code, and given a name; cells can run in it, its maker still owns it."""
    EAGER = "eager"
    """A named scope for TensorFlow 2 code, opened by ``%%tfsession NAME --eager``: no graph, no TensorFlow session."""
    OUTSIDE = "outside"
    """Eager variables in no scope: those that ordinary cells and modules hold."""

    @property
    def is_eager(self) -> bool:
        """True if it has no graph and no TensorFlow session."""
        return self in (Kind.EAGER, Kind.OUTSIDE)

    @property
    def is_ours(self) -> bool:
        """True if this package opened it, so that the user may reset and close it."""
        return self in (Kind.NAMED, Kind.EAGER)


class State(StrEnum):
    """The activity of a session."""

    IDLE = "idle"
    """No cell and no ``with`` block is in it, and no run."""
    ENTERED = "entered"
    """A cell or a ``with`` block is in it; no run is in flight."""
    RUNNING = "running"
    """A ``session.run`` is in flight."""
    CLOSED = "closed"
    """Other code has closed its TensorFlow session; a reset starts a named one anew."""


class Maker(StrEnum):
    """The way by which a session came into the list."""

    MAGIC = "magic"
    API = "api"
    OTHER = "other"
    """None of ours: code that made a TensorFlow session itself."""
    CELLS = "cells"
    """No session of any maker: whatever runs in no named scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The maker of a session: the way it came into the list, and the line of code or the cell."""

    maker: Maker
    module: str = ""
    function: str = ""
    file: str = ""
    line: int = 0
    cell: int | None = None
    """Execution count of the notebook cell, if it was one."""

    @property
    def is_known(self) -> bool:
        """True if this package saw its making; else it was there before."""
        return bool(self.file) or self.maker is not Maker.OTHER

    @property
    def short_file(self) -> str:
        """The folder and the name of the file."""
        return "/".join(self.file.replace("\\", "/").split("/")[-2:])

    def __str__(self) -> str:
        return write_origin(
            maker=self.maker,
            module=self.module,
            function=self.function,
            file=self.short_file,
            line=self.line,
            cell=self.cell,
        )


def write_origin(*, maker: str, module: str, function: str, file: str, line: int, cell: int | None) -> str:
    """Write ``cell 4`` or ``prep:load prep/io.py:42``; `file`: its folder and name only."""
    if cell is not None:
        return f"cell {cell}"
    if maker == Maker.CELLS:
        return "ordinary cells and modules"
    if not file:
        return "code that ran before tfsess_magics was loaded"
    place = f"{module}:{function}" if function != "<module>" else module
    return plain(f"{place} {file}:{line}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The facts of a session that change only when it is reset."""

    id: int
    name: str
    """``#7`` for an observed session."""
    kind: Kind
    origin: Origin
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """The use of a session at one moment."""

    state: State
    running_since: float | None = None
    """Start of the oldest run in flight."""
    is_unused: bool = False
    """True if it looks leaked; see `tfsess_magics.tf.session.unused`."""
    is_used: bool = False
    """True if every later cell of a notebook runs in it: ``%tfsession use``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInfo:
    """A device that a session can place operations on: ``CPU:0`` of type ``CPU``."""

    name: str
    type: str
    memory_limit: int | None = None
    """Bytes that TensorFlow may take of it; None where it names no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableInfo:
    """One variable of a session's graph, found by the type of its operation."""

    name: str
    shape: tuple[int | None, ...] | None
    """Static shape; None for a dimension, or for all of it, that is not known statically."""
    dtype: str
    nbytes: int | None
    """Elements times size; where its shape is not known statically, those of its value; None when it is not known."""
    initialized: bool | None
    """None when it is not known (yet)."""
    device: str
    """``GPU:0``, as a traced run found it or else as the graph wants it; empty when TensorFlow decides among several
    devices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    """A model, an optimizer or a dataset that a cell of an eager scope gave a name."""

    name: str
    type: str
    """Name of its class."""
    variables: int
    nbytes: int
    """Bytes of its variables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The parts of a session that its close or reset could not end or free."""

    unfinished: int = 0
    """Runs that have not ended, since an operation has to finish first."""
    still_held: int = 0
    """Variables of an eager scope which live on, since something else refers to them."""
    still_held_nbytes: int = 0


@dataclass(frozen=True, slots=True)
class StopReply:
    """The progress of an order to stop a session."""

    is_done: bool
    """False while a run goes on that ends by itself, or whose stop takes long."""
    message: str
    """The work done, with what was kept and what was not, or what the order waits for; a sentence."""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveReply:
    """The work done by an order to save the values of a session's variables."""

    path: str
    """The checkpoint as a ``Saver`` takes it: the file names without their ends."""
    variables: tuple[str, ...]
    """Names of the variables that were saved."""
    nbytes: int
    """Bytes of their values."""
    left_out: tuple[str, ...] = ()
    """The values that were not saved, by reasons: ``a, b (no value)``."""
    has_every_value: bool = True
    """False if a variable was left out that has a value, or may have one."""
    runs: int = 0
    """Number of runs that were in flight meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreReply:
    """The work done by an order to restore the values of a session's variables."""

    path: str
    variables: tuple[str, ...]
    """Names of the variables that were restored."""
    nbytes: int
    """Bytes of their values."""
    left_out: tuple[str, ...] = ()
    """The variables that were not restored, and why, by reasons: ``a, b (not in the file)``."""
    unused: tuple[str, ...] = ()
    """Names of the tensors in the file that no variable takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """One ``session.run``."""

    started: float
    duration: float
    error: str | None
    """Type and first line of the exception it raised."""
    memory: tuple[RunMemory, ...] = ()
    """The memory that it needed, by device; empty where that was not measured."""
    is_shared: bool = False
    """True if another run overlapped, whose needs are in `memory` as well."""

    @property
    def peak(self) -> RunMemory | None:
        """The device on which it needed most."""
        return max(self.memory, key=lambda needed: needed.nbytes, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInfo(Identity):
    """One session at one moment."""

    state: State
    target: str = ""
    """Server that it is connected to: ``grpc://host:2222``; empty for a session in this process."""
    answers: bool | None = None
    """True if that server answered the last question; None if it was not asked yet."""
    is_default: bool = False
    """True if it is the default session of a thread."""
    is_unused: bool = False
    """True if it looks leaked; see `tfsess_magics.tf.session.unused`."""
    is_used: bool = False
    """True if every later cell of a notebook runs in it: ``%tfsession use``."""
    options: SessionOptions
    created: float
    operations: int = 0
    added: tuple[int, str] | None = None
    """The number of operations that the last cell or ``with`` block has added, and its name: ``cell 5``."""
    growth: str = ""
    """The growth of the graph whenever the same code runs, and the line that causes it; empty if there is none."""
    runs: int = 0
    """Runs that have ended, in this generation."""
    running_since: float | None = None
    """Start of the oldest run in flight."""
    mark: str = ""
    """The thing that the run in flight waits for, or why it cannot be stopped; empty if there is nothing to say."""
    last_run: RunInfo | None = None
    largest_run: RunInfo | None = None
    """The run that needed most memory, in this generation."""
    recent_runs: tuple[RunInfo, ...] = ()
    """Those that ended last, oldest first."""
    unmeasured: str = ""
    """Reason why the memory that runs needed is not known; empty if it is measured."""
    last_error: str | None = None
    """Of the latest run that failed, in this generation."""
    devices: tuple[DeviceInfo, ...] = ()
    asked: tuple[DevicePlacement, ...] = ()
    """The devices that operations of the graph ask for; where they ran is in the `last_trace`."""
    variables: tuple[VariableInfo, ...] = ()
    """Largest first."""
    names: tuple[str, ...] = ()
    """The user's names of an eager scope: its cells have assigned them, and no other code has since."""
    objects: tuple[ObjectInfo, ...] = ()
    """The models, optimizers and datasets of an eager scope, largest first."""
    still_held: int = 0
    """Of a session that was reset or closed; see `Ended`."""
    still_held_nbytes: int = 0
    given_back: GivenBack | None = None
    """Of a session that was reset or closed."""
    unfinished: int = 0
    """Of a session that was reset or closed; see `Ended`."""
    last_trace: RunTrace | None = None
    """The last traced run, in this generation."""
    is_trace_ordered: bool = False
    """True if the next run will be traced."""

    @property
    def all_nbytes(self) -> int:
        """Bytes of all variables, initialized or not, whose size is known."""
        return sum(v.nbytes or 0 for v in self.variables)

    @property
    def variables_nbytes(self) -> int:
        """Bytes of the initialized variables."""
        return sum(v.nbytes or 0 for v in self.variables if v.initialized)

    def nbytes_on(self, device: DeviceInfo) -> int:
        """Return the bytes of the initialized variables that are known to be on a device."""
        return sum(v.nbytes or 0 for v in self.variables if v.initialized and v.device == device.name)
