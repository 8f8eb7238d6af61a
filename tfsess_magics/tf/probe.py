"""Asks the runtime which variables have a value.

It is not told of operations that no run has used yet: an operation that the runtime has seen can no
longer be changed, and TensorFlow does change them, for example the loop whose gradient is taken
(while_v2.py, ``_add_while_inputs``), which would fail afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import tensorflow as tf
from tensorflow.python.client.session import BaseSession

from tfsess_magics.tf.unseen import run_unseen
from tfsess_magics.tf.variable_operations import Variable

_NODE = re.compile(r"\{\{node ([^}]+)\}\}")


def probe(
    session: BaseSession, pending: Sequence[Variable], version: int, timeout: int, max_reads: float
) -> Iterator[tuple[Variable, bool | None]]:
    """Ask the runtime; yield all with None first, and then with what it says.

    Parameters
    ----------
    version
        How many operations of the graph the runtime has seen.
    timeout
        Milliseconds that each step may take.
    max_reads
        Steps spent at most on finding out which of several variables cannot be read.

    Raises
    ------
    tf.errors.OpError
        If it does not answer.
    """
    known = [v for v in pending if 0 <= v.probe_index < version]
    for variable in pending:
        yield variable, None
    checked = [v for v in known if v.check is not None]
    if checked:
        values = run_unseen(session, fetches=[v.check for v in checked], timeout=timeout)
        for variable, value in zip(checked, values, strict=True):
            yield variable, bool(value)
    unchecked = [v for v in known if v.check is None and v.read is not None]
    yield from _read(session, unchecked, timeout, max_reads)


def _read(
    session: BaseSession, variables: list[Variable], timeout: int, max_reads: float
) -> Iterator[tuple[Variable, bool]]:
    groups, reads = [variables], 0
    while groups and reads < max_reads:
        group = groups.pop()
        if not group:
            continue
        reads += 1
        try:
            run_unseen(session, targets=[v.read for v in group], timeout=timeout)
        except tf.errors.FailedPreconditionError as error:
            named = _NODE.search(str(error))
            without = next((v for v in group if len(group) == 1 or (named and v.read == named[1])), None)
            if without is not None:
                yield without, False
            rest = [v for v in group if v is not without]
            middle = len(rest) // 2
            groups += [rest[middle:], rest[:middle]]
        else:
            for variable in group:
                yield variable, True
