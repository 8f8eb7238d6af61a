"""A reset or close that saves first, of a session that runs."""

from pathlib import Path

import pytest
import tensorflow as tf

import tfsess_magics
from tests.in_runtime import wait_for_runs
from tests.tf.conftest import Open
from tests.tf.running import Running
from tfsess_magics import SessionStopped
from tfsess_magics.core.orders import carry_out
from tfsess_magics.core.protocol import Close, Done, Refused, Reset
from tfsess_magics.process import registry
from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1


@pytest.fixture
def train(open_session: Open) -> NamedSession:
    """A session with a variable, and a queue that a run can wait for."""
    with open_session("train") as train:
        train.run(v1.get_variable("v", initializer=[1.0, 2.0]).initializer)
        v1.FIFOQueue(1, tf.float32, name="queue").dequeue(name="waits")
    return train


@pytest.mark.parametrize("order", [Reset, Close])
def test_a_run_in_flight_is_told_of_and_ended(train: NamedSession, tmp_path: Path, order: type[Reset | Close]) -> None:
    """The values are in the file before the run ends."""
    waits = Running(train, "waits:0")
    wait_for_runs(train, 1)
    reply = carry_out(order(1, train.number, 1, f"{tmp_path}/a"), registry)
    waits.join()
    assert isinstance(reply, Done)
    first, second = reply.message.splitlines()
    assert first.startswith(f"saved 1 variable (8 B) of train to {tmp_path}/a. Not saved: queues ('queue'). 1 run in")
    assert second.startswith(("reset train: ", "closed train: "))
    assert isinstance(waits.error, SessionStopped)
    assert tf.train.load_checkpoint(f"{tmp_path}/a").get_tensor("v").tolist() == [1.0, 2.0]


def test_a_value_that_cannot_be_saved_is_not_lost(train: NamedSession, tmp_path: Path) -> None:
    """The reset does not take place, and the reply names the variable."""
    with train:
        tensors = tf.raw_ops.EmptyTensorList(element_shape=-1, max_num_elements=3, element_dtype=tf.float32)
        train.run(v1.Variable(tensors, name="tensors").initializer)
    reply = carry_out(Reset(1, train.number, 1, f"{tmp_path}/a"), registry)
    assert isinstance(reply, Refused)
    assert "Not saved: tensors (a value of type variant)" in reply.message
    assert "cannot reset 'train': some of its variables were not saved" in reply.message
    assert {v.name for v in tfsess_magics.get("train").info().variables if v.initialized} == {"v", "tensors"}
