"""How sessions end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeGuard

import pytest
import tensorflow as tf
from hypothesis import strategies as st
from hypothesis.stateful import rule

import tfsess_magics
from tests.tf.stateful.model import GRAPHS, NAMES, WHICH, Model
from tests.tf.stateful.rows import Row
from tfsess_magics import Kind


class Going(Model):
    """Closes and resets them, also as their makers do, and drops them."""

    @staticmethod
    def is_ended(row: Row | None, refusal: type[Exception] | None, end: Callable[[], object]) -> TypeGuard[Row]:
        """Close or reset one, and return whether that was not to be refused."""
        if refusal:
            with pytest.raises(refusal):
                end()
            return False
        assert row
        session = getattr(row.named, "session", None)
        row.made.clear()
        end()
        assert session is None or session._closed
        return True

    @rule(name=NAMES)
    def close(self, name: str) -> None:
        row = self.live(name)
        if self.is_ended(row, self.refusal(row), lambda: tfsess_magics.close(name)):
            self.gone(row)

    @rule(which=WHICH)
    def close_of_other_code(self, which: int) -> None:
        row = self.pick(which, Kind.OBSERVED)
        if row is not None:
            tfsess_magics.close(self.named_as(row))
            self.gone(row)

    @rule(which=WHICH, in_thread=st.booleans())
    def its_maker_closes_it(self, which: int, in_thread: bool) -> None:
        row = self.pick(which, *GRAPHS)
        if row is None:
            return
        if in_thread:
            thread = threading.Thread(target=lambda: row.reference().close())
            thread.start()
            thread.join()
        else:
            row.reference().close()
        if row.kind is Kind.OBSERVED:
            self.gone(row)
        row.is_broken = True

    @rule(which=WHICH)
    def its_maker_enters_it_for_good(self, which: int) -> None:
        """``with session:`` closes it at the end."""
        row = self.pick(which, Kind.OBSERVED)
        if row is None:
            return
        with row.held as session:
            assert session.run(tf.constant(1)) == 1
        self.gone(row)

    @rule(name=NAMES)
    def reset(self, name: str) -> None:
        row = self.live(name)
        is_adopted = row is not None and row.kind is Kind.ADOPTED
        refusal = tfsess_magics.NotOursError if is_adopted else self.refusal(row)
        if not self.is_ended(row, refusal, lambda: tfsess_magics.reset(name)):
            return
        if row.kind is not Kind.EAGER:
            row.reference = self.follow(row.named.session)
        row.generation, row.runs, row.is_broken = row.generation + 1, 0, False

    @rule(which=WHICH)
    def drop(self, which: int) -> None:
        """Its maker forgets it: an observed session is gone at once, an adopted one stays."""
        row = self.pick(which, Kind.OBSERVED, Kind.ADOPTED)
        if row is None or self.is_entered(row):
            return
        row.held = None
        if row.kind is Kind.OBSERVED:
            self.gone(row)

    @rule()
    def drop_closed_ones(self) -> None:
        self.closed.clear()
