"""Growth of a graph with every run of the same code, which lasts until the session is reset.

Two forms count, and each only when it repeats itself. A cell adds operations in `_CELLS` of its runs in a row,
whatever runs between them. Or a loop has ``session.run`` show the runtime new operations `_STEPS` times
(``_extend_graph``). Those come from the same line, have the same types, and read the same older tensors.

Code that builds a graph in steps must remain unmarked, so this rather misses than alarms. Layers in a loop read
different tensors. Operations that make variables, queues or tables do not count. Code that a user runs by hand, cell
by cell, is another line each time. So a chain that grows by a link with each run of a loop has no mark before its
cell has run three times.

`Growth` knows a cell again by its body, and after an edit by the id that the front end gives it. The mark goes when
the cell runs without growth, or after as many runs without. The line is the innermost one outside TensorFlow, Keras
and this package, from the stack that operations remember. Those of an imported graph remember none.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, ClassVar, NamedTuple
from weakref import WeakSet

import tensorflow as tf
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core import protocol
from tfsess_magics.core.late import let_pass
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.session import CellCode
from tfsess_magics.core.text import graph_grows
from tfsess_magics.tf.context.activation import Activation, running_code
from tfsess_magics.tf.introspect.lines import Line, frame_of, line_of

_log = logging.getLogger(__name__)

_CELLS = 3
"""Runs of a cell in a row that have to add operations: the first may build, the second after an error."""
_STEPS = 20
"""Extensions by the same operations: loops over ten classes, folds or layers end before, loops of training do not."""
_APART = 5
"""Runs at most from one of them to the next: a step of training is a few runs."""
_KNOWN = 100
"""Cells, or kinds of extensions, of which it is remembered at most how often they came."""
_LOOKED_AT = 200
"""The operations at most whose type, or whose line of code, one look reads."""


class _Mark(NamedTuple):
    least: int
    most: int
    """Operations that it adds, at the least and at the most."""
    by: str
    """The cell that adds them: ``cell 7``; empty where each ``session.run`` does."""
    line: Line | None
    """The line that makes them, None if TensorFlow does not tell."""
    code: CellCode | None
    """The cell in which that was seen, None if it was in none."""

    @property
    def shown(self) -> protocol.Growth:
        """The mark as messages show it."""
        return protocol.Growth(self.least, self.most, self.by, self.line.shown if self.line else None)

    @property
    def key(self) -> object:
        """The key by which it is known when it comes again."""
        return self.code.body if self.code else self.line and (self.line.number, self.line.text)


class _Steps(NamedTuple):
    """Extensions by the same operations, one after the other."""

    seen: int
    run: int
    """Number of runs that had ended at the last one."""


class Growth:
    """The record of how the graph of one TensorFlow session grows; keeps neither of them alive.

    Owned by its `Watched`. Runs may be started inside the garbage collector: no lock is taken, and two threads at once
    may count one too few.

    Parameters
    ----------
    session
        Returns the session, None when it is gone.
    meter
        Counts its runs.
    """

    _unsaid: ClassVar[WeakSet[Growth]] = WeakSet()
    """Those with a mark that has not been said under a cell."""

    def __init__(self, session: Callable[[], BaseSession | None], meter: RunMeter) -> None:
        self._session = session
        self._meter = meter
        self.added: tuple[int, str] | None = None
        """The number of operations that the last activation has added, and its name: ``cell 5``."""
        self._cells: dict[int, list[int]] = {}
        """The numbers of operations that the last runs of a cell have added, by the hash of its body."""
        self._steps: dict[int, _Steps] = {}
        self._by_cell: _Mark | None = None
        self._by_steps: _Mark | None = None
        self._kind = 0
        """The kind of extensions of which `_by_steps` tells."""
        self._last_run = 0
        """Number of runs that had ended at the last of them."""
        self._said: dict[object, None] = {}

    @property
    def mark(self) -> protocol.Growth | None:
        """The growth of the graph, None if it does not grow."""
        mark = self._mark
        return None if mark is None else mark.shown

    @property
    def _mark(self) -> _Mark | None:
        is_over = self._meter.runs - self._last_run > _STEPS
        return self._by_cell if self._by_steps is None or is_over else self._by_steps

    def left(self, activation: Activation, begun: int) -> None:
        """Note what `activation`, which is over, has added to a graph that had `begun` operations."""
        try:
            session = self._session()
            if session is not None:
                self._left(activation, session.graph, begun)
        except Exception:  # noqa: BLE001 - an error of ours is not the user's
            let_pass()
            _log.debug("what a cell has added to its graph could not be found out", exc_info=True)

    def _left(self, activation: Activation, graph: tf.Graph, begun: int) -> None:
        added = graph.num_operations() - begun
        self.added = added, activation.by
        if activation.code is None:
            return
        body = hash(activation.code.body)
        if not added:
            self._cells.pop(body, None)
            self._forget(activation.code)
            return
        runs = self._cells[body] = [*self._cells.pop(body, []), added][-_CELLS:]
        _limit(self._cells)
        if len(runs) == _CELLS:
            self._by_cell = _Mark(min(runs), max(runs), activation.by, _busiest_line(graph, begun), activation.code)
            self._say()

    def extended(self, begun: int) -> None:
        """Note that the runtime was shown more of the graph than its first `begun` operations."""
        try:
            session = self._session()
            if begun and session is not None:
                self._extended(session.graph, begun)
        except Exception:  # noqa: BLE001 - as above
            let_pass()
            _log.debug("what a run has added to its graph could not be found out", exc_info=True)

    def _extended(self, graph: tf.Graph, begun: int) -> None:
        operations = graph.get_operations()[begun:]
        kind = _kind(operations)
        if kind is None:
            return
        run = self._meter.runs
        before = self._steps.pop(kind, None)
        seen = before.seen + 1 if before and run - before.run <= _APART else 1
        self._steps[kind] = _Steps(seen, run)
        _limit(self._steps)
        if seen < _STEPS:
            return
        if self._by_steps is None or (kind != self._kind and self._mark is not self._by_steps):
            number = len(operations)
            self._by_steps = _Mark(number, number, "", _busiest_line(graph, begun), running_code())
            self._kind, self._last_run = kind, run
            self._say()
        elif kind == self._kind:
            self._last_run = run

    def _say(self) -> None:
        mark = self._mark
        if mark is not None and mark.key not in self._said:
            self._said[mark.key] = None
            self._unsaid.add(self)

    def _forget(self, code: CellCode) -> None:
        """Take back the mark of a cell that has run without growth, perhaps after it was edited."""
        if self._by_cell and code.is_of(self._by_cell.code):
            self._said.pop(self._by_cell.key, None)
            self._by_cell = None
        if self._by_steps and code.is_of(self._by_steps.code):
            self._said.pop(self._by_steps.key, None)
            self._by_steps = None

    @classmethod
    def news(cls, sessions: Callable[[], Iterable[Any]]) -> list[str]:
        """Return the notices under a cell for those `sessions` whose mark is new."""
        unsaid = set()
        with suppress(KeyError):
            while True:  # another thread may add one at any time
                unsaid.add(cls._unsaid.pop())
        if not unsaid:
            return []
        return [
            f"{session.name}: {said}"
            for session in sessions()
            if session.watched.growth in unsaid and (said := graph_grows(session.watched.growth.mark))
        ]


def _limit(known: dict[int, Any]) -> None:
    if len(known) > _KNOWN:
        known.pop(next(iter(known)), None)


def _kind(operations: list[tf.Operation]) -> int | None:
    """Return what operations have in common that one line makes to do the same with the same tensors.

    None where they hold something, a variable or a queue: then that is what is being built. Layers differ by what they
    read, and what is done by hand by its line.
    """
    looked_at = operations[:_LOOKED_AT]
    own = {operation.name for operation in operations}
    frame = frame_of(operations[-1])
    parts: list[Any] = [len(operations), frame and (frame.filename, frame.lineno)]
    for operation in looked_at:
        inputs = [tensor.name for tensor in operation.inputs if tensor.op.name not in own]
        waited_for = [other.name for other in operation.control_inputs if other.name not in own]
        if not operation.inputs and _holds_something(operation):
            return None
        parts.append((operation.type, *inputs, *waited_for))
    return hash(tuple(parts))


def _holds_something(operation: tf.Operation) -> bool:
    """Return True for a variable, a queue or a table, and not for an iterator, which is made to be run down."""
    return "Iterator" not in operation.type and any(
        output.dtype == tf.resource or output.dtype._is_ref_dtype for output in operation.outputs
    )


def _busiest_line(graph: tf.Graph, begun: int) -> Line | None:
    """Return the line that has made most of the newest operations, the first such line if there are several."""
    newest = graph.get_operations()[begun:][-_LOOKED_AT:]
    lines = Counter(line for line in map(line_of, newest) if line is not None)
    return lines.most_common(1)[0][0] if lines else None
