"""What seeing runs adds to ``session.run``.

A whole run is no measure of it: a microsecond of anything between two runs lets TensorFlow's threads go to sleep, and
waking them costs more than ten. So the wrapper is put around a function that does nothing.
"""

from __future__ import annotations

from typing import Any

from benchmarks.measure import interleaved


def report() -> None:
    """Print what the wrapper adds to a call, for a session of ours and for any other."""
    import tensorflow as tf
    import wrapt

    import tfsess_magics
    from tfsess_magics.tf import observe

    def nothing(self: Any, fetches: Any) -> None:
        """Take the place of ``BaseSession.run``."""

    wrapped = wrapt.FunctionWrapper(nothing, observe._run, enabled=lambda: True)
    named = tfsess_magics.session("train").session
    other = tf.compat.v1.Session(graph=tf.Graph())
    medians = interleaved(
        {
            "plain": lambda: nothing.__get__(named)(1),
            "named": lambda: wrapped.__get__(named, type(named))(1),
            "other": lambda: wrapped.__get__(other, type(other))(1),
        },
        rounds=40,
        repeats=5000,
    )
    for name in ("named", "other"):
        print(f"session.run, {name} session: {1e6 * (medians[name] - medians['plain']):.2f} us more")
    tfsess_magics.close("train")


if __name__ == "__main__":
    report()
