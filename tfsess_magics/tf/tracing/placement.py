"""The devices on which the operations of a graph have run, and those on which the graph asks for them to run.

Placement is that of the graph's operations which the run needed and which were executed. Operations inside functions
have names of their own, which may equal those of the graph. Such an execution counts only if its inputs are those of
the operation in the graph. Grappler removes and adds operations, so an execution may belong to none in the graph: the
view marks it with ``*``.

`AskedDevices` reads the devices that a graph asks for when a view asks, and remembers them for that version of the
graph. An operation that code is making gets its device last, so it remembers nothing meanwhile.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping

import tensorflow as tf

from tfsess_magics.core.trace import DevicePlacement, Moved
from tfsess_magics.tf.internals import GRAPH_LOCK
from tfsess_magics.tf.tracing.step_stats import Noted

_SUFFIX = re.compile(r"(/_\d+)?(:\d+)?$")
"""The parts that TensorFlow adds to the name of an input from another device, and the number of an output."""
_VARIABLES = {"VarHandleOp", "VariableV2", "Variable"}
_FIRST = 3


class AskedDevices:
    """The devices that the operations of one graph ask for; any thread may call it."""

    def __init__(self) -> None:
        self._known: tuple[int, tuple[DevicePlacement, ...]] = 0, ()
        """The version of the graph that was looked at, and what was found."""

    def of(self, graph: tf.Graph) -> tuple[DevicePlacement, ...]:
        """Return what is asked to be on each device, without what asks for none; nothing if that is all."""
        version, found = self._known
        if graph.version != version:
            version, found = graph.version, _asked_for(graph)
            # An operation that is being made gets its device last.
            if not GRAPH_LOCK.missing and not graph._group_lock._group_member_counts[0] and graph.version == version:
                self._known = version, found
        return found


def _asked_for(graph: tf.Graph) -> tuple[DevicePlacement, ...]:
    on: defaultdict[str, list[tf.Operation]] = defaultdict(list)
    for op in graph.get_operations():
        on[op.device].append(op)
    asked: defaultdict[str, list[tf.Operation]] = defaultdict(list)
    for device, ops in on.items():
        if device:
            asked[_asked(device)] += ops
    return tuple(
        DevicePlacement(
            device=device,
            operations=len(ops),
            first=tuple(op.name for op in ops[:_FIRST]),
            variables=tuple(sorted(op.name for op in ops if op.type in _VARIABLES)),
        )
        for device, ops in sorted(asked.items())
    )


def of_graph(noted: Iterable[Noted], needed: Mapping[str, tf.Operation], in_functions: Container[str]) -> list[Noted]:
    """Return the executions that are certainly of operations of the graph.

    What runs inside a function may have the name of an operation of the graph; then the inputs tell.

    Parameters
    ----------
    needed
        The operations of the graph that the run needs, by their names.
    in_functions
        Names of what is inside the graph's functions.
    """
    by_name: defaultdict[str, defaultdict[str, list[Noted]]] = defaultdict(lambda: defaultdict(list))
    for found in noted:
        if found.name in needed and not found.is_kernel:
            by_name[found.name][found.inputs].append(found)
    return [
        found
        for name, by_inputs in by_name.items()
        for inputs in (
            [given for given in by_inputs if given and _has_inputs(needed[name], given)]
            if name in in_functions
            else by_inputs
        )
        for found in by_inputs[inputs]
    ]


def names_in_functions(graph: tf.Graph) -> set[str]:
    """Return the names of what is inside the functions of a graph."""
    definitions = [function.cached_definition for function in list(graph._functions.values())]
    return {node.name for definition in definitions for node in definition.node_def}


def _has_inputs(op: tf.Operation, given: str) -> bool:
    names = [_SUFFIX.sub("", name) for name in given.split(", ") if name and not name.startswith("^")]
    return names == [tensor.op.name for tensor in op.inputs]


def placement(found_in_graph: Iterable[Noted]) -> tuple[tuple[DevicePlacement, ...], dict[str, str]]:
    """Return what ran on each device, and the device of each variable by its name."""
    names: defaultdict[str, dict[str, None]] = defaultdict(dict)
    variables: dict[str, str] = {}
    for found in found_in_graph:
        names[found.device][found.name] = None
        if found.type in _VARIABLES:
            variables[found.name] = found.device
    devices = tuple(
        DevicePlacement(
            device=device,
            operations=len(names[device]),
            first=tuple(names[device])[:_FIRST],
            variables=tuple(sorted(name for name, where in variables.items() if where == device)),
        )
        for device in sorted(names)
    )
    return devices, variables


def moved(found_in_graph: Iterable[Noted], needed: Mapping[str, tf.Operation]) -> list[Moved]:
    """Return the operations that ran on another device than the graph asks for."""
    first = {found.name: found for found in reversed(list(found_in_graph))}
    return [
        Moved(operation=name, asked=_asked(needed[name].device), device=found.device)
        for name, found in first.items()
        if needed[name].device and not _is_on(needed[name].device, found.full_device)
    ]


def _is_on(asked: str, device: str) -> bool:
    wanted, got = (tf.compat.v1.DeviceSpec.from_string(name) for name in (asked, device))
    return all(
        getattr(wanted, part) in (None, getattr(got, part)) for part in ("job", "task", "device_type", "device_index")
    )


def _asked(device: str) -> str:
    spec = tf.compat.v1.DeviceSpec.from_string(device)
    if spec.job is not None or spec.device_type is None:
        return device
    return spec.device_type if spec.device_index is None else f"{spec.device_type}:{spec.device_index}"
