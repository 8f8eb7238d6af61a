"""Every change is sent, each in its time, and nothing else."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from tests.core.fake import ORIGIN, FakeBackend, FakeSession
from tfsess_magics.core.feed import Feed
from tfsess_magics.core.memory import DeviceMemory, KernelMemory
from tfsess_magics.core.model import State
from tfsess_magics.core.protocol import MemoryChanged, SessionChanged, SessionClosed, SessionSummary, Snapshot
from tfsess_magics.core.registry import SessionRegistry

QUIET = 0.5
"""Seconds in which whatever is due would have come."""
COUNTERS = 0.25
"""Seconds between two messages with nothing but counters."""
FIRST_GAP = 0.5
"""Seconds between the first two questions in a cell; each later gap is twice the one before."""


class Listener:
    """A feed, and what it sent."""

    def __init__(self) -> None:
        self.registry: SessionRegistry[FakeSession] = SessionRegistry(FakeBackend)
        self.sent: SimpleQueue[Any] = SimpleQueue()
        self.memory: KernelMemory | None = None
        self.feed = Feed(self.registry, lambda **_: self.memory)

    def open(self, name: str) -> FakeSession:
        return self.registry.create(name, {}, ORIGIN)

    def subscribe(self) -> Callable[[], None]:
        """Subscribe and take the snapshot."""
        unsubscribe = self.feed.subscribe(self.sent.put)
        assert isinstance(self.sent.get(timeout=30), Snapshot)
        return unsubscribe

    def next(self) -> SessionChanged | MemoryChanged | SessionClosed:
        message: SessionChanged | MemoryChanged | SessionClosed = self.sent.get(timeout=30)
        return message

    def snapshot(self) -> Snapshot:
        got: list[Any] = []
        self.feed.send_snapshot(got.append)
        snapshot: Snapshot = got[0]
        return snapshot

    def is_quiet(self) -> bool:
        try:
            self.sent.get(timeout=QUIET)
        except Empty:
            return True
        return False


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    unsubscribe = listener.subscribe()
    yield listener
    unsubscribe()


def test_open_change_reset_and_close_are_sent_with_the_next_revision(listener: Listener) -> None:
    """A gap in the revisions would tell a front end that it missed something."""
    session = listener.open("train")
    opened = listener.next()
    assert isinstance(opened, SessionChanged)
    assert (opened.revision, opened.session.name, opened.session.generation) == (1, "train", 1)
    listener.registry.reset("train")
    reset = listener.next()
    assert isinstance(reset, SessionChanged)
    assert (reset.revision, reset.session.generation) == (2, 2)
    session.state = State.RUNNING
    session.changed()
    running = listener.next()
    assert isinstance(running, SessionChanged)
    assert (running.revision, running.session.state) == (3, "running")
    listener.registry.close("train")
    assert listener.next() == SessionClosed(4, 1)


def test_nothing_is_sent_when_nothing_changed(listener: Listener) -> None:
    """Any message counts as activity of the kernel."""
    session = listener.open("train")
    listener.next()
    session.changed()
    session.changed()
    assert listener.is_quiet()


def cpu(in_use: int, resident: int = 1000) -> KernelMemory:
    device = DeviceMemory(name="CPU", type="CPU", in_use=in_use, peak=in_use)
    return KernelMemory(resident=resident, pooled=0, devices=(device,))


def test_memory_is_sent_when_it_has_changed_by_over_a_hundredth(listener: Listener) -> None:
    """With the new samples of sessions, and the next revision."""
    listener.memory = cpu(10_000)
    session = listener.open("train")
    opened, memory = listener.next(), listener.next()
    assert isinstance(memory, MemoryChanged)
    assert (memory.revision, memory.memory.devices[0].in_use) == (opened.revision + 1, 10_000)
    assert [(sample.id, sample.nbytes) for sample in memory.samples] == [(1, 0)]
    listener.memory = cpu(10_100, 1010)
    session.changed()
    assert listener.is_quiet()
    listener.memory = cpu(10_102, 1010)
    session.changed()
    assert isinstance(listener.next(), MemoryChanged)


def test_memory_is_sent_twice_a_second_at_most(listener: Listener) -> None:
    """What changes often is looked at when half a second has gone."""
    listener.memory = cpu(0)
    begun = time.monotonic()
    session = listener.open("train")
    came: list[float] = []
    while len(came) < 4:
        listener.memory = cpu((listener.memory.devices[0].in_use or 0) * 2 + 1)
        session.changed()
        with suppress(Empty):
            message = listener.sent.get(timeout=0.02)
            came += [time.monotonic()] if isinstance(message, MemoryChanged) else []
    assert came[-1] - begun >= 3 * 0.5


def test_who_asks_sees_what_front_ends_see(listener: Listener) -> None:
    """To the byte: what is returned is sent, however small the change."""
    listener.memory = cpu(10_000)
    listener.open("train")
    listener.next()
    listener.next()
    listener.memory = cpu(10_001)
    assert listener.feed.memory() == listener.memory
    sent = listener.next()
    assert isinstance(sent, MemoryChanged)
    assert sent.memory.devices[0].in_use == 10_001


def test_what_a_session_held_is_kept_and_goes_with_it(listener: Listener) -> None:
    """A bounded number of samples, the latest of them in a snapshot."""
    listener.memory = cpu(0)
    session = listener.open("train")
    for nbytes in (100, 100, 200):
        session.variables_nbytes = nbytes
        session.changed()
        while not (
            isinstance(message := listener.next(), SessionChanged) and message.session.variables_nbytes == nbytes
        ) and nbytes not in [held for _, held in listener.feed.history.samples(1)]:
            pass
        listener.feed.memory()
    assert [nbytes for _, nbytes in listener.feed.history.samples(1)][-2:] == [100, 200]
    assert [sample.nbytes for sample in listener.snapshot().samples][-1] == 200
    listener.registry.close("train")
    while not isinstance(listener.next(), SessionClosed):
        pass
    assert listener.feed.history.samples(1) == ()


def test_one_change_among_many_sessions_is_one_message(listener: Listener) -> None:
    """Not a snapshot."""
    sessions = [listener.open(f"s{index}") for index in range(100)]
    for _ in sessions:
        listener.next()
    sessions[50].state = State.RUNNING
    sessions[50].changed()
    message = listener.next()
    assert isinstance(message, SessionChanged)
    assert message.session.name == "s50"
    assert listener.is_quiet()


def test_counters_are_sent_together(listener: Listener) -> None:
    """A loop of runs sends a few messages, and the last one has the final count."""
    session = listener.open("train")
    listener.next()
    begun = time.monotonic()
    for _ in range(1000):
        session.runs += 1
        session.changed()
    took = time.monotonic() - begun
    counts: list[int] = []
    while not counts or counts[-1] < 1000:
        message = listener.next()
        assert isinstance(message, SessionChanged)
        counts.append(message.session.runs)
    assert len(counts) <= 3 + took / COUNTERS


def test_which_variables_have_a_value_is_asked_after_a_cell_and_seldom_in_it(listener: Listener) -> None:
    """The question costs a step, so it is asked off the cell's path."""
    session = listener.open("train")
    listener.next()
    asked, begun = session.asked, time.monotonic()
    session.state, session.runs = State.ENTERED, 1
    session.changed()
    listener.next()
    for _ in range(5):
        session.runs += 1
        session.changed()
        listener.next()
    took = time.monotonic() - begun
    assert FIRST_GAP * (2 ** (session.asked - asked - 1) - 1) <= took
    asked = session.asked
    session.state = State.IDLE
    session.changed()
    listener.next()
    assert session.asked == asked + 1


def test_a_snapshot_has_everything_and_the_revision_to_go_on_from(listener: Listener) -> None:
    """What follows has the next revision."""
    listener.open("a")
    listener.open("b")
    listener.next()
    listener.next()
    snapshot = listener.snapshot()
    assert ([session.name for session in snapshot.sessions], snapshot.revision) == (["a", "b"], 2)
    listener.registry.close("a")
    assert listener.next() == SessionClosed(3, 1)


def test_a_session_that_only_a_snapshot_showed_is_told_to_be_closed() -> None:
    """It was opened before anybody listened."""
    listener = Listener()
    listener.open("a")
    unsubscribe = listener.subscribe()
    listener.registry.close("a")
    assert listener.next() == SessionClosed(1, 1)
    unsubscribe()


def test_the_thread_lives_while_somebody_listens() -> None:
    """Two come, both go twice, one comes again: one thread at most, none at the end, no change marked for nobody."""

    def threads() -> int:
        return sum(thread.name == "tfsess_magics feed" for thread in threading.enumerate())

    listener = Listener()
    first, second = listener.subscribe(), listener.feed.subscribe(lambda _: None)
    assert threads() == 1
    first()
    assert threads() == 1
    second()
    second()
    first()
    assert threads() == 0
    listener.open("a")
    assert listener.registry.changes.take(timeout=0) == set()
    again = listener.subscribe()
    listener.open("b")
    message = listener.next()
    assert isinstance(message, SessionChanged)
    assert message.session.name == "b"
    again()


def test_a_receiver_that_fails_keeps_nothing_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged."""
    listener = Listener()

    def fail(message: object) -> None:
        if not isinstance(message, Snapshot):
            raise ZeroDivisionError("division by zero")

    failing = listener.feed.subscribe(fail)
    other = listener.subscribe()
    listener.open("a")
    assert isinstance(listener.next(), SessionChanged)
    assert "division by zero" in caplog.text
    failing()
    other()


def test_a_session_that_cannot_be_described_keeps_nothing_from_the_others(
    listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    broken = listener.open("broken")
    listener.next()

    def fails(*, ask: bool) -> SessionSummary:
        raise ZeroDivisionError(ask)

    broken.summary = fails  # type: ignore[method-assign]
    broken.changed()
    listener.open("train")
    opened = listener.next()
    assert isinstance(opened, SessionChanged)
    assert opened.session.name == "train"
    assert "ZeroDivisionError" in caplog.text
    listener.registry.close("broken")
    assert listener.next() == SessionClosed(3, 1)
