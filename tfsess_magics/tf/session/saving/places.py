"""The places of variables in a checkpoint: the names, and the slices of partitioned ones, that a ``Saver`` gives them.

A Saver takes the name of a variable's operation (saveable_object_util.py, ``op_list_to_dict``). Parts of a partitioned
variable are slices of one tensor. Only their Python objects tell that, and the graph's collections have these.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import tensorflow as tf


class Place(NamedTuple):
    """The place of one variable in a checkpoint."""

    name: str
    spec: str = ""
    """The slice as a checkpoint writes it: ``8 2 0,4:0,2``; empty for a whole tensor."""
    whole: tuple[int, ...] = ()
    """The shape of the tensor that the variable is a slice of."""
    slices: tuple[slice, ...] = ()

    @property
    def is_part(self) -> bool:
        """True for a slice of a tensor."""
        return bool(self.spec)


def places(graph: tf.Graph, names: Iterable[str]) -> dict[str, Place]:
    """Return the place of each variable, by the names of their operations."""
    parts = {}
    for key in graph.get_all_collection_keys():
        for item in graph.get_collection(key):
            info = getattr(item, "_save_slice_info", None) if isinstance(item, tf.Variable) else None
            if info is not None:
                parts[item.op.name] = Place(
                    info.full_name,
                    info.spec,
                    tuple(info.full_shape),
                    tuple(slice(at, at + n) for at, n in zip(info.var_offset, info.var_shape, strict=True)),
                )
    return {name: parts.get(name) or Place(name) for name in names}
