"""A trace leaves the profiler of devices to the code that uses it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.tracing.traced import traced
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.tracing.level import trace_level
from tfsess_magics.tf.tracing.trace import new_traces

v1 = tf.compat.v1


@pytest.fixture
def profiling(tmp_path: Path) -> Iterator[None]:
    """Code that profiles."""
    tf.profiler.experimental.start(str(tmp_path))
    yield
    tf.profiler.experimental.stop(save=False)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that sees a GPU; there is none here."""
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [f"/physical_device:{kind}:0"])


@pytest.mark.usefixtures("profiling")
def test_a_run_is_traced_while_code_profiles(work: NamedSession) -> None:
    """Once, and with its value."""
    with work:
        counter = v1.get_variable("counter", initializer=0.0)
        count = v1.assign_add(counter, 1.0)
        counter.initializer.run()
    assert traced(work, count).executions
    assert work.run(counter) == 1.0


def test_two_runs_are_traced_at_once(work: NamedSession) -> None:
    """Each thread gets the values of all its runs."""
    other = tfsess_magics.session("other")
    with other:
        tf.while_loop(lambda i: i < 50, lambda i: i + 1, [0], name="other")
    errors: list[BaseException] = []

    def run(session: NamedSession, fetch: str) -> None:
        for _ in range(50):
            tfsess_magics.process.registry.trace(session.name)
            try:
                session.run(fetch)
            except Exception as error:  # noqa: BLE001 - to be looked at
                errors.append(error)

    other_fetch = other.graph.get_operations()[-1].outputs[0].name
    threads = [threading.Thread(target=run, args=args) for args in ((work, "total:0"), (other, other_fetch))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert new_traces()[0]


@pytest.mark.usefixtures("gpu")
def test_one_run_at_a_time_has_the_profiler_of_a_gpu() -> None:
    with trace_level(is_local=True) as first, trace_level(is_local=True) as second:
        assert (first, second) == (v1.RunOptions.FULL_TRACE, v1.RunOptions.SOFTWARE_TRACE)
    with trace_level(is_local=True) as third:
        assert third == v1.RunOptions.FULL_TRACE


@pytest.mark.usefixtures("gpu", "profiling")
def test_code_that_profiles_a_gpu_keeps_its_profiler() -> None:
    with trace_level(is_local=True) as level:
        assert level == v1.RunOptions.SOFTWARE_TRACE


def test_without_a_gpu_no_profiler_is_needed() -> None:
    with trace_level(is_local=True) as level:
        assert level == v1.RunOptions.SOFTWARE_TRACE
    with trace_level(is_local=False) as level:
        assert level == v1.RunOptions.FULL_TRACE
