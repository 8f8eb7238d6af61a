import threading

from tfsess_magics.core.run import Run, new_token
from tfsess_magics.core.run_table import RunTable


class Stop:
    """A stop that does nothing itself."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.out: set[int] = set()
        self.runs = 0
        self.waited_for = ""
        self.refusal: BaseException | None = None

    def error(self, token: int, since: float, thread: int) -> BaseException:
        raise NotImplementedError


def begun(table: RunTable) -> Run:
    """Begin a run as its wrapper does."""
    token = new_token()
    table.begin(token, ("step",))
    return table.in_flight[token]


def test_a_run_knows_its_thread_its_step_and_when_it_began() -> None:
    """A later run has a larger token."""
    table = RunTable()
    first, second = begun(table), begun(table)
    assert table.under_way() == {first.token: first, second.token: second}
    assert (first.token < second.token, first.began <= second.began) == (True, True)
    assert (first.step, first.thread, table.running_since) == (("step",), threading.get_ident(), first.started)


def test_a_run_that_has_ended_by_itself_is_not_claimed() -> None:
    """The stop has found it in flight a moment before."""
    table, stop = RunTable(), Stop()
    run = begun(table)
    assert table.end(run.token) is run
    assert not table.claim(run, stop)
    assert (table.in_flight, table.claimed, stop.out, stop.runs) == ({}, {}, set(), 0)


def test_a_claimed_run_does_not_end_by_itself_and_counts_as_under_way() -> None:
    """It does so until its stop has ended it."""
    table, stop = RunTable(), Stop()
    run = begun(table)
    assert table.claim(run, stop)
    assert table.end(run.token) is None
    assert (table.in_flight, stop.out, stop.runs) == ({}, {run.token}, 1)
    assert table.claimed[run.token] == (run, stop)
    assert (table.with_claimed(), table.running_since) == ([run], run.started)
    table.end_claimed(run.token)
    assert (table.with_claimed(), table.running_since) == ([], None)


def test_a_stop_that_lets_go_puts_back_its_own_runs_only() -> None:
    """Each of them is the very run that it was."""
    table, one, other = RunTable(), Stop(), Stop()
    mine, theirs = (begun(table) for _ in range(2))
    assert table.claim(mine, one)
    assert table.claim(theirs, other)
    table.release(one)
    assert table.in_flight == {mine.token: mine}
    assert list(table.claimed) == [theirs.token]
    assert table.end(mine.token) is mine
