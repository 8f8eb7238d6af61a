"""The questions to the runtime which variables have a value.

A ``VarIsInitializedOp``, which every resource variable brings, answers in one step. Of a reference variable without
such an operation only a read tells: several in one step, then in halves. The rest is None, not known, after
`max_reads` steps. TensorFlow logs a warning for a step that fails. Before a stop a thousand reference variables, a
third of them without a value, take 9 s.

The questions name no operation that no run has used yet. TensorFlow can no longer change an operation that the
runtime has seen, and it does change some. The gradient of a loop adds outputs to the loop (while_v2.py,
``_add_while_inputs``). A probe between the loop and its gradient would make the user's next run fail. So variables
that are younger than the last extension have no value (`RunMeter.version`).

The questions use no operation with control inputs: to run it would run them. An operation of the graph may take the
value of a variable away (``DestroyResourceOp``). `GraphVariables` asks of such a variable again after each run.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import tensorflow as tf
from tensorflow.python.client.session import BaseSession

from tfsess_magics.tf.internals import VALUES
from tfsess_magics.tf.variables.internal_run import run_unseen, traced_unseen
from tfsess_magics.tf.variables.operations import Variable

_NODE = re.compile(r"\{\{node ([^}]+)\}\}")


def probe(
    session: BaseSession, pending: Sequence[Variable], version: int, timeout: int, max_reads: float
) -> Iterator[tuple[Variable, bool | None]]:
    """Ask the runtime; yield all with None first, and then with what it says.

    Parameters
    ----------
    version
        The number of operations of the graph that the runtime has seen.
    timeout
        Milliseconds that each step may take.
    max_reads
        Steps spent at most on finding out which of several variables cannot be read.

    Raises
    ------
    tf.errors.OpError
        If it does not answer.
    """
    known = [] if VALUES.missing else [v for v in pending if 0 <= v.probe_index < version]
    for variable in pending:
        yield variable, None
    checked = [v for v in known if v.check is not None]
    if checked:
        values = run_unseen(session, fetches=[v.check for v in checked], timeout=timeout)
        for variable, value in zip(checked, values, strict=True):
            yield variable, bool(value)
    unchecked = [v for v in known if v.check is None and v.read is not None]
    yield from _read(session, unchecked, timeout, max_reads)


def measure(session: BaseSession, variables: Sequence[Variable], version: int, timeout: int) -> dict[str, int]:
    """Return the bytes that the values of variables have now, by the names of these; not of those it cannot ask.

    A step that is traced says of what shape each operation's output was, and hands none of it over.

    Parameters
    ----------
    version, timeout
        As in `probe`.

    Raises
    ------
    tf.errors.OpError
        If it does not answer.
    """
    asked = {} if VALUES.missing else {v.value: v for v in variables if v.value and v.value_index < version}
    found = {}
    for node in traced_unseen(session, list(asked), timeout) if asked else ():
        if variable := asked.get(node.node_name):
            shape = node.output[0].tensor_description.shape
            found[variable.name] = math.prod(d.size for d in shape.dim) * tf.as_dtype(variable.dtype).size
    return found


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
