"""Ends TensorFlow context managers that were entered and never left.

``graph.as_default()`` and ``session.as_default()`` are generators. One that is left open, by ``__enter__`` without
``__exit__`` or inside a suspended generator, ends when it is collected, wherever that happens, and then turns
eager mode off for the code that runs there (ops.py, ``_DefaultGraphStack.get_controller``).
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from types import CodeType, GeneratorType
from typing import Any

from tensorflow.python.framework import ops, stack

from tfsess_magics.tf.ended import note_ended

CONTROLLERS = {
    inspected.__wrapped__.__code__
    for inspected in (stack.DefaultStack.get_controller, ops._DefaultGraphStack.get_controller)
}
"""Code of the generators by which TensorFlow makes something a default."""


_DEVICE_SCOPES = {ops.Graph.device.__wrapped__.__code__}


def _generators() -> list[GeneratorType[Any, Any, Any]]:
    """Find all generators among all objects, which takes some 50 ms in a process that has TensorFlow loaded."""
    return [found for found in gc.get_objects() if type(found) is GeneratorType]


def open_controllers(
    codes: Collection[CodeType] = CONTROLLERS, generators: Iterable[GeneratorType[Any, Any, Any]] | None = None
) -> list[GeneratorType[Any, Any, Any]]:
    """Return the generators that keep something on TensorFlow's stacks, whichever thread's.

    Parameters
    ----------
    codes
        Of the functions that do that.
    generators
        Among which to look; all there are if None.
    """
    return [
        found
        for found in (_generators() if generators is None else generators)
        if found.gi_code in codes and found.gi_frame and not found.gi_running
    ]


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
    generators = _generators()
    controllers = [
        controller
        for controller in open_controllers(generators=generators)
        if controller.gi_frame and any(controller.gi_frame.f_locals.get("default") is default for default in entered)
    ]
    note_ended(generators, controllers, entered)
    del generators  # it may hold the last reference to some
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
