"""The default summary writer and step of ``tf.summary``, of which TensorFlow keeps one for each thread.

``writer.set_as_default()`` and ``tf.summary.experimental.set_step`` change them. An activation swaps them with the
other defaults. What a body has set, the next one in the same session finds.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tfsess_magics.tf.internals import find


class Summary(NamedTuple):
    """TensorFlow's values for one thread."""

    writer: Any = None
    step: Any = None
    is_recording: Any = None
    is_recording_distribution_strategy: Any = True


_LOCAL = find("ops.summary_ops_v2:_summary_state")


def take() -> Summary:
    """Return what this thread has."""
    return Summary() if _LOCAL is None else Summary(*(getattr(_LOCAL, name) for name in Summary._fields))


def put(summary: Summary) -> None:
    """Give this thread that."""
    if _LOCAL is not None:
        for name, value in summary._asdict().items():
            setattr(_LOCAL, name, value)


class SummaryDefaults:
    """The writer and step that activations in one generation of a session have set."""

    def __init__(self) -> None:
        self._own: dict[str, Any] = {}

    def begin(self) -> Summary:
        """Return what an activation begins with: that of the thread around it, but for what earlier ones have set."""
        return take()._replace(**self._own)

    def keep(self, begun: Summary, left: Summary) -> list[str]:
        """Keep what an activation has set, and return what no earlier one has: ``writer``, ``step``."""
        # A step may be a tensor, which is not to be compared.
        pairs = ("writer", begun.writer, left.writer), ("step", begun.step, left.step)
        changed = {name: now for name, was, now in pairs if now is not was}
        new = [name for name, now in changed.items() if now is not None and self._own.get(name) is None]
        self._own |= changed
        return new
