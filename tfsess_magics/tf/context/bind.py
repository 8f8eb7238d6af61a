"""The function that carries the session of a thread to the threads, tasks and generators that it makes.

A thread that a session's cell starts is not in the session: what it runs is eager, and does not fail. A bound
function enters the named session as a ``with`` block does, in whatever thread calls it.

A task is in the session of the cell that makes it as long as the cell lasts. A bound coroutine or generator function
gives one that is in the session at each of its steps, and out of it while it waits. It enters at its first step, and
the session is in use until its end.

Without `bind` a line under the cell names only the eager variables that its code makes in another thread. For that
the cell's own code has to be on the thread's stack, and the cell must not have ended.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, cast

from tfsess_magics.core.errors import NoSessionError, SessionWarning
from tfsess_magics.core.in_scope import InScope
from tfsess_magics.core.late import TRIES
from tfsess_magics.tf.context.activation import Activation, Entered, innermost_activation

P = ParamSpec("P")
R = TypeVar("R")

_END_OF_GENERATOR = "To end it: generator.close(), or delete the names that refer to it: del generator"
_END_OF_ASYNCHRONOUS_GENERATOR = "To end it: await generator.aclose()"
_END_OF_TASK = "To end it, wait for its task in a cell, or cancel the task: task.cancel(), and go on in a later cell"


def bind(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` as one that is in this thread's session wherever it is called; see `tfsess_magics.bind`."""
    activation = innermost_activation()
    if activation is None:
        raise NoSessionError("bind carries the session of a cell or with block, and this thread is in none.")
    session = activation.session
    if inspect.iscoroutinefunction(function):
        return cast("Callable[P, R]", _bind_coroutine(function, session))
    if inspect.isasyncgenfunction(function):
        return cast("Callable[P, R]", _bind_asynchronous_generator(function, session))
    if inspect.isgeneratorfunction(function):
        return cast("Callable[P, R]", _bind_generator(function, session))

    @functools.wraps(function)
    def in_session(*args: P.args, **kwargs: P.kwargs) -> R:
        with session:
            result = function(*args, **kwargs)
        if inspect.iscoroutine(result):  # a lambda may make one
            return cast("R", _run(lambda: result, session))
        return result

    return in_session


class _Inside:
    """An activation for the steps of one coroutine or generator; ends with it."""

    def __init__(self, session: Entered, what: str, ended_by: str) -> None:
        self._session = session
        self._what = what
        self._ended_by = ended_by
        self._activation: Activation | None = None

    def __enter__(self) -> Activation:
        self._activation = self._session.enter(f"a bound {self._what}")
        self._activation.ended_by = self._ended_by
        return self._activation

    def __exit__(
        self, exc_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        activation, came = self._activation, None
        if activation is None:
            return
        for _ in TRIES:
            try:
                if error is not None:
                    self._explain(error)
                activation.end()
                break
            except BaseException as late:  # noqa: BLE001 - raised below
                came = late
        if came is not None:
            raise came
        for notice in activation.notices:
            warnings.warn(notice.text, SessionWarning, stacklevel=2)

    def _explain(self, error: BaseException) -> None:
        """Add a note where the error came from, which is inside."""
        if self._activation is None or isinstance(error, GeneratorExit):
            return
        try:
            self._activation.resume()
            self._session.explain(error)
        finally:
            self._activation.suspend()


def _bind_coroutine(function: Callable[..., Any], session: Entered) -> Callable[..., Any]:
    @functools.wraps(function)
    async def in_session(*args: Any, **kwargs: Any) -> Any:
        return await _run(lambda: function(*args, **kwargs), session)

    return in_session


async def _run(begin: Callable[[], Coroutine[Any, Any, Any]], session: Entered) -> Any:
    with _Inside(session, "coroutine", _END_OF_TASK) as activation:
        return await InScope(begin(), activation)


def _bind_generator(function: Callable[..., Any], session: Entered) -> Callable[..., Any]:
    @functools.wraps(function)
    def in_session(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with _Inside(session, "generator", _END_OF_GENERATOR) as activation:
            return (yield from InScope(function(*args, **kwargs), activation))

    return in_session


def _bind_asynchronous_generator(function: Callable[..., Any], session: Entered) -> Callable[..., Any]:
    @functools.wraps(function)
    async def in_session(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        with _Inside(session, "generator", _END_OF_ASYNCHRONOUS_GENERATOR) as activation:
            generator = function(*args, **kwargs)
            step = generator.asend(None)
            while True:
                try:
                    value = await InScope(step, activation)
                except StopAsyncIteration:
                    return
                try:
                    step = generator.asend((yield value))
                except GeneratorExit:
                    await InScope(generator.aclose(), activation)
                    raise
                except BaseException as error:  # noqa: BLE001 - it is for the generator
                    step = generator.athrow(error)

    return in_session
