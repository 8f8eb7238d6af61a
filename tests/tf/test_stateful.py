"""Sessions and eager scopes are opened, entered, stopped, passed on, adopted, reset, closed and dropped at random."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.stateful.coming import Coming
from tests.tf.stateful.entering import Entering
from tests.tf.stateful.going import Going
from tests.tf.stateful.model import Model
from tests.tf.stateful.running import Running
from tests.tf.stateful.truth import Truth
from tfsess_magics import Kind
from tfsess_magics.core.settings import settings as ours

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


class Lives(Coming, Entering, Running, Going, Truth):
    """Does what users, their modules and their threads do, and knows what must come of it."""

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


def test_any_order(open_session: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """The defaults are balanced, the list is the truth, and nothing is kept."""
    monkeypatch.setattr(ours, "order_lasts", 500.0)
    tfsess_magics.process.connect().observe()
    run_state_machine_as_test(Lives, settings=STEPS)
    assert Model.looks - Model.lives >= LEAST_STEPS
