"""The wrappers around TensorFlow's methods come and go, and leave those of TensorFlow and of others as they were."""

import inspect
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
import tensorflow as tf
import wrapt
from tensorflow.python.client.session import BaseSession
from tensorflow.python.util import deprecation

import tfsess_magics
from tests.tf.conftest import Open
from tests.tf.seeing import METHODS, STEP, Methods, methods, observed
from tfsess_magics.tf.backend import TensorFlow
from tfsess_magics.tf.instrument import graph_lock, observe
from tfsess_magics.tf.instrument.hooks import hooks

v1 = tf.compat.v1


def test_install_and_uninstall_twice_in_any_order(unwrapped: Methods) -> None:
    """Off, on, on, off, off: one wrapper at most, and none at the end."""
    backend = tfsess_magics.process.connect()
    backend.unobserve()
    backend.observe()
    backend.observe()
    assert {key: wrapper.__wrapped__ for key, wrapper in methods().items()} == unwrapped
    backend.unobserve()
    backend.unobserve()
    assert methods() == unwrapped


def test_the_design_lists_every_method_that_is_wrapped() -> None:
    """With what breaks without it; none that is not."""
    design = (Path(__file__).parents[3] / "docs" / "design.md").read_text("utf-8")
    table = design.partition("## What is replaced")[2].partition("\n## ")[0]
    named = re.findall(r"^\| TensorFlow \| `([\w.]+)` \| .+ \|$", table, re.MULTILINE)
    assert named == [f"{_short(owner)}.{name}" for owner, name in METHODS]


def _short(owner: type | ModuleType) -> str:
    return owner.__name__.rpartition(".")[2] if isinstance(owner, ModuleType) else owner.__qualname__


def test_a_wrapper_of_other_code_over_ours_stays(backend: TensorFlow, open_session: Open) -> None:
    """Ours then passes calls on, and is used again when it is installed again."""
    with open_session("train") as train:
        x = tf.constant(1)
    ours = vars(BaseSession)[STEP]
    theirs = wrapt.FunctionWrapper(ours, lambda wrapped, _, args, kwargs: wrapped(*args, **kwargs))
    setattr(BaseSession, STEP, theirs)
    backend.unobserve()
    assert vars(BaseSession)[STEP] is theirs
    train.run(x)
    assert tfsess_magics.sessions()[0].runs == 0
    backend.observe()
    assert vars(BaseSession)[STEP] is theirs
    train.run(x)
    assert tfsess_magics.sessions()[0].runs == 1
    setattr(BaseSession, STEP, ours)


def test_a_wrapper_of_other_code_under_ours_stays(unwrapped: Methods) -> None:
    """We put back what we found."""
    backend = tfsess_magics.process.connect()
    for (owner, name), original in unwrapped.items():
        setattr(owner, name, wrapt.FunctionWrapper(original, lambda wrapped, _, a, k: wrapped(*a, **k)))
    theirs = methods()
    backend.observe()
    backend.unobserve()
    assert methods() == theirs
    for (owner, name), original in unwrapped.items():
        setattr(owner, name, original)


@pytest.mark.parametrize(("owner", "name"), METHODS)
def test_signature_name_and_documentation_stay(unwrapped: Methods, owner: type, name: str) -> None:
    """`help` and `inspect` see TensorFlow's own function."""

    def seen() -> tuple[Any, ...]:
        method = getattr(owner, name)
        return type(method), inspect.signature(method), method.__doc__, method.__qualname__, inspect.getsource(method)

    before = seen()
    tfsess_magics.process.connect().observe()
    assert seen() == before


def test_a_warning_of_tensorflow_that_came_before_does_not_come_again(unwrapped: Methods) -> None:
    """It comes once per function, and with us the function is another."""
    with (
        mock.patch.dict(deprecation._PRINTED_WARNING, clear=True),
        mock.patch.object(deprecation, "_log_deprecation") as warning,
        v1.Session(graph=tf.Graph()) as session,
    ):
        x = v1.placeholder(tf.float32, [])
        session.partial_run_setup([x + 1], [x])
        tfsess_magics.process.connect().observe()
        session.partial_run_setup([x + 2], [x])
    assert warning.call_count == 1


def test_a_run_counts_once_below_a_wrapper_that_hides_ours(backend: TensorFlow, open_session: Open) -> None:
    """A plain function in its place does not show what it calls; we do not wrap it a second time."""
    with open_session("train") as train:
        x = tf.constant(1)
    ours = vars(BaseSession)[STEP]

    def theirs(self: object, *args: Any, **kwargs: Any) -> Any:
        return ours.__get__(self)(*args, **kwargs)

    setattr(BaseSession, STEP, theirs)
    backend.unobserve()
    backend.observe()
    train.run(x)
    assert tfsess_magics.sessions()[0].runs == 1
    setattr(BaseSession, STEP, ours)


def run_something() -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        assert session.run(tf.constant(1)) == 1


def throw_a_switch() -> None:
    v1.disable_control_flow_v2()
    v1.enable_control_flow_v2()


def reset_the_default_graph() -> None:
    graph = v1.get_default_graph()
    with graph.as_default():
        tf.constant(1)
    v1.reset_default_graph()
    assert v1.get_default_graph() is not graph


def wait_for_the_lock_of_a_graph() -> None:
    graph, is_taken = tf.Graph(), threading.Event()

    def take() -> None:
        with graph._mutation_lock():
            is_taken.set()
            while not graph._group_lock._ready._waiters:
                time.sleep(0.001)

    thread = threading.Thread(target=take)
    thread.start()
    assert is_taken.wait(20)
    with graph._session_run_lock():
        thread.join(20)
    assert graph._group_lock._group_member_counts == [0, 0]


def call_elsewhere() -> None:
    with tf.Graph().as_default():
        x = tf.constant(1)
    with tf.Graph().as_default():
        tf.function(lambda y: y + 1)(x)


@pytest.mark.parametrize(
    ("part", "use", "said"),
    [
        ((hooks, "made"), run_something, "a session could not be observed"),
        ((observe, "_caller"), run_something, "the close of a session could not be noted"),
        ((hooks, "was_reset"), reset_the_default_graph, "a reset of the default graph could not be noted or followed"),
        ((hooks, "variable_made"), lambda: tf.Variable(1), "an eager variable could not be noted"),
        ((hooks, "switched"), throw_a_switch, "the call of a switch could not be noted"),
        ((hooks, "called_elsewhere"), call_elsewhere, "the call of a function could not be looked at"),
        ((graph_lock, "_wait"), wait_for_the_lock_of_a_graph, "the lock of a graph could not be looked at"),
    ],
)
@pytest.mark.usefixtures("backend")
def test_an_error_of_ours_is_logged_once_and_reaches_nobody(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    part: tuple[object, str],
    use: Callable[[], object],
    said: str,
) -> None:
    """A hook that fails costs the user nothing but the row."""
    monkeypatch.setattr(hooks, "logged", set())
    owner, name = part
    monkeypatch.setattr(owner, name, lambda *_: 1 / 0)
    for _ in range(3):
        use()
    assert [record.getMessage() for record in caplog.records if record.name == "tfsess_magics.tf.instrument.hooks"] == [
        f"{said}; further errors of this kind are not logged"
    ]
    monkeypatch.undo()
    assert observed() == []


def test_an_error_of_each_kind_is_logged(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """One that was logged before hides no other."""
    monkeypatch.setattr(hooks, "logged", set())
    for message in ("a thread could not be followed", "a session could not be observed") * 2:
        hooks.log_once(message)
    assert [record.getMessage() for record in caplog.records] == [
        "a thread could not be followed; further errors of this kind are not logged",
        "a session could not be observed; further errors of this kind are not logged",
    ]
