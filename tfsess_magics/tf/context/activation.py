"""A thread's activation of a named session or an eager scope: entered, suspended, resumed, left.

A signal handler may raise at the entry of any Python function, before the function has done anything. So code that
must leave an activation calls `Activation.suspend` or `Activation.end` once more after any exception, in a loop in
its own frame. Both may be called again. `tests/notebook/test_interrupts.py` raises exceptions at every such place.

Two threads may be in one session at once. TensorFlow allows concurrent runs, but to build one graph in two threads is
as unsafe as in plain TensorFlow. If one thread leaves a graph entered that another thread is properly inside of, the
graph ends for both.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary

import tensorflow as tf

from tfsess_magics.core.notice import Notice, Topic
from tfsess_magics.core.session import PLAIN, CellOptions
from tfsess_magics.tf.context.left_open import (
    Gone,
    Left,
    say_block,
    say_followed,
    say_keras_session,
    say_reset,
    say_summary,
)
from tfsess_magics.tf.introspect.callers import Caller, caller
from tfsess_magics.tf.runs.limit import Limit
from tfsess_magics.tf.tracing.request import Order

if TYPE_CHECKING:
    from tfsess_magics.core.model import Kind
    from tfsess_magics.core.session import CellCode


class Defaults(Protocol):
    """The graph, session, device and modes that TensorFlow takes for granted; a thread swaps them in and out.

    The thread of the activation uses it. `suspend` may be called again, and after a `resume` that was interrupted.
    """

    def resume(self) -> None:
        """Install them."""

    def suspend(self) -> None:
        """Put back what was installed before."""

    def reuse_variables(self) -> None:
        """Have ``get_variable`` take a variable that is there; called before the first `resume`."""

    def hand_over(self, inner: Any) -> None:
        """Leave before `inner`, which was entered later."""

    def settle(self) -> list[Left]:
        """End what was entered inside and never left, and return it; the last call of an activation."""

    @property
    def has_new_keras_session(self) -> bool:
        """True if code inside has given Keras a session, and Keras has it still."""

    def keep_summary(self) -> list[str]:
        """Keep the default summary writer and step that code inside has set, and return which of them are new."""

    def move_to(self, graph: tf.Graph, session: Any) -> None:
        """Put another graph and session in the place of those inside; called inside, with no graph entered."""

    def graph_left(self) -> tf.Graph:
        """Return the graph that is the default inside; where code has reset that and built nothing, the one before."""

    def interactive_left(self) -> tuple[Any, ...]:
        """Return the interactive sessions that are open inside, outermost first."""


class Entered(Protocol):
    """A session or scope that activations are in: a named session, or an eager scope."""

    name: str
    kind: Kind
    generation: int

    explain: Callable[[BaseException], None]
    """Adds a note to an error that leaves it."""

    def enter(self, by: str) -> Activation:
        """Begin an activation of `by` in this thread."""

    def leave(self, activation: Activation) -> None:
        """End `activation`."""

    def initialize(self) -> None:
        """Initialize the variables without a value."""

    def renew(self, activation: Activation) -> None:
        """Go on at once with an empty graph, as code inside `activation` has reset the default one."""

    def rejoin(self, activation: Activation) -> None:
        """Have `activation` go on in the graph that the session has got in an activation inside of it."""

    def __enter__(self) -> Any:
        """Begin an activation of a ``with`` block."""

    def __exit__(
        self, exc_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it."""


class Surroundings(Protocol):
    """One generation of it."""

    graph: tf.Graph
    """The default graph inside."""

    def defaults(self) -> Defaults:
        """Return it as defaults that a thread can swap in."""


class _Thread(threading.local):
    """The activations and blocks that a thread is in."""

    def __init__(self) -> None:
        self.innermost: Activation | None = None
        """The activation that was resumed last and not suspended since."""
        self.blocks: list[Activation] = []
        """The ``with`` blocks, in the order of their entry."""
        self.ended: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        """The number of blocks of a session that were ended from outside and are still to be left."""


_thread = _Thread()


class Activation:
    """A cell, or a ``with`` block, inside a session or scope; used by the thread that entered.

    Code that holds it keeps the session in use. `suspend` and `end` may be called again: an interrupt may have come
    before they did their work, and the caller repeats them then.

    Parameters
    ----------
    session, generation
        The session or scope, and its generation.
    by
        The code inside, as messages call it: ``cell 5``, ``a with block``.
    options
        Those of the cell; its trace is ordered by the session.
    code
        That of the cell, None for a ``with`` block.
    """

    def __init__(
        self,
        session: Entered,
        generation: Surroundings,
        by: str,
        options: CellOptions = PLAIN,
        code: CellCode | None = None,
    ) -> None:
        self.limit = None if options.timeout is None else Limit(options.timeout, by)
        """The limit of a run's time in it, None for that of its session."""
        self.trace: Order | None = None
        """The order to trace a run in it."""
        self.session = session
        self.generation = generation
        self.by = by
        self.code = code
        self.begun = generation.graph.num_operations()
        """The number of operations that the graph had."""
        self.defaults = generation.defaults()
        if options.reuse:
            self.defaults.reuse_variables()
        self.initializes = options.init
        self.is_over = False
        self.is_suspended = False
        self.ended_by = ""
        """The sentence that says how other code ends it while it is suspended; empty if its own code goes on."""
        self.notices: list[Notice] = []
        """The changes that the body made to the defaults; known at the end."""
        self.resets: list[Caller] = []
        """The code that has reset the default graph, as far as the session has not followed."""
        self._followed: list[tuple[Caller, Gone]] = []
        """The resets that the session has followed, and what it has lost by each."""
        self.entered_by: Caller | None = None
        self._left: list[Left] = []
        self._around: Activation | None = None
        self._inside: Activation | None = None
        """The block that was innermost when this activation was suspended, if it was not this activation."""

    def resume(self) -> None:
        """Install the session's defaults and remember those of the thread."""
        self.is_suspended = False
        self._around = _thread.innermost
        _thread.innermost = self._inside or self
        if self.limit is None and self._around is not None:
            self.limit = self._around.limit
        self.defaults.resume()

    def initialize(self) -> None:
        """Initialize the variables of the session without a value; called inside."""
        self.session.initialize()

    def suspend(self) -> None:
        """Put the thread's defaults back and remember the session's for the next `resume`."""
        self.is_suspended = True
        self.defaults.suspend()
        innermost = activation = _thread.innermost
        while activation is not None and activation is not self:
            activation = activation._around
        if activation is self:
            self._inside = None if innermost is self else innermost
            _thread.innermost = self._around

    def use(self) -> str:
        """Say how it keeps its session in use, as `SessionInUseError` takes it."""
        is_held = self.is_suspended and self.ended_by
        return f"{self.by} is suspended in it. {self.ended_by}" if is_held else f"{self.by} is running in it"

    def was_reset(self, who: Caller) -> None:
        """Note that code inside has reset the default graph. The session follows at once where it is the body's own."""
        self.resets.append(who)
        if who.is_typed or (self.entered_by is not None and who.file == self.entered_by.file):
            self.session.renew(self)

    def has_followed(self, generation: Surroundings, gone: Gone) -> None:
        """Note that the session has gone on with `generation`, and without `gone`."""
        if self.resets:
            self._followed.append((self.resets[-1], gone))
        self.resets, self.generation, self.begun = [], generation, 0

    def move_out_of(self, outer: Activation) -> None:
        """Note that `outer`, inside which this activation was entered, is left before it."""
        if self._around is outer:
            self._around = outer._around

    def end(self) -> None:
        """Leave for good. Blocks that were entered inside and not left end with it."""
        self.suspend()
        left_open = [block for block in _thread.blocks if block._around is self]
        if left_open:
            try:
                self.resume()
                for block in reversed(left_open):
                    block.end()  # first, as an exception may come before it has: the block is found again then
                    _thread.blocks.remove(block)
                    _thread.ended[block.session] = _thread.ended.get(block.session, 0) + 1
                    self._notice(say_block(block.entered_by, block.session.name))
                    self.notices += block.notices
            finally:
                self.suspend()
        self._left = self.defaults.settle() or self._left
        self.session.leave(self)
        outer = self._around
        if self._followed and outer is not None and outer is _thread.innermost and outer.session is self.session:
            self.session.rejoin(outer)
        if not self.is_over:
            untraced = self.trace.end() if self.trace else []
            self.is_over = True
            self.notices += [Notice(Topic.TRACES, why) for why in untraced]
            for left in self._left:
                self._notice(left.say(self.session.name, self.by))
            if self.defaults.has_new_keras_session:
                self._notice(say_keras_session(self.by, self.session.name, self.session.kind))
            if summary := self.defaults.keep_summary():
                self._notice(say_summary(self.by, summary, self.session.name))
            if any(gone.operations for _, gone in self._followed):
                self._notice(say_followed(self._followed, self.session.name, self.session.generation))
            if self.resets and self.generation.graph.version:
                self._notice(say_reset(self.resets[-1], self.session.name, self.session.kind))

    def _notice(self, text: str) -> None:
        self.notices.append(Notice(Topic.BODY, text))


def innermost_activation() -> Activation | None:
    """Return the activation that this thread is in now, None if it is in none."""
    return _thread.innermost


def running_code() -> CellCode | None:
    """Return that of the innermost cell that is in a session in this thread, None if there is none."""
    activation = _thread.innermost
    while activation is not None and activation.code is None:
        activation = activation._around
    return None if activation is None else activation.code


def enter_block(activation: Activation) -> None:
    """Enter a ``with`` block."""
    try:
        activation.entered_by = caller()
        activation.resume()
        _thread.blocks.append(activation)
    except BaseException:
        activation.end()
        if activation in _thread.blocks:
            _thread.blocks.remove(activation)
        raise


def innermost_block(session: Any) -> Activation | None:
    """Return this thread's innermost ``with`` block in `session`, None if it was ended from outside.

    Raises
    ------
    RuntimeError
        If this thread is in none.
    """
    for block in reversed(_thread.blocks):
        if block.session is session:
            return block
    if not _thread.ended.get(session):
        raise RuntimeError(f"session {session.name!r} was not entered in this thread.")
    _thread.ended[session] -= 1
    return None


def leave_block(block: Activation) -> None:
    """Leave a ``with`` block, also before one that was entered after it. May be called again, as `Activation.end`."""
    if block not in _thread.blocks:
        return
    inner = _thread.blocks[_thread.blocks.index(block) + 1 :]
    if inner:
        block.defaults.hand_over(inner[0].defaults)
        for activation in inner:
            activation.move_out_of(block)
    block.end()
    _thread.blocks.remove(block)
