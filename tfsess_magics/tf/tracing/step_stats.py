"""The executions that TensorFlow has noted of a run, and the figures that follow from them.

The time of an operation is that of its own code, ``op_start`` to ``op_end``, waiting included. `operations` subtracts
from an operation that calls a function the time in which something ran inside. TensorFlow tells no threads on CPUs.
So the rows of the timeline are the executions of a device that went on at the same time, as in TensorFlow's own
timeline.

``allocated`` adds up ``total_bytes`` of all allocations of all executions, temporary buffers included, and is no
peak. ``output`` is what they returned, which may be a buffer of an input or a variable. The Chrome trace is what
``tensorflow.python.client.timeline.Timeline`` makes of the executions that are kept.
"""

from __future__ import annotations

import heapq
import json
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from tensorflow.core.framework import step_stats_pb2
from tensorflow.python.framework import op_def_registry

from tfsess_magics.core.trace import Execution, OperationTrace
from tfsess_magics.tf.internals import find

NOTED_EXECUTIONS = 1 << 20
"""TensorFlow notes no more of one run (step_stats_collector.cc, ``kMaxCollectedNodes``)."""

_LABEL = re.compile(r" = ([^( ]+)\((.*)\)")
_KERNEL = re.compile(r"@@([^#]+)#")
_DEVICE = re.compile(r"(?:/job:(\w+))?(?:/replica:\d+)?(?:/task:(\d+))?/(?:device:)?(\w+:\d+)(?:/(.*))?", re.IGNORECASE)
_RUNTIME = {"_SOURCE", "_SINK"}
"""The nodes where every executor begins and ends; no operations."""


class Noted(NamedTuple):
    """One execution, times in nanoseconds."""

    name: str
    type: str
    inputs: str
    """Of the node that was executed, as TensorFlow writes them: ``a, b:1, ^c``."""
    device: str
    full_device: str
    start: int
    end: int
    duration: int
    """Of the operation's own code, without the work of TensorFlow around it."""
    allocated: int
    output: int
    is_kernel: bool
    """True if it is the work of a GPU for an operation, which has an execution of its own."""
    node: Any


def noted_in(step_stats: Any) -> list[Noted]:
    """Return all executions that TensorFlow has noted of a run."""
    matches = [_DEVICE.match(found.device) for found in step_stats.dev_stats]
    tasks = {match.groups()[:2] for match in matches if match and match[1]}
    return [
        _noted(node, device.device, _short(device.device, with_task=len(tasks) > 1))
        for device in step_stats.dev_stats
        for node in device.node_stats
        if node.node_name not in _RUNTIME
    ]


def is_complete(step_stats: Any) -> bool:
    """Return True if TensorFlow has noted all that the run did."""
    return sum(len(device.node_stats) for device in step_stats.dev_stats) < NOTED_EXECUTIONS


def _noted(node: Any, full_device: str, device: str) -> Noted:
    is_kernel = "/stream:" in full_device or "/memcpy" in full_device
    label = _LABEL.search(node.timeline_label)
    name, type_, inputs = node.node_name, *(label.groups() if label else ("unknown", ""))
    if is_kernel:
        kernel = _KERNEL.search(node.timeline_label)
        name, _, type_ = (kernel[1] if kernel else name).partition(":")
    elif name == "RecvTensor":
        type_ = name
    start = node.all_start_nanos or node.all_start_micros * 1000
    took = node.all_end_rel_nanos or node.all_end_rel_micros * 1000
    began = node.op_start_rel_nanos or node.op_start_rel_micros * 1000
    ended = node.op_end_rel_nanos or node.op_end_rel_micros * 1000
    return Noted(
        name=name,
        type=type_ or "unknown",
        inputs=inputs,
        device=device,
        full_device=full_device,
        start=start,
        end=start + took,
        duration=max(0, ended - began),
        allocated=sum(memory.total_bytes for memory in node.memory),
        output=sum(output.tensor_description.allocation_description.requested_bytes for output in node.output),
        is_kernel=is_kernel,
        node=node,
    )


@cache
def _short(device: str, *, with_task: bool) -> str:
    match = _DEVICE.match(device)
    if match is None:
        return device
    job, task, name, part = match.groups()
    where = f"/job:{job}/task:{task}/" if with_task and job else ""
    return f"{where}{name.upper()}{f' {part}' if part else ''}"


def operations(noted: Sequence[Noted], other: Sequence[Noted]) -> list[OperationTrace]:
    """Add up the executions of each operation on each device.

    Parameters
    ----------
    other
        Those of operations that are not in the graph: most of them ran inside an operation that called a function.
    """
    intervals = sorted((found.start, found.end) for found in other)
    others = {id(found) for found in other}
    groups: defaultdict[tuple[str, str, str, str], list[Noted]] = defaultdict(list)
    for found in noted:
        groups[found.name, found.type, found.device, found.inputs].append(found)
    return [
        OperationTrace(
            name=name,
            type=type_,
            device=device,
            executions=len(group),
            self_time=sum(found.duration - _time_inside(found, intervals) for found in group) / 1e9,
            allocated=sum(found.allocated for found in group),
            of_graph=id(group[0]) not in others,
            output=sum(found.output for found in group),
        )
        for (name, type_, device, _), group in groups.items()
    ]


def _time_inside(call: Noted, intervals: Sequence[tuple[int, int]]) -> int:
    """Return for how long something ran inside an operation that calls a function."""
    if call.is_kernel or not _calls(call.type):
        return 0
    total, until = 0, call.start
    for index in range(bisect_left(intervals, (call.start, -1)), len(intervals)):
        start, end = intervals[index]
        if start >= call.end:
            break
        if (start, end) != (call.start, call.end) and end <= call.end:
            total += max(0, end - max(start, until))
            until = max(until, end)
    return min(total, call.duration)


@cache
def _calls(type_: str) -> bool:
    definition = op_def_registry.get(type_)
    return definition is not None and any(attr.type in ("func", "list(func)") for attr in definition.attr)


def longest(noted: Sequence[Noted], at_most: int) -> list[Noted]:
    """Return the executions that took longest, by start."""
    kept = heapq.nlargest(at_most, noted, key=lambda found: found.end - found.start)
    return sorted(kept, key=attrgetter("start"))


def timeline(noted: Sequence[Noted], first: int) -> Iterator[Execution]:
    """Yield executions as they are kept, with the time since `first`."""
    for found in noted:
        yield Execution(
            name=found.name,
            type=found.type,
            device=found.device,
            start=(found.start - first) / 1e9,
            duration=(found.end - found.start) / 1e9,
        )


def chrome_trace(noted: Sequence[Noted]) -> str:
    """Return executions as Chrome trace JSON, as TensorFlow's own timeline writes it."""
    devices: defaultdict[str, list[Any]] = defaultdict(list)
    for found in noted:
        devices[found.full_device].append(found.node)
    step_stats = step_stats_pb2.StepStats()
    for device, nodes in devices.items():
        step_stats.dev_stats.add(device=device).node_stats.extend(nodes)
    written: str = find("client.timeline:Timeline")(step_stats).generate_chrome_trace_format()
    return json.dumps(json.loads(written), separators=(",", ":"))
