"""How sessions come to be listed."""

from __future__ import annotations

import gc
import threading
from typing import Any

import pytest
from hypothesis.stateful import rule

import tfsess_magics
from tests.tf.stateful.model import NAMES, WHICH, Model
from tests.tf.stateful.others import add_and_run, make
from tests.tf.stateful.rows import Row
from tfsess_magics import Kind


class Coming(Model):
    """Opens them, has other code make them, and adopts those."""

    @rule(name=NAMES)
    def open(self, name: str) -> None:
        row = self.live(name)
        opened = tfsess_magics.session(name)
        if row is None:
            self.rows.append(Row(Kind.NAMED, self.follow(opened.session), name, opened))
        else:
            assert opened is row.named

    @rule(name=NAMES)
    def open_eager(self, name: str) -> None:
        row = self.live(name)
        if row is not None and row.kind is not Kind.EAGER:
            with pytest.raises(tfsess_magics.OptionConflictError):
                tfsess_magics.session(name, eager=True)
            return
        opened = tfsess_magics.session(name, eager=True)
        if row is None:
            self.rows.append(Row(Kind.EAGER, lambda: None, name, opened))
        else:
            assert opened is row.named

    @rule()
    def make(self) -> None:
        session = make()
        self.rows.append(Row(Kind.OBSERVED, self.follow(session), held=session))

    @rule()
    def make_in_a_thread(self) -> None:
        made: list[Any] = []
        thread = threading.Thread(target=lambda: made.append(make()))
        thread.start()
        thread.join()
        self.rows.append(Row(Kind.OBSERVED, self.follow(made[0]), held=made.pop()))

    @rule()
    def make_while_nothing_is_observed(self) -> None:
        backend = tfsess_magics.process.connect()
        backend.unobserve()
        session = make()
        add_and_run(session)
        backend.observe()
        self.rows.append(Row(Kind.OBSERVED, self.follow(session), held=session))

    @rule()
    def make_and_forget(self) -> None:
        session = make()
        self.follow(session)
        session.me = session
        del session
        gc.collect()

    @rule(which=WHICH, name=NAMES)
    def adopt(self, which: int, name: str) -> None:
        row = self.pick(which, Kind.OBSERVED, Kind.ADOPTED)
        if row is None or row.held is None:
            return
        if row.kind is Kind.ADOPTED:
            with pytest.raises(tfsess_magics.InvalidSessionError):
                tfsess_magics.adopt(row.held, name)
        elif self.live(name):
            with pytest.raises(tfsess_magics.SessionExistsError):
                tfsess_magics.adopt(row.held, name)
        else:
            row.named = tfsess_magics.adopt(row.held, name)
            row.kind, row.name = Kind.ADOPTED, name
