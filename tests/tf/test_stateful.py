"""Sessions and eager scopes are opened, entered, stopped, passed on, adopted, reset, closed and dropped at random."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
import tensorflow as tf
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from tensorflow.python.framework import ops, stack

import tfsess_magics
from tests.tf.conftest import Open
from tfsess_magics import Kind, State

v1 = tf.compat.v1

STEPS = settings(
    max_examples=80,
    stateful_step_count=50,
    derandomize=True,  # the same steps every time
    database=None,
    deadline=None,  # it measures time, which says nothing on a machine that is busy
    suppress_health_check=list(HealthCheck),
)
"""At most 80 lives of at most 50 steps each; how many steps it were is counted."""
LEAST_STEPS = 2000

GRAPHS = (Kind.NAMED, Kind.ADOPTED, Kind.OBSERVED)
NAMES = st.sampled_from(["a", "b", "c"])
WHICH = st.integers(0, 5)


@dataclass(eq=False)
class Row:
    """What the list must say of a session."""

    kind: Kind
    reference: Callable[[], Any]
    """A weak reference to the TensorFlow session."""
    name: str = ""
    """Empty for an observed session: it goes by its number."""
    named: Any = None
    """The named session, if it is one."""
    held: Any = field(default=None, repr=False)
    """The TensorFlow session, as long as the code that made it holds it."""
    generation: int = 1
    runs: int = 0
    made: list[Any] = field(default_factory=list, repr=False)
    """The eager variables that were made in it and not dropped yet."""
    is_broken: bool = False
    """Whether its maker has closed it."""


@dataclass(eq=False)
class Block:
    """A place where the test is inside a session."""

    row: Row
    leave: Callable[[], object]
    is_named: bool


def make() -> Any:
    """Stand for other code that makes a session."""
    return v1.Session(graph=tf.Graph())


WAYS: dict[str, Callable[[Any, Any], Any]] = {
    "run": lambda session, fetch: session.run(fetch),
    "eval": lambda session, fetch: fetch.eval(session=session),
    "callable": lambda session, fetch: session.make_callable(fetch)(),
    "callable of a list": lambda session, fetch: session.make_callable([fetch])()[0],
}
"""How code runs a session."""


def add_and_run(session: Any, way: str = "run") -> None:
    """Stand for other code to which a session is passed: build, run, and leave the defaults alone."""
    with session.graph.as_default():
        total = tf.constant(1) + 1
    assert WAYS[way](session, total) == 2


class Blocked:
    """A thread whose run in a session waits for a queue that stays empty."""

    def __init__(self, row: Row) -> None:
        session = row.reference()
        with session.graph.as_default():
            self._variable = v1.get_variable(f"v{session.graph.num_operations()}", initializer=3.0)
            wait = v1.FIFOQueue(1, tf.float32).dequeue()
        session.run(self._variable.initializer)
        self._session = session
        self._said = ""
        self._thread = threading.Thread(target=self._run, args=(wait,))
        self._thread.start()

    def _run(self, wait: Any) -> None:
        try:
            self._session.run(wait)
        except tfsess_magics.SessionStopped as error:
            self._said = str(error)  # the error itself refers to all that was going on

    def end(self) -> None:
        """Look at what the stop left."""
        self._thread.join()
        assert "Kept: " in self._said
        assert self._session.run(self._variable) == 3.0
        for thread in threading.enumerate():
            if thread.name == "tfsess_magics stop":
                thread.join()  # it holds the session a moment longer


class Inside:
    """A thread that enters a named session, runs, and stays inside until it is told to leave."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self._entered, self._leave = threading.Event(), threading.Event()
        self._found: list[Any] = []
        self._thread = threading.Thread(target=self._stay)
        self._thread.start()
        self._entered.wait()

    def _stay(self) -> None:
        try:
            with self.row.named as entered:
                self._found += [(tf.constant(1) + 1).eval(), v1.get_default_session() is entered.session]
                self._entered.set()
                self._leave.wait()
            self._found += [v1.get_default_session(), tf.executing_eagerly(), ops._default_graph_stack.stack]
        finally:
            self._entered.set()

    def leave(self) -> None:
        """Have the thread leave, and look at what it found."""
        self._leave.set()
        self._thread.join()
        assert self._found == [2, True, None, True, []]


class Lives(RuleBasedStateMachine):
    """Does what users, their modules and their threads do, and knows what must come of it."""

    lives = 0
    looks = 0
    """One at the beginning of each life, and one after each step."""

    def __init__(self) -> None:
        super().__init__()
        Lives.lives += 1
        self.rows: list[Row] = []
        """In the order in which they came."""
        self.blocks: list[Block] = []
        self.inside: Inside | None = None
        self.closed: list[Any] = []
        """Closed sessions that somebody holds."""
        self.references: list[weakref.ref[Any]] = []
        """All sessions and graphs there ever were."""

    def _follow(self, session: Any) -> weakref.ref[Any]:
        reference = weakref.ref(session)
        self.references += [reference, weakref.ref(session.graph)]
        return reference

    def _live(self, name: str) -> Row | None:
        return next((row for row in self.rows if row.name == name), None)

    def _pick(self, which: int, *kinds: Kind) -> Row | None:
        rows = [row for row in self.rows if row.kind in kinds]
        return rows[which % len(rows)] if rows else None

    def _is_used(self, row: Row) -> bool:
        in_thread = self.inside is not None and self.inside.row is row
        return in_thread or any(block.row is row and block.is_named for block in self.blocks)

    def _is_entered(self, row: Row) -> bool:
        return self._is_used(row) or any(block.row is row for block in self.blocks)

    def _state(self, row: Row) -> State:
        if row.is_broken:
            return State.CLOSED
        return State.ENTERED if self._is_used(row) else State.IDLE

    def _defaults(self) -> list[Row]:
        """Return what is on this thread's stack of default sessions: a named session begins a new one."""
        found: list[Row] = []
        for block in self.blocks:
            found = [*([] if block.is_named else found), *([] if block.row.kind is Kind.EAGER else [block.row])]
        return found

    def _named_as(self, row: Row) -> str:
        return tfsess_magics.sessions()[self.rows.index(row)].name

    def _gone(self, row: Row) -> None:
        self.rows.remove(row)
        if row.held is not None:
            self.closed.append(row.held)

    @rule(name=NAMES)
    def open(self, name: str) -> None:
        row = self._live(name)
        opened = tfsess_magics.session(name)
        if row is None:
            self.rows.append(Row(Kind.NAMED, self._follow(opened.session), name, opened))
        else:
            assert opened is row.named

    @rule(name=NAMES)
    def open_eager(self, name: str) -> None:
        row = self._live(name)
        if row is not None and row.kind is not Kind.EAGER:
            with pytest.raises(tfsess_magics.OptionConflictError):
                tfsess_magics.session(name, eager=True)
            return
        opened = tfsess_magics.session(name, eager=True)
        if row is None:
            self.rows.append(Row(Kind.EAGER, lambda: None, name, opened))
        else:
            assert opened is row.named

    @precondition(lambda self: self.blocks and self.blocks[-1].row.kind is Kind.EAGER)
    @rule()
    def make_an_eager_variable(self) -> None:
        self.blocks[-1].row.made.append(tf.Variable(1.0))

    @rule(which=WHICH)
    def drop_an_eager_variable(self, which: int) -> None:
        row = self._pick(which, Kind.EAGER)
        if row is not None and row.made:
            del row.made[which % len(row.made)]

    @rule()
    def make(self) -> None:
        session = make()
        self.rows.append(Row(Kind.OBSERVED, self._follow(session), held=session))

    @rule()
    def make_in_a_thread(self) -> None:
        made: list[Any] = []
        thread = threading.Thread(target=lambda: made.append(make()))
        thread.start()
        thread.join()
        self.rows.append(Row(Kind.OBSERVED, self._follow(made[0]), held=made.pop()))

    @rule()
    def make_while_nothing_is_observed(self) -> None:
        backend = tfsess_magics.api._connect()
        backend.unobserve()
        session = make()
        add_and_run(session)
        backend.observe()
        self.rows.append(Row(Kind.OBSERVED, self._follow(session), held=session))

    @rule()
    def make_and_forget(self) -> None:
        session = make()
        self._follow(session)
        session.me = session
        del session
        gc.collect()

    @rule(which=WHICH)
    def enter_named(self, which: int) -> None:
        row = self._pick(which, Kind.NAMED, Kind.ADOPTED, Kind.EAGER)
        if row is None:
            return
        if row.is_broken:
            with pytest.raises(tfsess_magics.ClosedSessionError):
                row.named.__enter__()
            return
        named = row.named.__enter__()
        self.blocks.append(Block(row, lambda: named.__exit__(None, None, None), is_named=True))

    @rule(which=WHICH)
    def enter_of_other_code(self, which: int) -> None:
        row = self._pick(which, Kind.OBSERVED, Kind.ADOPTED)
        if row is None or row.held is None:
            return
        entered = ExitStack()
        entered.enter_context(row.held.graph.as_default())
        entered.enter_context(row.held.as_default())
        self.blocks.append(Block(row, entered.close, is_named=False))

    @precondition(lambda self: self.blocks)
    @rule(which=WHICH)
    def leave(self, which: int) -> None:
        """Leave named sessions in any order, those of other code as TensorFlow demands it."""
        row = self.blocks[which % len(self.blocks)].row
        last = max(index for index, block in enumerate(self.blocks) if block.row is row)
        if not all(block.is_named for block in self.blocks[last:]):
            last = len(self.blocks) - 1
        self.blocks.pop(last).leave()

    @rule(which=WHICH, way=st.sampled_from(sorted(WAYS)))
    def pass_on(self, which: int, way: str) -> None:
        row = self._pick(which, *GRAPHS)
        if row is None:
            return
        session = row.named if row.kind is Kind.NAMED else row.reference()
        if row.is_broken:
            with pytest.raises((RuntimeError, tf.errors.CancelledError), match="closed"):
                add_and_run(session, way)
            return
        add_and_run(session, way)
        row.runs += 1

    @rule(which=WHICH)
    def stop_a_run(self, which: int) -> None:
        row = self._pick(which, *GRAPHS)
        if row is None or row.is_broken:
            return
        blocked = Blocked(row)
        while tfsess_magics.sessions()[self.rows.index(row)].running_since is None:
            pass
        assert "1 run. Kept: " in tfsess_magics.stop(self._named_as(row))
        blocked.end()
        row.runs += 3

    @rule(which=WHICH)
    def stop_nothing(self, which: int) -> None:
        row = self._pick(which, *GRAPHS)
        if row is None or row.is_broken:
            return
        assert "will be stopped before it begins" in tfsess_magics.stop(self._named_as(row))
        with pytest.raises(tfsess_magics.SessionStopped, match="before this run began"):
            add_and_run(row.reference())
        row.runs += 1

    @precondition(lambda self: self._defaults())
    @rule()
    def run_in_the_default_session(self) -> None:
        row = self._defaults()[-1]
        total = tf.constant(1) + 1
        if row.is_broken or row not in self.rows:
            with pytest.raises(RuntimeError, match="closed Session"):
                total.eval()
            return
        assert total.eval() == 2
        row.runs += 1

    @precondition(lambda self: self.closed)
    @rule(which=WHICH)
    def use_a_closed_session(self, which: int) -> None:
        session = self.closed[which % len(self.closed)]
        with pytest.raises(RuntimeError, match="closed Session"):
            add_and_run(session)
        with pytest.raises(tfsess_magics.InvalidSessionError):
            tfsess_magics.adopt(session, "d")

    @rule(which=WHICH, name=NAMES)
    def adopt(self, which: int, name: str) -> None:
        row = self._pick(which, Kind.OBSERVED, Kind.ADOPTED)
        if row is None or row.held is None:
            return
        if row.kind is Kind.ADOPTED:
            with pytest.raises(tfsess_magics.InvalidSessionError):
                tfsess_magics.adopt(row.held, name)
        elif self._live(name):
            with pytest.raises(tfsess_magics.SessionExistsError):
                tfsess_magics.adopt(row.held, name)
        else:
            row.named = tfsess_magics.adopt(row.held, name)
            row.kind, row.name = Kind.ADOPTED, name

    @rule(name=NAMES)
    def close(self, name: str) -> None:
        row = self._live(name)
        if row is None:
            with pytest.raises(tfsess_magics.UnknownSessionError):
                tfsess_magics.close(name)
        elif self._is_used(row):
            with pytest.raises(tfsess_magics.SessionInUseError):
                tfsess_magics.close(name)
        else:
            session = getattr(row.named, "session", None)
            row.made.clear()
            tfsess_magics.close(name)
            assert session is None or session._closed
            self._gone(row)

    @rule(which=WHICH)
    def close_of_other_code(self, which: int) -> None:
        row = self._pick(which, Kind.OBSERVED)
        if row is not None:
            tfsess_magics.close(self._named_as(row))
            self._gone(row)

    @rule(which=WHICH, in_thread=st.booleans())
    def its_maker_closes_it(self, which: int, in_thread: bool) -> None:
        row = self._pick(which, *GRAPHS)
        if row is None:
            return
        if in_thread:
            thread = threading.Thread(target=lambda: row.reference().close())
            thread.start()
            thread.join()
        else:
            row.reference().close()
        if row.kind is Kind.OBSERVED:
            self._gone(row)
        row.is_broken = True

    @rule(which=WHICH)
    def its_maker_enters_it_for_good(self, which: int) -> None:
        """``with session:`` closes it at the end."""
        row = self._pick(which, Kind.OBSERVED)
        if row is None:
            return
        with row.held as session:
            assert session.run(tf.constant(1)) == 1
        self._gone(row)

    @rule(name=NAMES)
    def reset(self, name: str) -> None:
        row = self._live(name)
        if row is None:
            with pytest.raises(tfsess_magics.UnknownSessionError):
                tfsess_magics.reset(name)
        elif row.kind is Kind.ADOPTED:
            with pytest.raises(tfsess_magics.NotOursError):
                tfsess_magics.reset(name)
        elif self._is_used(row):
            with pytest.raises(tfsess_magics.SessionInUseError):
                tfsess_magics.reset(name)
        else:
            session = getattr(row.named, "session", None)
            row.made.clear()
            tfsess_magics.reset(name)
            if session is not None:
                assert session._closed
                row.reference = self._follow(row.named.session)
            row.generation, row.runs, row.is_broken = row.generation + 1, 0, False

    @rule(which=WHICH)
    def drop(self, which: int) -> None:
        """Its maker forgets it: an observed session is gone at once, an adopted one stays."""
        row = self._pick(which, Kind.OBSERVED, Kind.ADOPTED)
        if row is None or self._is_entered(row):
            return
        row.held = None
        if row.kind is Kind.OBSERVED:
            self._gone(row)

    @rule()
    def drop_closed_ones(self) -> None:
        self.closed.clear()

    @precondition(lambda self: self.inside is None)
    @rule(which=WHICH)
    def a_thread_enters_and_runs(self, which: int) -> None:
        row = self._pick(which, Kind.NAMED, Kind.ADOPTED)
        if row is not None and not row.is_broken:
            self.inside = Inside(row)
            row.runs += 1

    @precondition(lambda self: self.inside)
    @rule()
    def the_thread_leaves(self) -> None:
        assert self.inside
        self.inside.leave()
        self.inside = None

    @precondition(lambda self: not self.blocks)
    @rule()
    def collect(self) -> None:
        """Nothing is kept that nobody has any more."""
        gc.collect()
        sessions = [row.reference() for row in self.rows if row.kind is not Kind.EAGER] + self.closed
        wanted = {id(thing) for session in sessions for thing in (session, session.graph)}
        self.references = [reference for reference in self.references if reference() is not None]
        assert {id(reference()) for reference in self.references} == wanted

    @invariant()
    def the_defaults_are_those_of_the_innermost(self) -> None:
        Lives.looks += 1
        if self._defaults():
            session = self._defaults()[-1].reference()
            assert v1.get_default_session() is session
            assert v1.get_default_graph() is session.graph
            assert not tf.executing_eagerly()
        elif self.blocks:
            assert tf.executing_eagerly()
            assert v1.get_default_session() is None
        else:
            assert tf.executing_eagerly()
            assert (ops._default_graph_stack.stack, stack._default_session_stack.stack) == ([], [])

    @invariant()
    def the_list_is_the_truth(self) -> None:
        defaults = self._defaults() + ([self.inside.row] if self.inside else [])
        truth = [
            (
                row.name,
                row.kind,
                self._state(row),
                row.generation,
                row.runs,
                row in defaults,
                0 if row.kind is Kind.EAGER else row.reference().graph.num_operations(),
                len(row.made),
            )
            for row in self.rows
        ]
        listed = [
            (
                "" if info.name == f"#{info.id}" else info.name,
                info.kind,
                info.state,
                info.generation,
                info.runs,
                info.is_default,
                info.operations,
                len(info.variables) if info.kind is Kind.EAGER else 0,
            )
            for info in tfsess_magics.sessions()
        ]
        assert listed == truth

    def teardown(self) -> None:
        if self.inside:
            self.the_thread_leaves()
        while self.blocks:
            self.blocks.pop().leave()
        tfsess_magics.close(*(row.name for row in self.rows if row.kind is not Kind.OBSERVED))
        self.rows.clear()
        self.closed.clear()
        self.collect()
        assert tfsess_magics.sessions() == ()


@pytest.fixture
def collects_fast() -> Iterator[None]:
    """Keep what is there out of the garbage collector, which would look at all of TensorFlow each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def test_any_order(collects_fast: None, open_session: Open) -> None:
    """The defaults are balanced, the list is the truth, and nothing is kept."""
    tfsess_magics.api._connect().observe()
    run_state_machine_as_test(Lives, settings=STEPS)
    assert Lives.looks - Lives.lives >= LEAST_STEPS
