"""How sessions are run and stopped."""

from __future__ import annotations

import pytest
import tensorflow as tf
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import tfsess_magics
from tests.tf.running import in_thread
from tests.tf.stateful.model import GRAPHS, WHICH, Model
from tests.tf.stateful.others import WAYS, Blocked, add_and_run
from tfsess_magics import Kind


class Running(Model):
    """Runs them, as other code does to which they are passed, and stops their runs."""

    @rule(which=WHICH, way=st.sampled_from(sorted(WAYS)))
    def pass_on(self, which: int, way: str) -> None:
        row = self.pick(which, *GRAPHS)
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
        row = self.pick_whole(which, *GRAPHS)
        if row is None:
            return
        blocked = Blocked(row)
        while tfsess_magics.sessions()[self.rows.index(row)].running_since is None:
            pass
        assert "1 run. Kept: " in str(tfsess_magics.stop(self.named_as(row), now=True))
        blocked.end()
        row.runs += 3

    @rule(which=WHICH)
    def stop_nothing(self, which: int) -> None:
        row = self.pick_whole(which, *GRAPHS)
        if row is None:
            return
        assert "stops its next one" in in_thread(lambda: tfsess_magics.stop(self.named_as(row)))
        with pytest.raises(tfsess_magics.SessionStopped, match="before this run began"):
            add_and_run(row.reference())
        row.runs += 1

    @precondition(lambda self: self.defaults())
    @rule()
    def run_in_the_default_session(self) -> None:
        row = self.defaults()[-1]
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
