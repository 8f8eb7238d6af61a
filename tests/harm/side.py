"""One side of a comparison: runs behaviours and writes what there was to see to standard output, as JSON.

``python -m tests.harm.side plain``, ``observed``, or ``wrong`` for the wrappers of `tests.harm.wrong`.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

Listed = Callable[[], list[str]]


def _shell() -> InteractiveShell:
    config = Config()
    config.HistoryManager.enabled = False
    return InteractiveShell.instance(config=config)


def _observe(shell: InteractiveShell) -> Listed:
    """Load the extension, before TensorFlow is imported, and return what says which sessions it lists."""
    shell.run_line_magic("load_ext", "tfsess_magics")
    import tfsess_magics
    from tests.harm.table import look_with

    look_with(tfsess_magics.sessions, tfsess_magics.process.registry.looking)
    return lambda: [f"{info.name} of {info.origin}" for info in tfsess_magics.sessions()]


def _watch(function: Callable[[], Any], listed: Listed) -> dict[str, Any]:
    from tests.harm.description import described, our_frames

    before = listed()
    try:
        value = function()
    except Exception as error:  # noqa: BLE001 - what it is, is compared
        value = error
    seen = {"seen": described(value), "our frames": list(our_frames(value))}
    del value
    gc.collect()
    return seen | {"listed": [*before, *listed()]}


def main(kind: str) -> None:
    """Run behaviours as `kind` says."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    shell = _shell()
    listed = _observe(shell) if kind == "observed" else list
    from tests.harm import wrong
    from tests.harm.behaviours import BEHAVIOURS

    gc.collect()
    gc.freeze()  # else every collection takes long
    runs: dict[str, tuple[AbstractContextManager[Any], str]] = {name: (nullcontext(), name) for name in BEHAVIOURS}
    if kind == "wrong":
        runs = wrong.RIGHT | wrong.WRONG
    outcomes = {}
    for title, (around, name) in runs.items():
        with around:
            outcomes[title] = _watch(BEHAVIOURS[name], listed)
    with output:
        json.dump(outcomes, output)


if __name__ == "__main__":
    main(sys.argv[1])
