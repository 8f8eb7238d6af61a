"""Kernels with TensorFlow, started once for all tests of this directory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .harness import Kernel
from .pair import PREPARE, Pair
from .train import PREPARE as TRAIN


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two kernels with the same history."""
    with Kernel(tmp_path_factory.mktemp("plain")) as plain, Kernel(tmp_path_factory.mktemp("session")) as session:
        yield Pair(plain, session)


@pytest.fixture
def pair(kernels: Pair) -> Pair:
    """The two kernels, level with each other even where a test before has failed half-way."""
    kernels.level()
    return kernels


@pytest.fixture(scope="session")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel, for what has no counterpart among ordinary cells."""
    with Kernel(tmp_path_factory.mktemp("kernel")) as kernel:
        assert kernel.run(PREPARE).status == "ok"
        yield kernel


@pytest.fixture
def train(kernel: Kernel) -> Iterator[Kernel]:
    """A kernel with a session that can be made to wait for ever."""
    assert kernel.run("%load_ext tfsess_magics").status == "ok"
    assert kernel.run(TRAIN).status == "ok"
    yield kernel
    assert kernel.value("signal.set_wakeup_fd(fd) == fd, tf.executing_eagerly()") == (True, True)
    assert kernel.run("%tfsession close train").status == "ok"
