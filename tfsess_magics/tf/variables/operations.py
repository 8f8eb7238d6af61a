"""The operations of a graph that are its variables, and those that read, assign and check them.

Variables are found by the type of their operation: collections miss local ones and those made with
``collections=[]``. No operation is added to the graph.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import tensorflow as tf

_RESOURCE = {"VarHandleOp"}
_REFERENCE = {"VariableV2", "Variable"}
_CHECKS = {"VarIsInitializedOp", "IsVariableInitialized"}
_READS = {"Identity", "ReadVariableOp"}
_ASSIGNS = {"Assign", "AssignVariableOp"}
_DESTROYS = "DestroyResourceOp"
_USES = {*_CHECKS, *_READS, *_ASSIGNS, _DESTROYS}


@dataclass(slots=True)
class Variable:
    """A variable as the operations of its graph tell of it, and what is known of its value."""

    name: str
    shape: tuple[int | None, ...] | None
    dtype: str
    nbytes: int | None
    """Of the value that it had when it was asked last, where it `varies`."""
    varies: bool
    """True if the shape is that of the value, of a type whose elements have a size."""
    device: str
    index: int
    resource: tuple[object, ...]
    """The key by which the runtime knows it: two operations may share one variable."""
    initialized: bool | None
    check: str | None = None
    """Operation that says whether there is a value."""
    read: str | None = None
    """Operation that fails when there is none; of use where `check` is missing."""
    probe_index: int = -1
    value: str | None = None
    """Operation that reads the value."""
    value_index: int = -1
    assign: str | None = None
    """The first operation that assigns a value: the initializer."""
    assign_any: str | None = None
    """The first that assigns a value of any shape."""
    can_go: bool = False
    """True if an operation takes the value away."""

    def assign_of(self, shape: tuple[int, ...]) -> str | None:
        """Return the operation that assigns a value of this shape to a new variable, None if there is none."""
        fits = self.shape is None or None in self.shape or self.shape == shape
        return self.assign if fits and self.assign else self.assign_any


def scan(graph: tf.Graph, scanned: int, variables: dict[str, Variable], initialized: bool | None) -> int:
    """Add the variables that are new in a graph to those that are known, and return how many operations were looked at.

    Parameters
    ----------
    scanned
        The number of operations that were looked at before.
    initialized
        True if a new one has a value, None where that is not known.
    """
    operations = graph.get_operations()
    for index in range(scanned, len(operations)):
        op = operations[index]
        if op.type in _RESOURCE or op.type in _REFERENCE:
            variables[op.name] = _describe(op, index, initialized)
        elif op.type in _USES and (variable := variables.get(op.inputs[0].op.name)):
            _note(variable, op, index)
    return len(operations)


def _note(variable: Variable, op: tf.Operation, index: int) -> None:
    """Take note of an operation on a variable."""
    if op.type == _DESTROYS:
        variable.can_go = True
    elif op.control_inputs:
        return  # to run it would run what it waits for
    elif op.type in _ASSIGNS:
        variable.assign = variable.assign or op.name
        if variable.assign_any is None and _takes_any_shape(op):
            variable.assign_any = op.name
    elif op.type in _CHECKS and variable.check is None:
        variable.check, variable.probe_index = op.name, index
    elif op.type in _READS:
        if variable.value is None:
            variable.value, variable.value_index = op.name, index
        if variable.check is None and variable.read is None:
            variable.read, variable.probe_index = op.name, index


def _takes_any_shape(op: tf.Operation) -> bool:
    """Say whether it assigns values of other shapes than that of the variable, if this has no value (assign_op.h)."""
    return op.type == "AssignVariableOp" or not op.get_attr("validate_shape")


def _describe(op: tf.Operation, index: int, initialized: bool | None) -> Variable:
    dims = op.get_attr("shape")
    shape = None if dims.unknown_rank else tuple(None if d.size < 0 else d.size for d in dims.dim)
    dtype = tf.as_dtype(op.get_attr("dtype")).base_dtype
    has_shape = shape is not None and None not in shape
    has_size = dtype not in (tf.string, tf.resource, tf.variant)
    spec = tf.compat.v1.DeviceSpec.from_string(op.device)
    return Variable(
        name=op.name,
        shape=shape,
        dtype=dtype.name,
        nbytes=math.prod(shape) * dtype.size if has_shape and has_size else None,  # type: ignore[arg-type]
        varies=has_size and not has_shape,
        device=f"{spec.device_type}:{spec.device_index or 0}" if spec.device_type else "",
        index=index,
        resource=_resource(op),
        initialized=initialized,
    )


def _resource(op: tf.Operation) -> tuple[object, ...]:
    """Return what a variable is known by to the runtime; a resource without a shared name has an empty one."""
    name = op.get_attr("shared_name") or (b"" if op.type in _RESOURCE else op.name.encode())
    return op.type, op.device, op.get_attr("dtype"), op.get_attr("container"), name
