"""What is looked at after each step."""

from __future__ import annotations

import gc

import tensorflow as tf
from hypothesis.stateful import invariant, precondition, rule
from tensorflow.python.framework import ops, stack

import tfsess_magics
from tests.tf.stateful.model import Model
from tfsess_magics import Kind

v1 = tf.compat.v1


class Truth(Model):
    """Compares TensorFlow's defaults, the list and what is alive with what they must be."""

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
        Model.looks += 1
        if self.defaults():
            session = self.defaults()[-1].reference()
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
        defaults = self.defaults() + ([self.inside.row] if self.inside else [])
        truth = [
            (
                row.name,
                row.kind,
                self.state_of(row),
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
