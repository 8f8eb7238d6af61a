"""The values of variables, as a stop keeps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from tensorflow.python.client.session import BaseSession

from tfsess_magics.tf.lent import lend
from tfsess_magics.tf.unseen import run_unseen


class Values(NamedTuple):
    """The values of a session's variables."""

    assigned: Sequence[tuple[str, Any]]
    """Each as the operation that assigns it, by name, and an array."""
    lost: tuple[str, ...]
    """Names of variables that have a value, and no operation that reads or assigns it."""

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(getattr(array, "nbytes", 0) for _, array in self.assigned)

    def give(self, session: BaseSession) -> None:
        """Assign them in a session on the same graph."""
        steps: list[dict[str, tuple[Any, Any]]] = []
        same: Counter[str] = Counter()
        for name, array in self.assigned:
            initial = session.graph.get_operation_by_name(name).inputs[1]
            if same[initial.name] == len(steps):  # a tensor that several variables begin with is fed one value a step
                steps.append({})
            steps[same[initial.name]][name] = (
                initial._as_tf_output(),
                np.asarray(array, initial.dtype.as_numpy_dtype),
            )
            same[initial.name] += 1
        for step in steps:
            run_unseen(session, targets=list(step), feeds=dict(step.values()))
            lend(array for _, array in step.values())


NOTHING = Values((), ())
"""No values, of no variables."""
