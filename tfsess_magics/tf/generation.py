"""What one generation of a named session is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from tfsess_magics.core.model import DeviceInfo
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf import observe
from tfsess_magics.tf.defaults import Defaults, defaults_of
from tfsess_magics.tf.variables import GraphVariables


class Generation:
    """A graph, the TensorFlow session on it and what is known of both; replaced as a whole by a reset.

    Owned by one `NamedSession`, whose lock guards `interactive`.
    """

    def __init__(self, graph: tf.Graph, config: Any, device: str | None, changed: Callable[[], None]) -> None:
        # Without TensorFlow 2 behaviour what is open in a graph is shared by all threads that build it.
        graph.switch_to_thread_local()
        self.graph = graph
        self.session = tf.compat.v1.Session(graph=graph, config=config)
        self.device = device
        self.meter = RunMeter(changed)
        self.variables = GraphVariables(self.session, self.meter)
        self.devices = tuple(_describe(device) for device in self.session.list_devices())
        self.interactive: Sequence[Any] = ()
        """Interactive sessions that cells left open; the next cell finds them open."""
        observe.measure(self.session, self.meter)

    def defaults(self) -> Defaults:
        """Return this generation as defaults that a thread can swap in."""
        return defaults_of(self.graph, self.session, self.device, self.interactive)

    @property
    def is_closed(self) -> bool:
        """Whether other code has closed the TensorFlow session."""
        return bool(self.session._closed)

    def close(self) -> None:
        """Close the TensorFlow session and the interactive ones that were left open, where their defaults are."""
        if self.interactive:
            inside = self.defaults()
            try:
                inside.resume()
                for session in reversed(self.interactive):
                    session.close()
            finally:
                inside.suspend()
            self.interactive = ()
        self.session.close()


def _describe(device: Any) -> DeviceInfo:
    spec = tf.compat.v1.DeviceSpec.from_string(device.name)
    # TensorFlow gives every CPU 256 MiB, which is neither a limit nor a size.
    limit = None if device.device_type == "CPU" else device.memory_limit_bytes or None
    return DeviceInfo(name=f"{spec.device_type}:{spec.device_index}", type=device.device_type, memory_limit=limit)
