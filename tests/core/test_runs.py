import threading

from tfsess_magics.core.run import new_token
from tfsess_magics.core.runs import RunMeter


def start(meter: RunMeter) -> int:
    """Start a run as its wrapper does, and return its token."""
    token = new_token()
    meter.table.begin(token, ())
    return token


def end(meter: RunMeter, token: int, error: str | None = None) -> None:
    """End a run as its wrapper does."""
    run = meter.table.end(token)
    assert run is not None
    meter.ended(run, error)


def test_runs_are_counted_and_timed() -> None:
    """Under way: its start is known and it does not count. Ended: it counts, with duration and error."""
    meter = RunMeter(lambda: None)
    assert (meter.runs, meter.table.running_since, meter.last_run, meter.last_error) == (0, None, None, None)
    token = start(meter)
    assert meter.runs == 0
    assert meter.table.running_since is not None
    end(meter, token, "ValueError: no")
    assert meter.runs == 1
    assert meter.table.running_since is None
    assert meter.last_run is not None
    assert meter.last_run.duration >= 0
    assert meter.last_run.error == "ValueError: no"


def test_a_failed_run_leaves_alone_what_another_thread_may_note_meanwhile() -> None:
    """That a run has succeeded is never taken back."""
    stored: list[str] = []

    class Noting(RunMeter):
        def __setattr__(self, name: str, value: object) -> None:
            stored.append(name)
            super().__setattr__(name, value)

    meter = Noting(lambda: None)
    stored.clear()
    end(meter, start(meter), "ValueError: no")
    assert "has_succeeded" not in stored
    end(meter, start(meter))
    assert meter.has_succeeded


def test_the_largest_run_is_of_all_threads() -> None:
    """Each thread writes its own, so that none overwrites a larger one of another."""
    meter = RunMeter(lambda: None)

    def run(nbytes: int) -> None:
        token = start(meter)
        meter.ended(meter.table.in_flight.pop(token), needed=(False, [("CPU", nbytes)]))

    def run_two(nbytes: int) -> None:
        run(nbytes)
        run(1)

    assert meter.largest_run is None
    for nbytes in (2, 4, 3):
        thread = threading.Thread(target=run_two, args=[nbytes])
        thread.start()
        thread.join()
    run(1)
    assert meter.largest_run is not None
    assert [memory.nbytes for memory in meter.largest_run.memory] == [4]


def test_the_last_error_outlives_runs_that_succeed() -> None:
    """The last run and the last error are two facts."""
    meter = RunMeter(lambda: None)
    for error in ("ValueError: no", None):
        token = start(meter)
        end(meter, token, error)
    assert meter.last_run is not None
    assert meter.last_run.error is None
    assert meter.last_error == "ValueError: no"


def test_the_oldest_of_several_runs_counts_as_its_start() -> None:
    """Two runs may be under way at once, and end in any order."""
    meter = RunMeter(lambda: None)
    first = start(meter)
    since = meter.table.running_since
    second = start(meter)
    assert meter.table.running_since == since
    end(meter, first)
    assert meter.table.running_since is not None
    end(meter, second)
    assert meter.table.running_since is None


def test_no_run_of_any_thread_is_lost() -> None:
    """The count is exact with several threads at once."""
    meter = RunMeter(lambda: None)
    barrier = threading.Barrier(8)

    def run() -> None:
        barrier.wait()
        for _ in range(2000):
            token = start(meter)
            end(meter, token)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert meter.runs == 16000
    assert meter.table.running_since is None
