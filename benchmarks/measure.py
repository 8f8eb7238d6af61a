"""Side by side measurement: several rounds in turn, medians, ratios."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping


def interleaved(tasks: Mapping[str, Callable[[], object]], rounds: int, repeats: int) -> dict[str, float]:
    """Return the median seconds of one call of each task, the tasks taking turns for `rounds` rounds."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, task in tasks.items():
                start = time.perf_counter()
                for _ in range(repeats):
                    task()
                seconds[name].append((time.perf_counter() - start) / repeats)
    finally:
        gc.enable()
    return {name: statistics.median(found) for name, found in seconds.items()}
