"""A session for stops that meet something else in the same moment."""

import numpy as np
import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.running import when_running
from tfsess_magics import SessionStopped
from tfsess_magics.tf.session.named import NamedSession

v1 = tf.compat.v1


@pytest.fixture
def races(open_session: Open) -> NamedSession:
    """A session with a variable, and what waits for ever."""
    races = open_session("races")
    with races:
        variable = v1.get_variable("variable", initializer=np.zeros(10))
        variable.initializer.run()
        variable.assign_add(np.ones(10), read_value=False).run()
        tf.identity(variable, name="read")
        queue = v1.FIFOQueue(1, tf.float32, shapes=[[]])
        tf.identity(queue.dequeue(), name="waits")
        queue.enqueue([1.0], name="fill")
        tf.debugging.check_numerics(variable / 0.0, "no", name="fails")
    races.run("read:0")
    return races


def stopped(session: NamedSession) -> str:
    thread = when_running(session, lambda: tfsess_magics.stop("races", now=True))
    with pytest.raises(SessionStopped) as error:
        session.run("waits:0")
    thread.join()
    return str(error.value)
