"""What the tests of growth stand in."""

import pytest
import tensorflow as tf

from tests.tf.conftest import Open
from tfsess_magics.tf.session.named import NamedSession


@pytest.fixture
def train(open_session: Open) -> NamedSession:
    """A session with a tensor that has run."""
    train = open_session("train")
    with train:
        train.run(tf.constant(1.0, name="x"))
    return train
