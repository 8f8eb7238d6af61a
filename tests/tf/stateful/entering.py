"""How a thread gets into sessions and out of them."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import tensorflow as tf
from hypothesis.stateful import precondition, rule

import tfsess_magics
from tests.tf.stateful.model import WHICH, Model
from tests.tf.stateful.others import Inside
from tests.tf.stateful.rows import Block
from tfsess_magics import Kind


class Entering(Model):
    """Enters named sessions and those of other code, also in another thread, and leaves them."""

    @rule(which=WHICH)
    def enter_named(self, which: int) -> None:
        row = self.pick(which, Kind.NAMED, Kind.ADOPTED, Kind.EAGER)
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
        row = self.pick(which, Kind.OBSERVED, Kind.ADOPTED)
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

    @precondition(lambda self: self.inside is None)
    @rule(which=WHICH)
    def a_thread_enters_and_runs(self, which: int) -> None:
        row = self.pick_whole(which, Kind.NAMED, Kind.ADOPTED)
        if row is not None:
            self.inside = Inside(row)
            row.runs += 1

    @precondition(lambda self: self.inside)
    @rule()
    def the_thread_leaves(self) -> None:
        assert self.inside
        self.inside.leave()
        self.inside = None

    @precondition(lambda self: self.blocks and self.blocks[-1].row.kind is Kind.EAGER)
    @rule()
    def make_an_eager_variable(self) -> None:
        self.blocks[-1].row.made.append(tf.Variable(1.0))

    @rule(which=WHICH)
    def drop_an_eager_variable(self, which: int) -> None:
        row = self.pick(which, Kind.EAGER)
        if row is not None and row.made:
            del row.made[which % len(row.made)]
