"""The values of variables, as a stop keeps them.

A fetch copies each value, and a feed copies it again. TensorFlow uses a fed array where it lies if that begins at a
multiple of 64 bytes. The arrays of numpy do so by chance. Those of over 32 MiB never do, as the C library maps each
of them on its own.

TensorFlow's allocator does not count an array that it uses in that way. So after a stop the value of a variable below
32 MiB may be missing from the memory in use, until something changes the variable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfsess_magics.tf.variables.internal_run import Runs, run_unseen


class Value(NamedTuple):
    """The value of one variable."""

    variable: str
    assign: str
    """The operation that assigns it, by name."""
    array: Any


class Values(NamedTuple):
    """The values of a session's variables."""

    assigned: Sequence[Value]
    lost: tuple[str, ...]
    """Names of variables that have a value, and no operation that reads or assigns it."""

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(getattr(value.array, "nbytes", 0) for value in self.assigned)

    def give(self, session: Runs, *, is_last: bool) -> Values:
        """Assign them in a session on the same graph, and return them; those that it does not take are lost then.

        Parameters
        ----------
        is_last
            True if a value for which there is no memory is lost as well.

        Raises
        ------
        MemoryError, tf.errors.ResourceExhaustedError
            If there is not enough memory for them, and this is not the last attempt.
        """
        given: list[Value] = []
        for step in self._steps(session.graph):
            if _is_given(session, step, is_last=is_last):
                given += step
            else:
                given += [value for value in step if len(step) > 1 and _is_given(session, [value], is_last=is_last)]
        there = {value.variable for value in given}
        lost = tuple(value.variable for value in self.assigned if value.variable not in there)
        return Values(given, self.lost + lost)

    def _steps(self, graph: tf.Graph) -> Iterator[list[Value]]:
        """Divide them: a tensor that several variables begin with is fed one value a step."""
        steps: list[list[Value]] = []
        same: Counter[str] = Counter()
        for value in self.assigned:
            initial = _fed(graph, value).name
            if same[initial] == len(steps):
                steps.append([])
            steps[same[initial]].append(value)
            same[initial] += 1
        return iter(steps)


def _fed(graph: tf.Graph, value: Value) -> tf.Tensor:
    return graph.get_operation_by_name(value.assign).inputs[1]


def _is_given(session: Runs, values: Sequence[Value], *, is_last: bool) -> bool:
    """Assign values in one step; return False if that fails, for one of them at least."""
    feeds = {}
    try:
        for value in values:
            fed = _fed(session.graph, value)
            feeds[fed._as_tf_output()] = np.asarray(value.array, fed.dtype.as_numpy_dtype)
        run_unseen(session, targets=[value.assign for value in values], feeds=feeds)
    except Exception as error:  # whatever it is, it concerns these alone
        if isinstance(error, MemoryError | tf.errors.ResourceExhaustedError) and not is_last:
            raise
        return False
    return True


NOTHING = Values((), ())
"""No values, of no variables."""
