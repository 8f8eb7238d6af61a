"""Ends TensorFlow context managers that were entered and never left.

``graph.as_default()`` and ``session.as_default()`` are generators. One may be left open, by ``__enter__`` without
``__exit__`` or inside a suspended generator. It then ends when it is collected, wherever that happens. That turns
eager mode off for the code that runs there (ops.py, ``_DefaultGraphStack.get_controller``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from types import CodeType, GeneratorType
from typing import Any

import tensorflow as tf

from tfsess_magics.tf.internals import find
from tfsess_magics.tf.introspect.ended import note_ended
from tfsess_magics.tf.introspect.objects import generators

CONTROLLERS = {
    inspected.__wrapped__.__code__
    for part in ("framework.stack:DefaultStack.get_controller", "framework.ops:_DefaultGraphStack.get_controller")
    if (inspected := find(part))
}
"""Code of the generators by which TensorFlow makes something a default."""
_DEVICE_SCOPES = {tf.Graph.device.__wrapped__.__code__}


def open_controllers(codes: Collection[CodeType] = CONTROLLERS) -> list[GeneratorType[Any, Any, Any]]:
    """Return the generators that keep something on TensorFlow's stacks, whichever thread's.

    Parameters
    ----------
    codes
        Of the functions that do that.
    """
    return [found for found in generators(codes) if found.gi_frame and not found.gi_running]


def controllers_of_device(*devices: Any) -> list[GeneratorType[Any, Any, Any]]:
    """Return the generators that keep these devices on a graph's stack, in the order of the devices."""
    controllers = open_controllers(_DEVICE_SCOPES)
    return [
        controller
        for device in devices
        for controller in controllers
        if controller.gi_frame and controller.gi_frame.f_locals.get("old_top_of_stack") is device
    ]


def end_device_scopes(entered: Sequence[Any]) -> None:
    """End the context managers that keep these devices on a graph's stack, innermost first."""
    for controller in reversed(controllers_of_device(*entered)) if entered else ():
        with suppress(RuntimeError):  # left in another order than entered; the stack is dropped anyway
            controller.close()


def end_controllers(entered: Sequence[Any]) -> list[Any]:
    """End the context managers that keep these graphs and sessions on TensorFlow's stacks, innermost first.

    What leaves them afterwards does nothing.

    Returns
    -------
    list
        Those without one: they were left already, but in another order than entered.
    """
    controllers = [
        controller
        for controller in open_controllers()
        if controller.gi_frame and any(controller.gi_frame.f_locals.get("default") is default for default in entered)
    ]
    note_ended(controllers, entered)
    without: list[Any] = []
    for default in reversed(entered):
        is_found = False
        for controller in controllers:
            if controller.gi_frame and controller.gi_frame.f_locals.get("default") is default:
                is_found = True
                with suppress(AssertionError):  # left in another order than entered; the stacks are dropped anyway
                    controller.close()
        if not is_found:
            without.append(default)
    return without
