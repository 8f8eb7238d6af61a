import gc
import os
import threading
from collections.abc import Iterator
from typing import Protocol

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tfsess_magics
from tests.tf import every_kind
from tests.tf.running import Person
from tests.tf.seeing import Methods, methods
from tfsess_magics.core.running_cell import add_cell_finder, remove_cell_finder
from tfsess_magics.core.settings import settings
from tfsess_magics.tf.backend import TensorFlow
from tfsess_magics.tf.session.named import NamedSession


class Open(Protocol):
    """Opens a named session that the test need not close."""

    def __call__(self, name: str, **options: object) -> NamedSession: ...


def asking() -> list[threading.Thread]:
    """Return the threads that ask a server."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("tfsess_magics asks")]


def _wait_for_servers() -> None:
    for thread in asking():
        thread.join()


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Have who orders a stop wait as long as it takes, and a server that is asked for values."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "cut_patience", 600.0)
        patch.setattr(settings, "values_patience", 600_000)
        yield


@pytest.fixture
def person() -> Iterator[Person]:
    """Somebody who can interrupt twice."""
    person = Person()
    add_cell_finder(person.cell)
    yield person
    remove_cell_finder(person.cell)


@pytest.fixture
def open_session() -> Iterator[Open]:
    def open_it(name: str, **options: object) -> NamedSession:
        opened: NamedSession = tfsess_magics.session(name, **options)  # type: ignore[call-overload]
        return opened

    yield open_it
    tfsess_magics.close(*tfsess_magics.process.registry.names)
    tfsess_magics.process.connect().unobserve()
    _wait_for_servers()


@pytest.fixture
def train(open_session: Open) -> NamedSession:
    """A session with variables of every kind, and what waits for ever."""
    train = open_session("train")
    every_kind.build(train)
    return train


@pytest.fixture
def unwrapped() -> Iterator[Methods]:
    """TensorFlow's own methods, which a test must put back."""
    gc.collect()  # sessions that garbage of other tests holds would be seen
    before = methods()
    yield before
    tfsess_magics.process.connect().unobserve()
    _wait_for_servers()
    assert methods() == before


@pytest.fixture
def backend(unwrapped: Methods) -> TensorFlow:
    """Sees every session during a test."""
    backend = tfsess_magics.process.connect()
    backend.observe()
    return backend
