import threading
from collections.abc import Callable

import pytest

from tests.core.fake import ORIGIN, FakeBackend, FakeSession
from tfsess_magics.core.errors import (
    InvalidNameError,
    InvalidOptionError,
    OptionConflictError,
    SessionExistsError,
    SessionInUseError,
    TfSessionError,
    UnknownSessionError,
)
from tfsess_magics.core.registry import SessionRegistry

Registry = SessionRegistry[FakeSession]


@pytest.fixture
def registry() -> Registry:
    return SessionRegistry(FakeBackend)


def test_open_makes_a_session_once_and_finds_it_again(registry: Registry) -> None:
    """A name opens on first use and is re-entered later."""
    first, is_new = registry.open("train", {"seed": 7}, ORIGIN)
    again, is_new_again = registry.open("train", {}, ORIGIN)
    assert first is again
    assert (is_new, is_new_again) == (True, False)
    assert first.options.seed == 7


def test_nothing_is_connected_before_a_session_is_opened() -> None:
    """TensorFlow is imported when the first session opens, never to list, and not for a bad or an unknown name."""

    def connect() -> FakeBackend:
        raise AssertionError("connected")

    registry: Registry = SessionRegistry(connect)
    assert registry.sessions() == ()
    orders: tuple[Callable[[], object], ...] = (
        lambda: registry.get("train"),
        lambda: registry.trace("train"),
        lambda: registry.stop("train", "test"),
        lambda: registry.reset("train", "test"),
        lambda: registry.close("train", by="test"),
    )
    for order in orders:
        with pytest.raises(UnknownSessionError):
            order()
    with pytest.raises(InvalidNameError):
        registry.open("1", {}, ORIGIN)


def test_create_refuses_a_taken_name(registry: Registry) -> None:
    """`%tfsession new` never returns a session that was there."""
    registry.create("train", {}, ORIGIN)
    with pytest.raises(SessionExistsError, match="a session is named 'train' already"):
        registry.create("train", {}, ORIGIN)


def test_a_bad_option_opens_nothing(registry: Registry) -> None:
    """An error leaves no session behind."""
    with pytest.raises(InvalidOptionError):
        registry.open("train", {"nothing": 1}, ORIGIN)
    assert registry.names == ()


def test_another_option_on_a_live_session_is_refused(registry: Registry) -> None:
    """Never silently ignored."""
    registry.open("train", {"seed": 7}, ORIGIN)
    registry.open("train", {"seed": 7}, ORIGIN)
    with pytest.raises(OptionConflictError, match="--seed 8"):
        registry.open("train", {"seed": 8}, ORIGIN)


def test_an_unknown_name_lists_the_live_ones(registry: Registry) -> None:
    """The error is a KeyError that reads like a sentence, with the nearest name."""
    with pytest.raises(UnknownSessionError) as error:
        registry.get("train")
    assert str(error.value) == "no session is named 'train'. No session is open."
    registry.open("train", {}, ORIGIN)
    registry.open("prep", {}, ORIGIN)
    with pytest.raises(KeyError) as key_error:
        registry.get("tarin")
    assert str(key_error.value) == "no session is named 'tarin'. Live: train, prep. Did you mean 'train'?"
    assert isinstance(key_error.value, TfSessionError)


def test_close_returns_what_the_sessions_were_and_frees_their_names(registry: Registry) -> None:
    """A closed name can be opened again, as another session."""
    first, _ = registry.open("a", {}, ORIGIN)
    registry.open("b", {}, ORIGIN)
    assert [was.name for was in registry.close("b", "a", "b")] == ["b", "a"]
    assert registry.names == ()
    again, is_new = registry.open("a", {}, ORIGIN)
    assert is_new
    assert again.number > first.number


def test_close_of_several_is_all_or_none(registry: Registry) -> None:
    """A name that is unknown or in use closes nothing."""
    registry.open("a", {}, ORIGIN)
    busy, _ = registry.open("busy", {}, ORIGIN)
    busy.used_by = "cell 5 is running in it"
    with pytest.raises(UnknownSessionError):
        registry.close("a", "nobody")
    with pytest.raises(SessionInUseError, match="cannot close 'busy': cell 5 is running in it"):
        registry.close("a", "busy")
    assert registry.names == ("a", "busy")


def test_a_name_is_suggested_where_that_is_no_guess(registry: Registry) -> None:
    """All names of one or two letters look alike."""
    for name in "n", "net", "train":
        registry.open(name, {}, ORIGIN)
    for name, hint in ("n2", ""), ("ne", ""), ("nn", ""), ("tarin", " Did you mean 'train'?"):
        with pytest.raises(UnknownSessionError) as error:
            registry.get(name)
        assert str(error.value) == f"no session is named {name!r}. Live: n, net, train.{hint}"


def test_reset_keeps_the_name_and_returns_what_was(registry: Registry) -> None:
    """The generation goes up; in use it is refused."""
    session, _ = registry.open("a", {}, ORIGIN)
    assert registry.reset("a").generation == 1
    assert registry.get("a") is session
    assert session.generation == 2
    session.used_by = "cell 5 is running in it"
    with pytest.raises(SessionInUseError, match="cannot reset 'a'"):
        registry.reset("a")
    assert session.generation == 2


def test_a_session_that_was_closed_directly_is_gone(registry: Registry) -> None:
    """Code that was handed a named session may close it: the name is free then."""
    session, _ = registry.open("a", {}, ORIGIN)
    session.close()
    assert registry.names == ()
    assert registry.sessions() == ()
    with pytest.raises(UnknownSessionError):
        registry.close("a")
    _, is_new = registry.open("a", {}, ORIGIN)
    assert is_new


def test_threads_that_open_one_name_at_once_get_one_session(registry: Registry) -> None:
    """Opening is serialised, so that a name is one session."""
    barrier = threading.Barrier(8)
    found: list[FakeSession] = []

    def open_it() -> None:
        barrier.wait()
        found.append(registry.open("a", {}, ORIGIN)[0])

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1


@pytest.mark.parametrize("name", [None, 3, ["train"], b"train"])
def test_a_name_that_is_no_string_is_told(registry: Registry, name: object) -> None:
    """Whatever is live."""
    registry.open("train", {}, ORIGIN)
    for order in (registry.get, registry.close, registry.reset):
        with pytest.raises(InvalidNameError, match="a session's name is a string, got"):
            order(name)  # type: ignore[arg-type]
