"""An order to trace a run."""

from __future__ import annotations

from tfsess_magics.core.runs import RunMeter


class Order:
    """An order to trace the next run of a session that ends well; any thread may call it.

    Parameters
    ----------
    session
        Name of the session.
    meter
        Counts its runs.
    of_cell
        Whether it ends with a cell, and counts the runs from there on.
    """

    def __init__(self, session: str, meter: RunMeter, *, of_cell: bool) -> None:
        self.session = session
        self.of_cell = of_cell
        self.is_open = True
        """Whether a run is to be traced still."""
        self.runs: int | None = None
        """How many runs there were in the cell, once it has ended."""
        self._meter = meter
        self._runs_before = meter.runs
        self._refused: dict[str, None] = {}

    @property
    def next_run(self) -> int:
        """Number of the run that begins now, from the beginning of the cell on."""
        return self._meter.runs - self._runs_before + 1

    def refuse(self, why: str) -> bool:
        """Note why a run was not traced, a sentence, and return whether it is the first since that was told."""
        is_first = not self._refused
        self._refused[why] = None
        return is_first

    def end(self) -> list[str]:
        """End the order with its cell, and say why there is no trace, if there is none."""
        self.runs = self._meter.runs - self._runs_before
        if not self.is_open:
            return []
        self.is_open = False
        said = [f"--trace: {why}" for why in self._refused]
        return [*said, f"--trace: no run of {self.session!r} was traced in this cell, and the order ends with it."]

    def news(self) -> list[str]:
        """Say, once, which runs were not traced and that the order goes on; a cell's order says it at its end."""
        if self.of_cell:
            return []
        refused, self._refused = self._refused, {}
        going_on = [f"The next run of {self.session!r} will be traced."] if self.is_open else []
        return [*refused, *going_on] if refused else []
