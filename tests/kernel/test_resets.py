"""``reset_default_graph`` in a cell of a real kernel, while front ends look on."""

from __future__ import annotations

from .comm import opened
from .harness import Kernel

RESETS_AND_WAITS = """%%tfsession train
v1.reset_default_graph()
w = v1.get_variable("w", initializer=5.0)
sess = v1.get_default_session()
sess.run(w.initializer)
loops = tf.while_loop(lambda i: i >= 0, lambda i: i * 1, [tf.constant(1)])
go()
sess.run(loops)
"""


def test_front_ends_have_the_new_generation_while_the_cell_runs_and_stop_its_run(train: Kernel) -> None:
    """The row, the order and the values are those of the session after the reset."""
    with opened(train) as (comm, snapshot):
        (session,) = [s for s in snapshot["sessions"] if s["name"] == "train"]
        assert session["generation"] == 1
        request = train.send(RESETS_AND_WAITS)
        train.said(request, "go")
        row = comm.next_session(generation=2, state="running")["session"]
        assert (row["id"], row["name"]) == (session["id"], "train")
        reply = comm.order("stop", id=session["id"], generation=2, now=True)
        assert (reply["type"], reply["message"].partition(",")[0]) == (
            "done",
            "stopped 'train': 1 run. Kept: 1 variable (4 B)",
        )
        outcome = train.outcome(request)
        assert outcome.ename == "SessionStopped"
        lost = "'train' goes on with the new graph (generation 2), without the values of v (48 B)\n"
        assert f"cell {outcome.execution_count}, line 2 called reset_default_graph; {lost}" in outcome.stream()
    assert train.run("%%tfsession train\nprint(sess.run(w), sess is v1.get_default_session())").stream() == "5.0 True\n"


HOLDS_THE_SESSION_BEFORE = """%%tfsession train
from types import SimpleNamespace
before = SimpleNamespace(watched=SimpleNamespace(meter=tfsess_magics.get("train").watched.meter))
def wait():
    wait_for_runs(before)
    print("go")
v1.reset_default_graph()
threading.Thread(target=wait).start()
sess.run(waits)
"""


def test_an_interrupt_ends_a_run_of_the_session_before(train: Kernel) -> None:
    """A name may hold that still, and its values remain in it."""
    outcome = train.outcome(train.send(HOLDS_THE_SESSION_BEFORE), interrupt_at="go")
    assert outcome.ename == "KeyboardInterrupt"
    assert "Kept: 1 variable (48 B)" in outcome.evalue
    assert train.run("print(sess.run(v)[0])").stream() == "1.0\n"
