"""Sessions are seen, and one is there."""

import gc
from collections.abc import Iterator

import pytest
import tensorflow as tf

import tfsess_magics


@pytest.fixture(autouse=True)
def observed() -> Iterator[None]:
    """Measuring begins with a session."""
    gc.collect()  # what garbage of other tests holds would be freed meanwhile
    tfsess_magics.process.connect().observe()
    with tfsess_magics.session("first") as first:
        first.run(tf.constant(1))
    yield
    tfsess_magics.close(*tfsess_magics.process.registry.names)
    tfsess_magics.process.connect().unobserve()
