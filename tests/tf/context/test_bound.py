"""A bound function is in the session of the thread that bound it."""

import asyncio
import gc
import inspect
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open


def test_a_bound_function_is_in_the_session_in_any_thread(open_session: Open) -> None:
    """Graph, session and mode; the thread is afterwards as it was."""

    def read(factor: float, *, plus: float) -> tuple[float, object]:
        """Read it."""
        return (v * factor + plus).eval(), tf.compat.v1.get_default_session()

    with ThreadPoolExecutor(1) as pool:
        with open_session("a") as a:
            v = tf.compat.v1.get_variable("v", initializer=2.0)
            v.initializer.run()
            bound = tfsess_magics.bind(read)
            assert pool.submit(bound, 3.0, plus=1.0).result() == (7.0, a.session)
        assert pool.submit(bound, 1.0, plus=0.0).result() == (2.0, a.session)
        assert pool.submit(tf.executing_eagerly).result() is True
    assert (bound.__name__, bound.__doc__) == ("read", "Read it.")


def test_the_session_is_in_use_while_it_runs(open_session: Open) -> None:
    """It cannot be closed under a thread that works in it."""
    begun, end = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        end.wait()

    with open_session("a") as a:
        thread = threading.Thread(target=tfsess_magics.bind(work))
    thread.start()
    begun.wait()
    assert a.use() is not None
    with pytest.raises(tfsess_magics.SessionInUseError):
        tfsess_magics.close("a")
    end.set()
    thread.join()
    assert a.use() is None


def test_there_must_be_a_session(open_session: Open) -> None:
    """Outside of cells and blocks there is nothing to carry, and after its close nothing to enter."""
    with open_session("a"):
        bound = tfsess_magics.bind(print)
    with pytest.raises(tfsess_magics.NoSessionError, match="this thread is in none"):
        tfsess_magics.bind(print)
    tfsess_magics.close("a")
    with pytest.raises(tfsess_magics.ClosedSessionError, match="session 'a' was closed"):
        bound()


def here() -> tuple[object, bool]:
    return tf.compat.v1.get_default_session(), tf.executing_eagerly()


OUTSIDE = (None, True)


def test_a_bound_coroutine_is_in_the_session_at_each_step(open_session: Open) -> None:
    """Code that waits for it, or runs meanwhile, is outside; its tasks are inside."""
    meanwhile = []

    async def part() -> tuple[object, bool]:
        await asyncio.sleep(0)
        return here()

    async def read(first: int, *, last: int) -> tuple[object, ...]:
        """Read it."""
        seen = [here()]
        await asyncio.sleep(0)
        seen += [here(), await part(), await asyncio.create_task(part())]
        return first, seen, last

    async def watch() -> None:
        for _ in range(5):
            meanwhile.append(here())
            await asyncio.sleep(0)

    with open_session("a") as a:
        bound = tfsess_magics.bind(read)
        by_lambda = tfsess_magics.bind(lambda: read(1, last=2))

    async def run() -> tuple[object, ...]:
        task = asyncio.create_task(bound(1, last=2))
        await watch()
        return await task, here(), await by_lambda()

    inside = (a.session, False)
    read_all = (1, [inside] * 4, 2)
    assert asyncio.run(run()) == (read_all, OUTSIDE, read_all)
    assert meanwhile == [OUTSIDE] * 5
    assert a.use() is None
    assert inspect.iscoroutinefunction(bound)
    assert (bound.__name__, bound.__doc__) == ("read", "Read it.")


def test_a_bound_coroutine_is_in_the_session_in_another_thread(open_session: Open) -> None:
    """With that thread's event loop."""

    async def read() -> tuple[object, bool]:
        await asyncio.sleep(0)
        return here()

    with open_session("a") as a, ThreadPoolExecutor(1) as pool:
        bound = tfsess_magics.bind(read)
        assert pool.submit(lambda: asyncio.run(bound())).result() == (a.session, False)
        assert pool.submit(here).result() == OUTSIDE


def test_the_session_is_in_use_from_the_first_step_of_a_coroutine_to_its_end(open_session: Open) -> None:
    """However it ends; and it can be closed after that."""

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            seen.append(here())

    seen: list[object] = []
    with open_session("a") as a:
        bound = tfsess_magics.bind(wait)

    async def run() -> None:
        task = asyncio.create_task(bound())
        assert a.use() is None
        await asyncio.sleep(0)
        with pytest.raises(tfsess_magics.SessionInUseError) as refused:
            tfsess_magics.close("a")
        assert str(refused.value) == (
            "cannot close 'a': a bound coroutine is suspended in it. To end it, wait for its task in a cell, or cancel "
            "the task: task.cancel(), and go on in a later cell."
        )
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert a.use() is None

    asyncio.run(run())
    bound().close()
    gc.collect()
    assert seen == [(a.session, False)]
    tfsess_magics.close("a")
    with pytest.raises(tfsess_magics.ClosedSessionError, match="session 'a' was closed"):
        asyncio.run(bound())


def test_a_bound_generator_is_in_the_session_at_each_step(open_session: Open) -> None:
    """It takes values and errors, and returns one, as it would unbound."""

    def steps(first: int) -> Generator[object, object, object]:
        got = yield first, here()
        try:
            yield got, here()
        except ValueError as error:
            yield str(error), here()
        return here()

    with open_session("a") as a:
        bound = tfsess_magics.bind(steps)
    inside = (a.session, False)
    generator = bound(1)
    assert next(generator) == (1, inside)
    assert here() == OUTSIDE
    assert generator.send(2) == (2, inside)
    assert a.use() == (
        "a bound generator is suspended in it. To end it: generator.close(), or delete the names that refer to it: "
        "del generator"
    )
    assert generator.throw(ValueError("3")) == ("3", inside)
    with pytest.raises(StopIteration) as ended:
        next(generator)
    assert ended.value.value == inside
    assert (here(), a.use()) == (OUTSIDE, None)
    assert inspect.isgeneratorfunction(bound)


@pytest.mark.parametrize("how", ["close", "forgotten"])
def test_a_bound_generator_that_does_not_come_to_its_end(open_session: Open, how: str) -> None:
    """Its last lines are in the session; then that is free, and what is outside is as before."""
    seen = []

    def steps() -> Iterator[int]:
        try:
            yield 1
        finally:
            seen.append((*here(), a.use()))

    with open_session("a") as a:
        generator = tfsess_magics.bind(steps)()
    next(generator)
    if how == "close":
        generator.close()  # type: ignore[attr-defined]
    del generator
    gc.collect()
    assert seen == [(a.session, False, "a bound generator is running in it")]
    assert (here(), a.use()) == (OUTSIDE, None)


def test_a_bound_asynchronous_generator_is_in_the_session_at_each_step(open_session: Open) -> None:
    """Until it is closed."""
    seen = []

    async def steps() -> AsyncIterator[object]:
        try:
            got = yield here()
            await asyncio.sleep(0)
            try:
                yield got, here()
            except ValueError as error:
                yield str(error), here()
            yield here()
        finally:
            seen.append(here())

    with open_session("a") as a:
        bound = tfsess_magics.bind(steps)
    inside = (a.session, False)

    async def run() -> None:
        generator = bound()
        assert await anext(generator) == inside
        assert here() == OUTSIDE
        assert a.use() == "a bound generator is suspended in it. To end it: await generator.aclose()"
        assert await generator.asend(2) == (2, inside)  # type: ignore[attr-defined]
        assert await generator.athrow(ValueError("3")) == ("3", inside)  # type: ignore[attr-defined]
        await generator.aclose()  # type: ignore[attr-defined]
        assert a.use() is None
        assert [one async for one in bound()] == [inside, (None, inside), inside]

    asyncio.run(run())
    assert seen == [inside, inside]
    assert (here(), a.use()) == (OUTSIDE, None)


def test_an_error_in_a_bound_coroutine_is_explained_where_it_was(open_session: Open) -> None:
    """As in a with block."""
    with open_session("b"):
        y = tf.constant(1.0)

    async def fail() -> None:
        await asyncio.sleep(0)
        tf.constant(1.0) + y

    with open_session("a"):
        bound = tfsess_magics.bind(fail)
    with pytest.raises(ValueError, match="same graph") as caught:
        asyncio.run(bound())
    (note,) = caught.value.__notes__
    assert "was made in session 'b'" in note
    assert "; this function runs in 'a'. " in note
