"""Every order gets a reply, whatever it is."""

import json
from typing import Any

import pytest

from tests.core.fake import ORIGIN, FakeBackend, FakeObserved, FakeSession
from tfsess_magics.core.errors import NotSavedError
from tfsess_magics.core.model import Kind
from tfsess_magics.core.orders import carry_out_message
from tfsess_magics.core.protocol import Done, Refused, Waiting, encode
from tfsess_magics.core.registry import SessionRegistry
from tfsess_magics.core.session import ObservedSession


@pytest.fixture
def registry() -> SessionRegistry[FakeSession]:
    registry: SessionRegistry[FakeSession] = SessionRegistry(FakeBackend)
    registry.create("train", {}, ORIGIN)
    return registry


def test_close_and_reset_say_what_was_done(registry: SessionRegistry[FakeSession]) -> None:
    """The reply has the number of the order, and the sentence that the magic prints."""
    reply = carry_out_message({"type": "reset", "request": 3, "id": 1, "generation": 1}, registry)
    assert isinstance(reply, Done)
    assert reply.request == 3
    assert reply.message.startswith("reset train: its graph is empty now (generation 2; each reset adds 1)")
    reply = carry_out_message({"type": "close", "request": 4, "id": 1, "generation": 2}, registry)
    assert isinstance(reply, Done)
    assert reply.message == "closed train: no operations, no variables; 0 B given back to TensorFlow's allocator"
    assert registry.names == ()


SAVED = "saved 1 variable (8 B) of train to models/a"
ENDS = [("reset", "reset train: its graph is empty now"), ("close", "closed train: no operations")]


def save_first(registry: SessionRegistry[FakeSession], order: str) -> Done | Waiting | Refused:
    data = {"type": order, "request": 1, "id": 1, "generation": 1, "save_to": "models/a"}
    return carry_out_message(data, registry)


def kept(registry: SessionRegistry[FakeSession]) -> bool:
    session = registry.find(1)
    return session is not None and session.generation == 1


@pytest.mark.parametrize(("order", "said"), ENDS)
def test_an_order_with_a_path_saves_first(registry: SessionRegistry[FakeSession], order: str, said: str) -> None:
    """At the time of the save the session is as it was; the reply tells both."""
    session = registry.get("train")
    when: list[bool] = []
    session.during_save = lambda: when.append(kept(registry))
    reply = save_first(registry, order)
    assert isinstance(reply, Done)
    assert reply.message.startswith(f"{SAVED}\n{said}")
    assert (session.saved_to, when) == (["models/a"], [True])
    assert not kept(registry)


@pytest.mark.parametrize("order", ["reset", "close"])
def test_a_save_that_fails_ends_nothing(registry: SessionRegistry[FakeSession], order: str) -> None:
    """The reply says why."""

    def fail() -> None:
        raise NotSavedError("train", "models/a", "there is no folder models.")

    registry.get("train").during_save = fail
    reply = save_first(registry, order)
    assert reply == Refused(1, "NotSavedError", "train was not saved to models/a: there is no folder models.")
    assert kept(registry)


@pytest.mark.parametrize("order", ["reset", "close"])
def test_an_interrupted_save_ends_nothing(registry: SessionRegistry[FakeSession], order: str) -> None:
    """Whatever a signal handler raises goes on to the code that gave the order."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    registry.get("train").during_save = interrupt
    with pytest.raises(KeyboardInterrupt):
        save_first(registry, order)
    assert kept(registry)


@pytest.mark.parametrize("order", ["reset", "close"])
def test_a_save_that_leaves_a_value_out_ends_nothing(registry: SessionRegistry[FakeSession], order: str) -> None:
    """The reply says how the user can end it all the same."""
    registry.get("train").saves_all = False
    reply = save_first(registry, order)
    assert isinstance(reply, Refused)
    assert reply.message == (
        f"{SAVED}\ncannot {order} 'train': some of its variables were not saved, and their values would be lost. "
        f"To {order} it all the same, leave the path empty."
    )
    assert kept(registry)


@pytest.mark.parametrize("order", ["reset", "close"])
def test_a_session_that_cannot_be_ended_now_is_not_saved(registry: SessionRegistry[FakeSession], order: str) -> None:
    """An older checkpoint of that name stays."""
    session = registry.get("train")
    session.used_by = "cell 5 is running in it"
    reply = save_first(registry, order)
    assert isinstance(reply, Refused)
    assert reply.message.startswith(f"cannot {order} 'train': cell 5 is running in it")
    session.used_by = None
    registry.reset("train")
    assert save_first(registry, order) == Refused(
        1, "StaleOrderError", "'train' was reset meanwhile; it was left as it is."
    )
    assert session.saved_to == []


@pytest.mark.parametrize("order", ["reset", "close"])
def test_a_session_that_changes_during_the_save_is_left(registry: SessionRegistry[FakeSession], order: str) -> None:
    """The reply tells what was saved, and what came between."""
    session = registry.get("train")
    session.during_save = lambda: registry.reset("train")
    reply = save_first(registry, order)
    assert reply == Refused(1, "StaleOrderError", f"{SAVED}\n'train' was reset meanwhile; it was left as it is.")
    assert (session.generation, session.closed) == (2, False)


@pytest.mark.parametrize("order", ["reset", "close"])
def test_another_session_that_has_got_the_name_during_the_save_is_left(
    registry: SessionRegistry[FakeSession], order: str
) -> None:
    def replace() -> None:
        registry.close("train")
        registry.create("train", {}, ORIGIN)

    registry.get("train").during_save = replace
    reply = save_first(registry, order)
    assert reply == Refused(1, "StaleOrderError", f"{SAVED}\nthat session is closed already.")
    now = registry.get("train")
    assert (now.number, now.generation, now.saved_to) == (2, 1, [])


@pytest.mark.parametrize("order", ["reset", "close"])
def test_the_values_of_an_eager_scope_are_not_saved(registry: SessionRegistry[FakeSession], order: str) -> None:
    """It is not ended, and the reply says what saves them."""
    registry.get("train").kind = Kind.EAGER
    reply = save_first(registry, order)
    assert isinstance(reply, Refused)
    assert (reply.code, "tf.train.Checkpoint" in reply.message) == ("NoRunsError", True)
    assert kept(registry)


def test_describe_replies_with_details(registry: SessionRegistry[FakeSession]) -> None:
    """Those of the session that has the id."""
    reply = carry_out_message({"type": "describe", "request": 1, "id": 1}, registry)
    assert isinstance(reply, Done)
    assert reply.details is not None
    assert (reply.details.id, reply.details.generation) == (1, 1)


def test_an_order_for_what_is_no_more_is_refused(registry: SessionRegistry[FakeSession]) -> None:
    """Two windows, one session: the order that comes second gets a clear answer, and nothing is lost."""
    registry.reset("train")
    for order in ("close", "reset"):
        reply = carry_out_message({"type": order, "request": 1, "id": 1, "generation": 1}, registry)
        assert reply == Refused(1, "StaleOrderError", "'train' was reset meanwhile; it was left as it is.")
    assert registry.names == ("train",)
    registry.close("train")
    for data in ({"type": "close", "generation": 2}, {"type": "reset", "generation": 2}, {"type": "describe"}):
        reply = carry_out_message({"request": 1, "id": 1} | data, registry)
        assert reply == Refused(1, "StaleOrderError", "that session is closed already.")


@pytest.mark.parametrize("order", ["reset", "close", "stop"])
def test_an_order_does_not_touch_another_session_that_has_got_the_name(
    registry: SessionRegistry[FakeSession], monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    """Code closes the session, and opens one of its name, between the moments when the order finds it and acts."""
    find = registry.find

    def find_and_replace(number: int) -> FakeSession | ObservedSession | None:
        found = find(number)
        registry.get("train").close()
        registry.create("train", {}, ORIGIN)
        return found

    monkeypatch.setattr(registry, "find", find_and_replace)
    reply = carry_out_message({"type": order, "request": 1, "id": 1, "generation": 1}, registry)
    assert isinstance(reply, Refused)
    assert reply.code == "ClosedSessionError"
    now = registry.get("train")
    assert (now.number, now.generation, now.closed, now.is_stopped) == (2, 1, False, False)


def adopt(registry: SessionRegistry[FakeSession], number: int, name: str) -> Done | Waiting | Refused:
    data = {"type": "adopt", "request": 1, "id": number, "generation": 1, "name": name}
    return carry_out_message(data, registry)


def test_adopt_gives_a_session_of_other_code_a_name(registry: SessionRegistry[FakeSession]) -> None:
    """The reply is the sentence that the magic prints, and the session keeps its number."""
    number = registry.admit(FakeObserved).number
    reply = adopt(registry, number, "model")
    assert reply == Done(
        1, "adopted: the session that m:f m.py:1 made is named model now; %%tfsession model runs a cell in it"
    )
    assert registry.get("model").number == number
    assert registry.observed == []


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("7", "InvalidNameError", "'7' does not start with a letter"),
        ("", "InvalidNameError", "the name is empty"),
        ("train", "SessionExistsError", "a session is named 'train' already"),
    ],
)
def test_a_name_that_will_not_do_adopts_nothing(
    registry: SessionRegistry[FakeSession], name: str, code: str, message: str
) -> None:
    """The reply says why."""
    observed = registry.admit(FakeObserved)
    reply = adopt(registry, observed.number, name)
    assert isinstance(reply, Refused)
    assert reply.code == code
    assert message in reply.message
    assert registry.observed == [observed]


def test_what_has_a_name_is_not_adopted_again(registry: SessionRegistry[FakeSession]) -> None:
    """Two windows, one session: the second order says what the first has made of it."""
    number = registry.admit(FakeObserved).number
    adopt(registry, number, "model")
    registry.get("model").kind = Kind.ADOPTED
    reply = adopt(registry, number, "other")
    assert reply == Refused(1, "StaleOrderError", "another order named that session 'model' meanwhile.")
    assert registry.names == ("train", "model")


def test_a_session_in_use_is_kept(registry: SessionRegistry[FakeSession]) -> None:
    """With the reason."""
    registry.get("train").used_by = "cell 5 is running in it"
    reply = carry_out_message({"type": "close", "request": 1, "id": 1, "generation": 1}, registry)
    assert isinstance(reply, Refused)
    assert (reply.code, reply.message[:45]) == ("SessionInUseError", "cannot close 'train': cell 5 is running in it")


@pytest.mark.parametrize(
    ("data", "request_number", "message"),
    [
        ({"type": "nonsense", "request": 7}, 7, "Invalid value 'nonsense'"),
        ({"request": 7}, 7, "missing required field `type`"),
        ({"type": "close", "request": 7, "id": "x", "generation": 1}, 7, "Expected `int`, got `str` - at `$.id`"),
        ({"type": "close", "request": 7}, 7, "missing required field `id`"),
        (
            {"type": "close", "request": 7, "id": 1, "generation": 1, "save_to": None},
            7,
            "Expected `str`, got `null` - at `$.save_to`",
        ),
        ({"type": "refresh", "request": "7"}, 0, "Expected `int`, got `str` - at `$.request`"),
        ("close", 0, "Expected `object`, got `str`"),
        (None, 0, "Expected `object`, got `null`"),
    ],
)
def test_what_is_no_order_is_refused(
    registry: SessionRegistry[FakeSession], data: Any, request_number: int, message: str
) -> None:
    """The reply names the field that is wrong."""
    reply = carry_out_message(data, registry)
    assert isinstance(reply, Refused)
    assert (reply.request, reply.code) == (request_number, "ValidationError")
    assert message in reply.message


@pytest.mark.parametrize(
    ("data", "request_number"),
    [
        ({"type": "close", "request": 7, "id": 1, "generation": 1, "x\ud800": 1}, 7),
        ({"type": "clo\ud800", "request": 7}, 7),
        ({"type": "refresh", "request": "\ud800"}, 0),
        ({"type": "adopt", "request": 7, "id": 1, "generation": 1, "name": "a\ud800"}, 7),
        ("\ud800", 0),
    ],
)
def test_an_order_with_half_a_character_is_refused(
    registry: SessionRegistry[FakeSession], data: Any, request_number: int
) -> None:
    """The reply can be sent, though what has come cannot be sent back."""
    reply = carry_out_message(data, registry)
    assert isinstance(reply, Refused)
    assert reply.request == request_number
    assert json.dumps(encode(reply), ensure_ascii=False).encode()


def test_an_error_that_nobody_thought_of_is_a_reply_too(registry: SessionRegistry[FakeSession]) -> None:
    """A comm handler's exception would only be logged."""
    registry.get("train").info = lambda: 1 / 0  # type: ignore[assignment,method-assign,return-value]
    reply = carry_out_message({"type": "describe", "request": 1, "id": 1}, registry)
    assert reply == Refused(1, "ZeroDivisionError", "ZeroDivisionError: division by zero")


def test_a_stop_that_waits_for_a_run_is_answered_so_and_another_one_cuts() -> None:
    """The reply says that the order waits; an order with `now` is carried out at once."""
    registry: SessionRegistry[FakeSession] = SessionRegistry(FakeBackend)
    registry.create("train", {}, ORIGIN).goes_on = True
    order = {"type": "stop", "request": 7, "id": 1, "generation": 1}
    said = "Stop in the panel stopped train"
    assert carry_out_message(order, registry) == Waiting(7, said)
    assert carry_out_message({**order, "now": True}, registry) == Done(7, said)
