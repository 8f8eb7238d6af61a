"""Frozen records: what one run has done, operation by operation.

Times are seconds; those of executions count from the start of the run's first one. Sizes are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tfsess_magics.core.plain import quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One execution of an operation."""

    name: str
    type: str
    """Of the operation as it was executed: TensorFlow exchanges some for faster ones, ``_MklMatMul``."""
    device: str
    start: float
    duration: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationTrace:
    """All executions of one operation on one device."""

    name: str
    type: str
    device: str
    executions: int
    self_time: float
    """From start to end of each execution, waiting included, without the time in which something ran inside it."""
    allocated: int
    """Sum of all that its executions have allocated, temporary buffers included: no peak."""
    of_graph: bool
    """True if it is one of the graph, or the graph is gone; else it is of a function, or TensorFlow made it."""
    output: int
    """Sum of what they have returned, buffers that belong to an input or to a variable included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePlacement:
    """The part of a graph on one device: as it asks for it, or as it ran."""

    device: str
    operations: int
    first: tuple[str, ...]
    """Names of the first of them."""
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """An operation that ran on another device than its graph asks for."""

    operation: str
    asked: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTrace:
    """One traced run. It keeps nothing of TensorFlow's alive, and it has a bounded size: see `cuts`."""

    session: str
    """Name of the session at the order."""
    run: int
    """Its number among the runs of this generation of the session."""
    run_of_cell: int | None
    """Its number among the session's runs during the cell that was to be traced, if it was such a cell."""
    runs_of_cell: int | None
    """The number of those runs; None while the cell goes on."""
    cell: int | None
    """Execution count of the cell whose code started it."""
    thread: str
    """Name of the thread in which it ran; empty for the main thread."""
    fetches: tuple[str, ...]
    """Names of the operations that it was for, the first of them."""
    fetched: int
    """Number of all of them."""
    started: float
    """Seconds since the epoch."""
    duration: float
    """From the call of TensorFlow's runtime to its return."""
    busy: float
    """From the start of the first operation to the end of the last one."""
    executions: int
    operations: int
    allocated: int
    """Sum of all allocations of all operations: no peak."""
    slowest: tuple[OperationTrace, ...]
    """Those that took longest."""
    largest: tuple[OperationTrace, ...]
    """Those that allocated most."""
    placement: tuple[DevicePlacement, ...]
    moved: tuple[Moved, ...]
    timeline: tuple[Execution, ...]
    """By start."""
    cuts: tuple[str, ...]
    """The parts left out to bound its size, a sentence each."""
    chrome: str
    """The timeline as Chrome trace JSON, as TensorFlow writes it."""

    @property
    def where(self) -> str:
        """Say where it ran, and which run it was."""
        cell = f"cell {self.cell}" if self.cell is not None else ""
        thread = f"thread {quoted(self.thread)}" if self.thread else ""
        return ", ".join(part for part in (cell, thread, self._which) if part)

    @property
    def _which(self) -> str:
        if self.run_of_cell is None:
            return f"run {self.run:,} of {self.session}"
        of = f" of {self.runs_of_cell:,}" if self.runs_of_cell is not None else ""
        return f"run {self.run_of_cell:,}{of} in that cell"

    def save(self, path: Path | str) -> None:
        """Write Chrome trace JSON, for ``chrome://tracing`` or Perfetto.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        Path(path).expanduser().write_text(self.chrome, encoding="utf-8")
