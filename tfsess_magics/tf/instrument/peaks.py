"""Patches that tell the user of an allocator's peak as if the extension did not set it back before runs.

After ``%unload_ext`` TensorFlow has forgotten a peak that came before the last run of a session.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tfsess_magics.tf.instrument.hooks import hooks


def around_memory_info(original: Callable[[Any, str], dict[str, int]]) -> Callable[[Any, str], dict[str, int]]:
    """Wrap ``Context.get_memory_info``."""

    @functools.wraps(original)
    def get_memory_info(self: Any, dev: str) -> dict[str, int]:
        info = original(self, dev)
        allocator = hooks.allocators.of(dev) if hooks.made else None
        if allocator is not None:
            info["peak"] = max(info["peak"], allocator.peak_before)
        return info

    return get_memory_info


def around_reset_of_peak(original: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    """Wrap ``Context.reset_memory_stats``."""

    @functools.wraps(original)
    def reset_memory_stats(self: Any, dev: str) -> None:
        original(self, dev)
        allocator = hooks.allocators.of(dev) if hooks.made else None
        if allocator is not None:
            allocator.peak_before = 0

    return reset_memory_stats
