"""The scopes that are open in a graph for a thread that builds it, and the code that opened them.

A graph keeps them for each thread with TensorFlow 2 behaviour, or after ``switch_to_thread_local``. A
``graph.gradient_override_map()`` or ``graph.container()`` that a body enters and never leaves does not end with the
body.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops, traceable_stack

from tfsess_magics.core.plain import quoted
from tfsess_magics.tf.context.left_open import Left, NotingStack, callers_of
from tfsess_magics.tf.introspect.callers import Caller

BUILD_STATE = (
    "_device_function_stack",
    "_control_dependencies_stack",
    "_colocation_stack",
    "_name_stack",
    "_variable_creator_stack",
    "_distribution_strategy_stack",
)
"""Attributes of a graph; those that are stacks are replaced by ones that note the code that opens something."""


def nothing_open(device: str | None) -> tuple[Any, ...]:
    """Return values of `BUILD_STATE` with nothing open but the default `device`."""
    devices = traceable_stack.TraceableStack()
    if device is not None:
        devices.push_obj(ops._UserDeviceSpec(device))
    colocations = traceable_stack.TraceableStack()
    for noting in (devices, colocations):
        noting._stack = NotingStack(noting._stack)
    return devices, NotingStack([]), colocations, "", [], []


def is_empty(graph: tf.Graph) -> bool:
    """Say whether code has built nothing in a graph; Keras 2 itself puts its learning phase into a new one."""
    return all(operation.name.split("/")[0] == "keras_learning_phase" for operation in graph.get_operations())


def device_scope(name: str) -> str:
    """Call a device scope by the name of its device."""
    return f"the device scope {quoted(name)}"


def name_scope(name: str) -> str:
    """Call a name scope by its name."""
    return f"the name scope {quoted(name.rstrip('/'))}"


def left_open(building: tuple[Any, ...]) -> Iterator[Left]:
    """Yield open scopes in values of `BUILD_STATE` that began with `nothing_open`; of a name scope only the name."""
    state = dict(zip(BUILD_STATE, building, strict=True))
    for entry, who in callers_of(state["_device_function_stack"]._stack):
        yield _open(device_scope(entry.obj.display_name), who)
    for _, who in callers_of(state["_control_dependencies_stack"]):
        yield _open("control_dependencies", who)
    for _, who in callers_of(state["_colocation_stack"]._stack):
        yield _open("colocate_with", who)
    if state["_name_stack"]:
        yield _open(name_scope(state["_name_stack"]), None)


def _open(what: str, who: Caller | None) -> Left:
    return Left(what, who, is_kept=False, in_order=True)
