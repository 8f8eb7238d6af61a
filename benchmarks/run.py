"""What seeing runs, and measuring the memory that they need, adds to ``session.run``.

First the wrappers that a run passes are put around functions that do nothing: that is steady, and shows a change of a
microsecond. Whole runs cost more than that tells. Between two runs the processor's caches hold other code, and
TensorFlow's threads go to sleep the sooner the longer the pause is. So whole trivial runs are compared as well, with
the wrapper of the step and without it in turn.
"""

from __future__ import annotations

import statistics
from typing import Any

from benchmarks.measure import interleaved


def report() -> None:
    """Print what the wrappers add to a run."""
    import tensorflow as tf

    import tfsess_magics
    from tfsess_magics.tf.instrument.graph_lock import around_acquire, around_release
    from tfsess_magics.tf.instrument.hooks import hooks
    from tfsess_magics.tf.instrument.steps import around_extend, around_step
    from tfsess_magics.tf.memory.allocators import Allocators

    def nothing(self: Any, *args: Any) -> None:
        """Take the place of a method of TensorFlow's."""

    extend, step = around_extend(nothing), around_step(nothing)
    acquire, release = around_acquire(nothing), around_release(nothing)
    named = tfsess_magics.session("train").session
    measuring, nothing_measured = hooks.allocators, Allocators()
    other = tf.compat.v1.Session(graph=tf.Graph())

    def run_plainly() -> None:
        nothing(named)
        nothing(named.graph._group_lock, 1)
        nothing(named.graph._group_lock, 1)
        nothing(named, None, {}, [], [], None)

    def run(session: Any, allocators: Allocators) -> None:
        hooks.allocators = allocators
        extend(session)
        acquire(session.graph._group_lock, 1)
        release(session.graph._group_lock, 1)
        step(session, None, {}, [], [], None)

    medians = interleaved(
        {
            "plain": run_plainly,
            "named": lambda: run(named, nothing_measured),
            "observed": lambda: run(other, nothing_measured),
            "measured": lambda: run(named, measuring),
        },
        rounds=40,
        repeats=5000,
    )
    with other.graph.as_default():
        x = tf.constant(1)
    trivial = interleaved({"trivial": lambda: other.run(x)}, rounds=20, repeats=500)["trivial"]
    for name in ("named", "observed"):
        more = medians[name] - medians["plain"]
        print(
            f"session.run, {name} session: {1e6 * more:.2f} us more (bound 4 us), "
            f"{more / trivial:.1%} of a trivial run of {1e6 * trivial:.0f} us"
        )
    more = medians["measured"] - medians["named"]
    print(
        f"measuring what it needs of {len(measuring.measured)} allocator: {1e6 * more:.2f} us more, "
        f"ratio {1 + more / trivial:.3f} on that run (bound 1.05)"
    )
    tfsess_magics.close("train")
    report_whole_runs(other, x)


def report_whole_runs(session: Any, fetch: Any, rounds: int = 60, repeats: int = 400) -> None:
    """Print the medians of trivial runs without the wrapper of the step, with it, and with it measuring memory."""
    from tensorflow.python.client.session import BaseSession

    from tfsess_magics.tf.instrument.hooks import hooks
    from tfsess_magics.tf.memory.allocators import Allocators

    wrapped, measuring = BaseSession._call_tf_sessionrun, hooks.allocators
    ways = {
        "plain": (wrapped.__wrapped__, measuring),
        "seen": (wrapped, Allocators()),
        "measured": (wrapped, measuring),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    try:
        for _ in range(rounds):
            for name, (BaseSession._call_tf_sessionrun, hooks.allocators) in ways.items():
                median = interleaved({name: lambda: session.run(fetch)}, rounds=1, repeats=repeats)[name]
                seconds[name].append(median)
    finally:
        BaseSession._call_tf_sessionrun, hooks.allocators = wrapped, measuring
    plain, *_ = medians = [statistics.median(each) for each in seconds.values()]
    print(
        "whole trivial runs, without the wrapper of the step / with it / measuring memory besides: "
        + " / ".join(f"{1e6 * median:.0f}" for median in medians)
        + " us, "
        + " / ".join(f"{median / plain:.2f}" for median in medians)
    )


if __name__ == "__main__":
    report()
