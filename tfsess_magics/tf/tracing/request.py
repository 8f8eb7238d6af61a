"""An order to trace a run.

In the first run of a step TensorFlow prepares its part of the graph. That is in the wall time of the run and in the
time of no operation. Operations prepare themselves too, and that is in theirs: a matrix product of oneDNN took 140 ms
in its first run and 2 ms after. So the order of a cell shows the second run. It traces the first one as well, and
shows that only where no second one is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfsess_magics.core.runs import RunMeter


class Order:
    """An order to trace a run of a session that ends well; any thread may call it.

    It is for the next run, or for one of a cell. That is its second one, as the first may prepare what the others use,
    or its only one.

    Parameters
    ----------
    session
        Name of the session.
    meter
        Counts its runs.
    show
        Called with the traced run that is the one.
    of_cell
        True if it is for a cell, begins with it and ends with it.
    """

    def __init__(self, session: str, meter: RunMeter, show: Callable[[Any], None], *, of_cell: bool) -> None:
        self.session = session
        self.of_cell = of_cell
        self.is_open = True
        """True while it still waits for a run to trace."""
        self.runs: int | None = None
        """The number of runs in the cell, once it has ended."""
        self._meter = meter
        self._show = show
        self._runs_before = meter.runs
        self._refused: dict[str, None] = {}
        self._first: Any = None

    @property
    def next_run(self) -> int:
        """Number of the run that begins now, from the beginning of the cell on."""
        return self._meter.runs - self._runs_before + 1

    def follow(self, meter: RunMeter) -> None:
        """Count the runs that `meter` counts from now on, after those that were counted so far."""
        self._meter, self._runs_before = meter, meter.runs + 1 - self.next_run

    def take(self, traced: Any, run_of_cell: int | None) -> None:
        """Take a run that was traced: the first of a cell is shown at its end, if no other was traced by then."""
        if not self.is_open:
            return
        if self.of_cell and run_of_cell == 1:
            self._first = traced
        else:
            self._finish(traced)

    def _finish(self, traced: Any) -> None:
        self.is_open = False
        self._first = None
        self._show(traced)

    def refuse(self, why: str) -> bool:
        """Note why a run was not traced, a sentence, and return whether it is the first since that was told."""
        is_first = not self._refused
        self._refused[why] = None
        return is_first

    def end(self) -> list[str]:
        """End the order with its cell, and say why there is no trace, if there is none."""
        self.runs = self._meter.runs - self._runs_before
        if self.is_open and self._first is not None:
            self._finish(self._first)
        if not self.is_open:
            return []
        self.is_open = False
        said = [f"--trace: {why}" for why in self._refused]
        return [*said, f"--trace: this cell made no trace of a run of {self.session!r}."]

    def news(self) -> list[str]:
        """Say, once, which runs were not traced and that the order goes on; a cell's order says it at its end."""
        if self.of_cell:
            return []
        refused, self._refused = self._refused, {}
        going_on = [f"The order goes on: it traces the next run of {self.session!r}."] if self.is_open else []
        return [*refused, *going_on] if refused else []
