"""Kernels with TensorFlow, started once for all tests of this directory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .harness import Kernel
from .pair import Pair


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two kernels with the same history."""
    with Kernel(tmp_path_factory.mktemp("plain")) as plain, Kernel(tmp_path_factory.mktemp("session")) as session:
        yield Pair(plain, session)
