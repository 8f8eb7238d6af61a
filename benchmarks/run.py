"""What seeing runs, and measuring the memory that they need, adds to ``session.run``.

A whole run is no measure of it: a microsecond of anything between two runs lets TensorFlow's threads go to sleep, and
waking them costs more than ten. So the wrappers that a run passes are put around functions that do nothing.
"""

from __future__ import annotations

from typing import Any

from benchmarks.measure import interleaved


def report() -> None:
    """Print what the wrappers add to a run."""
    import tensorflow as tf

    import tfsess_magics
    from tfsess_magics.tf.allocators import Allocators
    from tfsess_magics.tf.graph_lock import around_acquire, around_release
    from tfsess_magics.tf.hooks import hooks
    from tfsess_magics.tf.steps import around_extend, around_step

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


if __name__ == "__main__":
    report()
