"""What seeing runs adds to ``session.run``."""

from __future__ import annotations

from benchmarks.measure import interleaved

_BLOCK = 2000
"""Runs between two changes of the wrapper: Python's caches of attributes start anew at each."""


def report() -> None:
    """Print a trivial run of a named session with and without the wrapper."""
    import tensorflow as tf

    import tfsess_magics
    from tfsess_magics.tf import observe

    with tfsess_magics.session("train") as train:
        x = tf.constant(1.0)
    run = train.session

    def seen() -> None:
        observe.install()
        for _ in range(_BLOCK):
            run.run(x)

    def unseen() -> None:
        observe.uninstall()
        for _ in range(_BLOCK):
            run.run(x)

    blocks = interleaved({"seen": seen, "unseen": unseen}, rounds=20, repeats=1)
    medians = {name: seconds / _BLOCK for name, seconds in blocks.items()}
    added = medians["seen"] - medians["unseen"]
    print(
        f"session.run: {1e6 * medians['unseen']:.1f} us, seen {1e6 * medians['seen']:.1f} us: "
        f"{1e6 * added:.2f} us more, ratio {medians['seen'] / medians['unseen']:.3f} (bound 3 us)"
    )
    observe.uninstall()
    tfsess_magics.close("train")


if __name__ == "__main__":
    report()
