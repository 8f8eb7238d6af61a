"""The callables that sessions have made: the purpose of each, and how a session that was begun anew makes them again.

TensorFlow knows a callable of a C session by a number, which counts up from 0 (``next_callable_handle_``,
direct_session.cc). It calls whatever has that number. The C session that a stop begins would give the same numbers to
others. So the callables of the old one lose theirs, and each gets a new one at its first call. `note_callable` has
kept the options for that, as TensorFlow began to make the callable.

The extension has not seen callables that code made before ``%load_ext`` or while it was unloaded. Nothing lists their
numbers. Only a new callable tells, by its own number, that those below it are taken. So a stop makes an empty one,
and the new C session passes these numbers over. Calls of such callables fail with an error that says so.
``%unload_ext`` makes again what no call has made again yet (`tests/tf/stopping/test_stopped_callables.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf.internals import find

_CALLABLE = find("client.session:BaseSession._Callable") or ()


class CallableStep(NamedTuple):
    """A call of a callable, by names of operations."""

    fed: tuple[str, ...] = ()
    """Those whose output is given."""
    wanted: tuple[str, ...] = ()
    """Those whose output or effect it is for."""
    shapes: tuple[Any, ...] = ()
    """Shapes of the inputs."""


class _Made(NamedTuple):
    step: CallableStep
    options: bytes
    """The ``CallableOptions``, which the user may change after that."""


_made: WeakKeyDictionary[Any, _Made] = WeakKeyDictionary()


def note_callable(called: Any, _: BaseSession, callable_options: Any) -> None:
    """Note a callable that is about to be made by its ``__init__``, so that none has a number and no note."""
    wanted = [*callable_options.fetch, *callable_options.target]
    step = CallableStep(_operations(callable_options.feed), _operations(wanted))
    _made[called] = _Made(step, callable_options.SerializeToString())


def step_of(called: Any, given: Sequence[Any] = ()) -> CallableStep:
    """Return a step for one call; it names nothing where the callable was made before the extension was loaded."""
    noted = _made.get(called)
    fed, wanted = ((), ()) if noted is None else noted.step[:2]
    return CallableStep(fed, wanted, tuple(map(_shape, given)))


def fetches_of(step: Any) -> Any:
    """Return the fetches of a step, and the names and shapes of its feeds without the arrays: what `names_of` reads.

    Of targets the names: the operations themselves would keep their graph.
    """
    if isinstance(step, CallableStep):
        return step
    feeds = step[1] if len(step) > 1 else {}
    targets = [pywrap_tf_session.TF_OperationName(target) for target in step[3]] if len(step) > 3 else ()
    return step[2:3], targets, tuple(feeds), tuple(map(_shape, feeds.values()))


def names_of(fetches: Any) -> Any:
    """Return something that is equal for steps with the same fetches, and feeds of the same shapes."""
    if fetches is None or isinstance(fetches, CallableStep):
        return fetches
    wanted, targets, feeds, shapes = fetches
    return [[_name(one) for one in ones] for ones in (*wanted, feeds)], targets, shapes


def _shape(value: Any) -> Any:
    return getattr(value, "shape", None)


def _name(output: Any) -> tuple[str, int]:
    return pywrap_tf_session.TF_OperationName(output.oper), output.index


def _operations(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.partition(":")[0] for name in names)


def get_ready(called: Any, meter: RunMeter) -> None:
    """Make what is called again, if that is a callable and its session was begun anew since it was made.

    Raises
    ------
    RuntimeError
        If that cannot be done, as nothing is known of how it was made.
    tf.errors.OpError
        If TensorFlow does not make it again.
    """
    if not isinstance(called, _CALLABLE):
        return
    noted = _made.get(called)
    if noted is not None:
        _make_again(called, noted)
    elif called._handle < meter.gone_callables:
        raise RuntimeError(
            "this callable was made before %load_ext, and a stop of a run of its session has ended it. Make it again."
        )


def _make_again(called: Any, noted: _Made) -> None:
    if called._handle is None:
        session = called._session._session
        number = _make(session, noted.options)
        if called._handle is None:
            called._handle = number
        else:  # another thread has called it at the same time
            pywrap_tf_session.TF_SessionReleaseCallable(session, number)


def make_all_again() -> None:
    """Make those again that have not been called since: where the extension goes no call can do it."""
    for called, noted in _noted():
        session = called.__dict__.get("_session")  # none where an exception has ended its construction
        if session is not None and called._handle is None and session._session is not None and not session._closed:
            try:
                _make_again(called, noted)
            except tf.errors.OpError:  # its session is being closed
                continue


def take_numbers(session: BaseSession) -> None:
    """Take their numbers from the callables of a session whose C session is replaced."""
    for called, _ in _noted():
        if called.__dict__.get("_session") is session:
            called._handle = None


def _noted() -> Iterator[tuple[Any, _Made]]:
    for reference in _made.keyrefs():  # a copy: other threads may make some
        called = reference()
        noted = None if called is None else _made.get(called)
        if noted is not None:
            yield called, noted


def unnoted_below(session: BaseSession, meter: RunMeter) -> int:
    """Return the number below which callables may have numbers that were made unseen: before ``%load_ext``."""
    if meter.unnoted_callables is None:
        with suppress(tf.errors.OpError):  # a server that was begun anew, and does not know the session
            meter.unnoted_callables = _next_number(session._session, session.graph)
    return meter.unnoted_callables or 0


def give_none_below(number: int, c_session: Any, graph: tf.Graph) -> None:
    """Have a new C session give its callables none of the numbers below this one."""
    for _ in range(number):
        _next_number(c_session, graph)


def _next_number(c_session: Any, graph: tf.Graph) -> int:
    """Return a number that the C session gives to no callable."""
    operations = graph.get_operations()
    if not operations:
        return 0  # there can be no callable
    needs_nothing = config_pb2.CallableOptions(target=[operations[0].name])
    number = _make(c_session, needs_nothing.SerializeToString())
    pywrap_tf_session.TF_SessionReleaseCallable(c_session, number)
    return number


def _make(c_session: Any, options: bytes) -> int:
    buffer = pywrap_tf_session.TF_NewBufferFromString(options)
    try:
        number: int = pywrap_tf_session.TF_SessionMakeCallable(c_session, buffer)
    finally:
        pywrap_tf_session.TF_DeleteBuffer(buffer)
    return number
