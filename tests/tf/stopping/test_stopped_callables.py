"""Callables of the runtime work after a stop of their session, and none is taken for another."""

import gc
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

import tfsess_magics
from tests import forks
from tests.in_runtime import wait_for_runs
from tests.tf.conftest import Open
from tests.tf.running import Running
from tfsess_magics import SessionStopped
from tfsess_magics.tf.backend import TensorFlow
from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1


def build() -> None:
    for number in (111, 222, 333):
        tf.constant(number, name=f"c{number}")
    fed = v1.placeholder(tf.float32, [], name="fed")
    tf.add(fed, v1.get_variable("v", initializer=2.0), name="sum")
    tf.identity(v1.FIFOQueue(1, tf.float32, shapes=[[]], name="queue").dequeue(), name="waits")


def begin(work: NamedSession) -> NamedSession:
    with work:
        build()
        work.run("v/Assign")
    return work


@pytest.fixture
def work(open_session: Open) -> NamedSession:
    """A session with numbers, a variable, and what waits for ever."""
    return begin(open_session("work"))


def make_plain() -> Any:
    with tf.Graph().as_default():
        build()
        session = v1.Session()
    session.run("v/Assign")
    return session


@pytest.fixture
def plain(unwrapped: object) -> Iterator[Any]:
    """A session of other code with the same, that was made before it could be observed."""
    session = make_plain()
    yield session
    session.close()


def made(session: Any, *fetches: str, feed: tuple[str, ...] = ()) -> Any:
    return session._make_callable_from_options(config_pb2.CallableOptions(fetch=fetches, feed=feed))


def stop(session: Any, observed: Any = None) -> str:
    """Stop what waits in a session."""
    observed = observed or session
    running = Running(session, "waits:0")
    wait_for_runs(observed)
    said = str(tfsess_magics.stop(observed.name, now=True))
    running.join(20)
    assert isinstance(running.error, SessionStopped)
    return said


def test_callables_work_after_every_stop(work: NamedSession) -> None:
    number, total = made(work.session, "c111:0"), made(work.session, "sum:0", "c222:0", feed=("fed:0",))
    for _ in range(3):
        assert "callable" not in stop(work)
        assert number() == [111]
        metadata = config_pb2.RunMetadata()
        assert total(np.float32(3), run_metadata=metadata) == [5.0, 222]
    assert made(work.session, "c333:0")() == [333]
    assert number() == [111]


def test_a_callable_that_is_stopped_itself_works_afterwards(work: NamedSession) -> None:
    with work:
        fill = work.graph.get_tensor_by_name("queue:0").op
        fill = tf.raw_ops.QueueEnqueueV2(handle=fill.outputs[0], components=[tf.constant(1.0)])
    waits = made(work.session, "waits:0")
    errors: list[BaseException] = []

    def run() -> None:
        try:
            waits()
        except SessionStopped as error:
            errors.append(error)

    for number in (1, 2):
        thread = threading.Thread(target=run)
        thread.start()
        while not work.watched.meter.table.in_flight:
            pass
        assert str(tfsess_magics.stop("work", now=True)).startswith("stopped 'work': 1 run.")
        thread.join(20)
        assert len(errors) == number
    work.run(fill)
    assert waits() == [1.0]


def test_a_callable_whose_options_were_changed_works_as_it_was_made(work: NamedSession) -> None:
    options = config_pb2.CallableOptions(fetch=["c111:0"])
    number = work.session._make_callable_from_options(options)
    options.fetch[:] = ["c222:0"]
    stop(work)
    assert number() == [111]


def test_threads_that_call_a_callable_at_once_after_a_stop_get_its_value(work: NamedSession) -> None:
    calls = [made(work.session, f"c{number}:0") for number in (111, 222)]
    stop(work)
    values: list[Any] = []
    begin = threading.Barrier(8)

    def call(of: Any) -> None:
        begin.wait(20)
        values.extend(of())

    threads = [threading.Thread(target=call, args=(calls[index % 2],)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(values) == [111] * 4 + [222] * 4


def hidden() -> None:
    work = begin(tfsess_magics.session("work"))
    first = made(work.session, "c111:0")
    gc.freeze()
    stop(work)
    second = made(work.session, "c222:0")
    assert (first(), second()) == ([111], [222])


def test_a_callable_that_the_collector_does_not_see_is_itself_after_a_stop() -> None:
    forks.call(hidden)


def older(is_frozen: bool) -> None:
    plain = make_plain()
    older = [made(plain, "c111:0") for _ in range(3)]
    backend = tfsess_magics.process.connect()
    backend.observe()
    known = backend.find(plain)
    if is_frozen:
        gc.freeze()
    newer = made(plain, "c222:0")
    assert older[0]() == [111]
    for _ in range(2):
        stop(plain, known)
        newest = made(plain, "c333:0")
        for call in older:
            with pytest.raises(RuntimeError, match=r"made before %load_ext, and a stop .* Make it again"):
                call()
        assert (newer(), newest()) == ([222], [333])
    gc.unfreeze()
    del call, older  # which gives their numbers back
    gc.collect()
    assert (newer(), newest()) == ([222], [333])


@pytest.mark.parametrize("is_frozen", [True, False])
def test_a_callable_from_before_the_extension_says_so_and_its_number_is_given_to_no_other(is_frozen: bool) -> None:
    forks.call(older, is_frozen)


def test_a_callable_that_was_made_while_the_extension_was_not_loaded_is_not_taken_for_another(
    plain: Any, backend: TensorFlow
) -> None:
    before = made(plain, "c111:0")
    stop(plain, backend.find(plain))
    backend.unobserve()
    unseen = made(plain, "c222:0")
    assert unseen() == [222]
    backend.observe()
    assert unseen() == [222]
    stop(plain, backend.find(plain))
    newest = made(plain, "c333:0")
    with pytest.raises(RuntimeError, match="Make it again"):
        unseen()
    assert (before(), newest()) == ([111], [333])


def test_a_callable_from_before_a_stop_works_after_the_extension_went(plain: Any, backend: TensorFlow) -> None:
    number = made(plain, "c111:0")
    stop(plain, backend.find(plain))
    backend.unobserve()
    made(plain, "c222:0")
    assert number() == [111]
