"""What the tests of traces stand in."""

from collections.abc import Iterator

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.tracing.traced import build
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.tracing.trace import new_traces

v1 = tf.compat.v1


@pytest.fixture(autouse=True)
def all_seen() -> Iterator[None]:
    """What other tests have not looked at is not this one's."""
    new_traces()
    yield
    new_traces()


@pytest.fixture
def work(open_session: Open) -> NamedSession:
    """Four CPU devices with a variable and an operation on each, and a variable for a GPU that is not there."""
    tfsess_magics.process.connect().observe()
    work = open_session("work", config=v1.ConfigProto(device_count={"CPU": 4}))
    build(work)
    return work
