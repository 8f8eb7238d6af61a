"""The values that a stop gives back, which TensorFlow uses where they lie."""

import gc
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy._core.multiarray import get_handler_name

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.memory.measuring import MIB, about, cpu, in_use, variable
from tests.tf.running import when_running
from tfsess_magics import SessionStopped
from tfsess_magics.tf import aligned as aligned_arrays
from tfsess_magics.tf.aligned import aligned
from tfsess_magics.tf.lent import lent_nbytes, take_back
from tfsess_magics.tf.session import NamedSession

v1 = tf.compat.v1
_SIZE = 8 * MIB


@pytest.fixture
def lender(open_session: Open) -> NamedSession:
    """A session with a large variable, what adds to it, and what waits for ever."""
    gc.collect()  # what garbage of other tests holds would be freed meanwhile
    take_back()
    session = open_session("lender")
    with session:
        v = variable("v", _SIZE)
        session.run(v.initializer)
        v1.identity(v1.FIFOQueue(1, tf.float32).dequeue(), name="waits")
        v.assign_add(tf.ones_like(v), name="add")
        tf.reduce_sum(v, name="total")
    return session


def stop(session: NamedSession) -> None:
    thread = when_running(session, lambda: tfsess_magics.stop(session.name))
    with pytest.raises(SessionStopped, match="Kept: 1 variable"):
        session.run("waits:0")
    thread.join()


def test_a_value_is_not_copied_until_it_is_changed(lender: NamedSession) -> None:
    total = lender.run("total:0")
    stop(lender)
    assert lent_nbytes() == _SIZE
    assert lender.run("total:0") == total
    lender.run(lender.graph.get_operation_by_name("add"))
    last = lender.info().last_run
    assert last is not None
    assert last.memory[0].nbytes >= _SIZE, "the copy is what the run needed"
    assert lender.run("total:0") == total + _SIZE / 4
    assert lent_nbytes() == 0


def test_what_is_lent_is_in_use_and_comes_back(lender: NamedSession) -> None:
    before = in_use()
    peak = cpu().peak or 0
    for _ in range(2):
        stop(lender)
        assert in_use() == about(before)
        assert cpu().peak == about(peak)
        assert [of.nbytes for of in cpu().held] == [_SIZE]
    assert lent_nbytes() == _SIZE
    (was,) = tfsess_magics.close("lender")
    assert was.given_back is not None
    assert was.given_back.by_device == (("CPU", about(_SIZE)),)
    assert lent_nbytes() == 0


def test_where_arrays_cannot_be_aligned_values_are_kept_as_well(
    lender: NamedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arrays as numpy makes them are fed, some of which happen to be aligned."""

    def no_library() -> object:
        raise TypeError("as on Windows")

    monkeypatch.setattr(aligned_arrays, "_make_handler", no_library)
    monkeypatch.setattr(aligned_arrays, "_handler", aligned_arrays._handler.__wrapped__)
    with aligned():
        assert get_handler_name(np.ones(MIB)) == "default_allocator"
    lender.run(lender.graph.get_operation_by_name("add"))
    stop(lender)
    assert lender.run("total:0") == _SIZE / 4


def test_arrays_are_aligned_inside_only() -> None:
    inside: list[Any] = []

    def fail() -> None:
        with aligned():
            inside.extend(np.ones(size) for size in (1, 3, 1000, MIB))
            raise ValueError("left by an error")

    with pytest.raises(ValueError, match="left by an error"):
        fail()
    assert {array.ctypes.data % 64 for array in inside} == {0}
    assert {get_handler_name(array) for array in inside} == {"tfsess_magics"}
    assert get_handler_name(np.ones(MIB)) == "default_allocator"


def test_an_array_may_outlive_the_module_that_aligned_it() -> None:
    code = (
        "import gc, sys, numpy\n"
        "from tfsess_magics.tf.aligned import aligned\n"
        "with aligned(): arrays = [numpy.ones(10**6), numpy.zeros(7, object), numpy.ones(3)]\n"
        "del aligned\n"
        "for name in [name for name in sys.modules if name.startswith('tfsess_magics')]: del sys.modules[name]\n"
        "gc.collect()\n"
        "for array in arrays: array.resize(2 * array.size, refcheck=False)\n"
        "assert arrays[0].sum() == 10**6\n"
        "del arrays, array\n"
        "print('freed')"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "freed\n"
