"""Sessions of other code that have asked for GPU options too late."""

from __future__ import annotations

from collections import deque
from typing import Any

import tensorflow as tf

from tfsess_magics.core.model import Origin
from tfsess_magics.tf.session.config import gpu_note, has_run_something, process_config


class LateGpuOptions:
    """Tells of each place in code, and each set of options, once; any thread may call it."""

    def __init__(self) -> None:
        self._made: deque[tuple[str, str, Any]] = deque(maxlen=8)
        self._told: set[tuple[str, str]] = set()

    def made(self, session: Any, name: str, origin: Origin) -> None:
        """Note what a session that has just been made asks for; asks TensorFlow for nothing where that is nothing."""
        config = session._config
        if config is None or not config.HasField("gpu_options") or not has_run_something(besides=1):
            return
        # One that is given no configuration asks for this itself; other sessions get that of the process.
        if isinstance(session, tf.compat.v1.InteractiveSession) and config.gpu_options == _OF_INTERACTIVE:
            return
        self._made.append((name, str(origin), config.gpu_options))

    def news(self) -> list[str]:
        """Return a sentence for each that was not told yet; looks for GPUs."""
        told = []
        for _ in range(len(self._made)):
            name, origin, gpu_options = self._made.popleft()
            note = gpu_note(gpu_options)
            if note and (origin, note) not in self._told and gpu_options != process_config().gpu_options:
                self._told.add((origin, note))
                told.append(f"{name}, a session made by {origin}: {note}")
        return told


_OF_INTERACTIVE = tf.compat.v1.GPUOptions(allow_growth=True)
