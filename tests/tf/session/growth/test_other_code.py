"""Growth of sessions of other code, and by lines of modules."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.session.growth.growing import ADD, added, growth, news, run_cell, x
from tfsess_magics.core.model import Kind
from tfsess_magics.tf.session.growth import _CELLS, _STEPS

v1 = tf.compat.v1


MODULE = """\
import tensorflow as tf

def step(session):
    with session.graph.as_default():
        y = tf.square(session.graph.get_tensor_by_name("x:0"))
    return session.run(y)
"""


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    """Code of others, with a leak."""
    (tmp_path / "leaky.py").write_text(MODULE, "utf-8")
    spec = importlib.util.spec_from_file_location("leaky", tmp_path / "leaky.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def observed() -> Iterator[tf.compat.v1.Session]:
    """A session of other code."""
    tfsess_magics.process.connect().observe()
    with tf.Graph().as_default():
        tf.constant(1.0, name="x")
        session = v1.Session()
    yield session
    session.close()
    tfsess_magics.process.connect().unobserve()


def test_an_observed_session_says_which_line_of_a_module_it_is(
    observed: tf.compat.v1.Session, module: ModuleType
) -> None:
    for _ in range(_STEPS + 1):
        module.step(observed)
    (info,) = (info for info in tfsess_magics.sessions() if info.kind is Kind.OBSERVED)
    line = 'leaky.py:5: y = tf.square(session.graph.get_tensor_by_name("x:0"))'
    assert info.growth.startswith("graph grows: each session.run adds 1 operation, at ")
    assert info.growth.endswith(line)
    assert news() == [f"{info.name}: {info.growth}"]
    tfsess_magics.adopt(observed, "model")
    assert tfsess_magics.get("model").info().growth == info.growth
    tfsess_magics.close("model")


def test_an_adopted_session_knows_its_cells(observed: tf.compat.v1.Session) -> None:
    adopted = tfsess_magics.adopt(observed, "model")
    for number in range(_CELLS):
        run_cell(adopted, number, lambda: x() + 1, ADD)
    assert added(adopted) == (2, "cell 2")
    assert "each run of cell 2 adds" in growth(adopted)
    tfsess_magics.close("model")
