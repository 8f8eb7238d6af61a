"""Runs a coroutine, or a generator, in a scope, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterator
from typing import Any

from tfsess_magics.core.late import TRIES
from tfsess_magics.core.session import Scope


class InScope(Coroutine[Any, Any, Any]):
    """A coroutine, or generator, that is in the scope while it runs and out of it while it waits.

    Tasks that it starts are in the scope as well, as long as the scope lasts. Used by the thread that entered.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, Any] | Generator[Any, Any, Any], scope: Scope) -> None:
        self._coroutine = coroutine
        self._scope = scope
        self.__name__ = getattr(coroutine, "__name__", "coroutine")
        self.__qualname__ = getattr(coroutine, "__qualname__", self.__name__)

    @property
    def scope(self) -> Scope:
        """The scope that it is in."""
        return self._scope

    def send(self, value: Any) -> Any:
        """Run to the next await."""
        return self._step(self._coroutine.send, value)

    def throw(self, *error: Any) -> Any:
        """Raise an error where the coroutine waits, and run to the next await."""
        return self._step(self._coroutine.throw, *error)

    def close(self) -> None:
        """End the coroutine."""
        self._step(self._coroutine.close)

    def __await__(self) -> Any:
        return self

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def _step(self, step: Callable[..., Any], *arguments: Any) -> Any:
        if self._scope.is_over:
            return step(*arguments)
        loop = _running_loop()
        outer_factory = loop and loop.get_task_factory()
        factory = _task_factory(self._scope, outer_factory)

        def leave() -> None:
            if loop and loop.get_task_factory() is factory:
                loop.set_task_factory(outer_factory)
            self._scope.suspend()

        try:
            try:
                self._scope.resume()
                if loop:
                    loop.set_task_factory(factory)
                return step(*arguments)
            finally:
                leave()
        except BaseException:
            came: BaseException | None = None
            for _ in TRIES:
                try:
                    leave()
                    break
                except BaseException as late:  # noqa: BLE001 - raised below
                    came = late
            if came is not None:
                raise came  # noqa: B904 - its context is what came before
            raise


def _running_loop() -> Any:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _task_factory(scope: Scope, outer: Callable[..., Any] | None) -> Callable[..., Any]:
    def make_task(loop: Any, coroutine: Any, **options: Any) -> Any:
        scoped = InScope(coroutine, scope)
        return asyncio.Task(scoped, loop=loop, **options) if outer is None else outer(loop, scoped, **options)

    return make_task
