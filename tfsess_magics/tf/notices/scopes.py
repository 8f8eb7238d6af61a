"""Sentences about the scopes that ordinary code left open: devices and names.

TensorFlow notes in the stack of a graph's device scopes the file and line that opened each. Of name scopes, and of
eager code's devices, it keeps the name only.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.framework import ops

from tfsess_magics.core.origin import calling_cell
from tfsess_magics.tf.context.activation import innermost_activation
from tfsess_magics.tf.context.graph_scopes import device_scope, name_scope
from tfsess_magics.tf.introspect.callers import Caller
from tfsess_magics.tf.introspect.generators import controllers_of_device
from tfsess_magics.tf.introspect.holders import Entered, Holder
from tfsess_magics.tf.introspect.paths import is_between


class _Told(threading.local):
    """The scopes of eager code that a thread was last told of."""

    def __init__(self) -> None:
        self.device = self.name = ""


class OpenScopes:
    """Tells once what is open after a cell; any thread may ask, each is told of its own."""

    def __init__(self) -> None:
        self._devices: WeakSet[Any] = WeakSet()
        self._names: WeakKeyDictionary[tf.Graph, str] = WeakKeyDictionary()
        self._eager = _Told()

    def news(self) -> list[str]:
        """Return a sentence for each scope that was not told yet; none in a running cell, or in an activation."""
        graphs, eager = ops._default_graph_stack.stack, context.context()._thread_local_data
        is_open = graphs or eager.device_name or eager.scope_name or self._eager.device or self._eager.name
        if not is_open or calling_cell() is not None or innermost_activation() is not None:
            return []
        return [*self._of_eager_code(), *(said for graph in graphs for said in self._of(graph))]

    def _of_eager_code(self) -> Iterator[str]:
        eager = context.context()._thread_local_data
        device, name = eager.device_name or "", eager.scope_name or ""
        if device and device != self._eager.device:
            yield f"code entered {device_scope(device)} and never left it; what ordinary cells do runs there"
        if name and name != self._eager.name:
            yield f"code entered {name_scope(name)} and never left it; ordinary cells are in it"
        self._eager.device, self._eager.name = device, name

    def _of(self, graph: tf.Graph) -> Iterator[str]:
        for entry in graph._device_function_stack._stack:
            if entry not in self._devices:
                self._devices.add(entry)
                yield _say_device(entry)
        name = graph._name_stack or ""
        if name and name != self._names.get(graph):
            yield f"code entered {name_scope(name)} and never left it; what ordinary cells build in its graph is in it"
        self._names[graph] = name


def _say_device(entry: Any) -> str:
    who, holder = _who(entry), Entered(controllers_of_device(entry.obj)).holder
    what = device_scope(entry.obj.display_name)
    effect = "what ordinary cells build in its graph is placed there"
    if isinstance(holder, Caller):
        return f"{holder} is suspended inside {what}; {effect}"
    said = f"{who or 'code'} entered {what} and never left it"
    leave = f". To leave it: {holder.leave}" if isinstance(holder, Holder) and holder.leave else ""
    return f"{said}; {effect}{leave}"


def _who(entry: Any) -> Caller | None:
    """Return the code that TensorFlow has noted, None if that is itself, Keras or an ``ExitStack``."""
    file = entry.filename
    if file is None or is_between(file):
        return None
    module = next((name for name, found in list(sys.modules.items()) if getattr(found, "__file__", None) == file), "")
    return Caller(file, entry.lineno, "<module>", module, is_suspendable=False, by_keras=False)
