"""What must be true of sessions, whatever was done with them."""

from __future__ import annotations

import weakref
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

import tfsess_magics
from tests.tf.stateful.others import Inside
from tests.tf.stateful.rows import Block, Row
from tfsess_magics import Kind, State

GRAPHS = (Kind.NAMED, Kind.ADOPTED, Kind.OBSERVED)
NAMES = st.sampled_from(["a", "b", "c"])
WHICH = st.integers(0, 5)


class Model(RuleBasedStateMachine):
    """Knows what the list must say, and where this thread is; what is done with sessions is in subclasses."""

    lives = 0
    looks = 0
    """One at the beginning of each life, and one after each step."""

    def __init__(self) -> None:
        super().__init__()
        Model.lives += 1
        self.rows: list[Row] = []
        """In the order in which they came."""
        self.blocks: list[Block] = []
        self.inside: Inside | None = None
        self.closed: list[Any] = []
        """Closed sessions that somebody holds."""
        self.references: list[weakref.ref[Any]] = []
        """All sessions and graphs there ever were."""

    def follow(self, session: Any) -> weakref.ref[Any]:
        reference = weakref.ref(session)
        self.references += [reference, weakref.ref(session.graph)]
        return reference

    def live(self, name: str) -> Row | None:
        return next((row for row in self.rows if row.name == name), None)

    def pick(self, which: int, *kinds: Kind) -> Row | None:
        rows = [row for row in self.rows if row.kind in kinds]
        return rows[which % len(rows)] if rows else None

    def pick_whole(self, which: int, *kinds: Kind) -> Row | None:
        """Pick one; none if its maker has closed it."""
        row = self.pick(which, *kinds)
        return None if row is None or row.is_broken else row

    def refusal(self, row: Row | None) -> type[Exception] | None:
        """Return what an order to end it fails with, None if it does not."""
        if row is None:
            return tfsess_magics.UnknownSessionError
        return tfsess_magics.SessionInUseError if self.is_used(row) else None

    def is_used(self, row: Row) -> bool:
        in_thread = self.inside is not None and self.inside.row is row
        return in_thread or any(block.row is row and block.is_named for block in self.blocks)

    def is_entered(self, row: Row) -> bool:
        return self.is_used(row) or any(block.row is row for block in self.blocks)

    def state_of(self, row: Row) -> State:
        if row.is_broken:
            return State.CLOSED
        return State.ENTERED if self.is_used(row) else State.IDLE

    def defaults(self) -> list[Row]:
        """Return what is on this thread's stack of default sessions: a named session begins a new one."""
        found: list[Row] = []
        for block in self.blocks:
            found = [*([] if block.is_named else found), *([] if block.row.kind is Kind.EAGER else [block.row])]
        return found

    def named_as(self, row: Row) -> str:
        return tfsess_magics.sessions()[self.rows.index(row)].name

    def gone(self, row: Row) -> None:
        self.rows.remove(row)
        if row.held is not None:
            self.closed.append(row.held)
