"""A thread that a cell starts prints its end where the kernel shows it."""

from __future__ import annotations

from .harness import Kernel


def test_a_thread_that_lacks_the_cells_session_is_told_how_to_get_it(kernel: Kernel) -> None:
    """Under the traceback, below the cell."""
    body = "threads_x = tf.constant(1.0)\nt = threading.Thread(target=lambda: threads_x.eval()); t.start(); t.join()"
    outcome = kernel.run(f"%%tfsession threads\nimport threading\n{body}")
    assert outcome.status == "ok"
    assert "No default session is registered" in outcome.text
    assert outcome.text.rstrip().endswith("To carry 'threads' there, in its cell: tfsess_magics.bind(function)")
    assert kernel.run("del threads_x, t\n%tfsession close threads").status == "ok"
