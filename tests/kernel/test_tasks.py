"""Other tasks of the event loop while a body awaits."""

from __future__ import annotations

import pytest

from .harness import Kernel
from .pair import IN_EAGER, IN_SESSION, require_outside

_WATCH = """\
seen, done = [], asyncio.Event()
async def watch():
    while not done.is_set():
        seen.append((tf.executing_eagerly(), tf.compat.v1.get_default_session() is not None))
        await asyncio.sleep(0)
task = asyncio.create_task(watch())
"""
_BODY = """\
%%tfsession tasks
mark()
before = len(seen)
while len(seen) < before + 3:
    await asyncio.sleep(0)
    mark()
"""


def test_background_task_of_an_eager_cell_stays_eager(kernel: Kernel) -> None:
    """A task that an ordinary cell began sees eager mode while a body awaits; the body sees its session throughout."""
    kernel.run(_WATCH)
    assert kernel.run(_BODY).status == "ok"
    assert kernel.run("done.set()\nawait task").status == "ok"
    assert kernel.value("(len(seen) >= 3, set(seen))") == (True, {IN_EAGER})
    require_outside(kernel, IN_SESSION)


def test_background_task_raises_without_harm(kernel: Kernel) -> None:
    """An error in a task that a body awaits ends the body with that error."""
    kernel.run("async def fails():\n    await asyncio.sleep(0)\n    1/0\ntask = asyncio.create_task(fails())")
    outcome = kernel.run("%%tfsession tasks\nmark()\nawait task")
    assert outcome.ename == "ZeroDivisionError"
    assert "tfsess_magics" not in outcome.traceback
    require_outside(kernel, IN_SESSION)


def test_gather_of_a_body_is_in_the_session(kernel: Kernel) -> None:
    """Coroutines that a body runs together with asyncio.gather are the body's own: they are in its session."""
    body = "async def part():\n    mark()\n    await asyncio.sleep(0)\n    mark()\nawait asyncio.gather(part(), part())"
    assert kernel.run(f"%%tfsession tasks\n{body}").status == "ok"
    require_outside(kernel, IN_SESSION)


def test_task_that_outlives_its_cell_is_outside(kernel: Kernel) -> None:
    """A task that a body started is in the session until the cell ends, and in the notebook's own mode after it."""
    body = (
        "go = asyncio.Event()\nasync def later():\n    await go.wait()\n    mark()\ntask = asyncio.create_task(later())"
    )
    assert kernel.run(f"%%tfsession tasks\n{body}").status == "ok"
    assert kernel.run("go.set()\nawait task").status == "ok"
    require_outside(kernel, IN_EAGER)


def test_task_that_is_cancelled_before_it_starts(kernel: Kernel) -> None:
    """It ends as any task does, without a warning."""
    assert kernel.run("import gc; gc.collect();").status == "ok"  # what interrupted cells have left
    body = "async def part():\n    mark()\ntask = asyncio.create_task(part())\ntask.cancel()\ntask"
    outcome = kernel.run(f"%%tfsession tasks\n{body}")
    assert "part()" in (outcome.result or "")
    assert "part" in kernel.run("await asyncio.sleep(0)\n[task.cancelled(), task.get_coro().__qualname__]").text
    assert kernel.run("del task; gc.collect();").stream("stderr") == ""
    require_outside(kernel)


def test_task_factory_of_the_users_stays(kernel: Kernel) -> None:
    """The loop's own task factory makes the tasks, and one that a body sets stays set."""
    kernel.run(
        "made = []\ndef factory(loop, coro, **options):\n    made.append(coro.__name__)\n"
        "    return asyncio.Task(coro, loop=loop, **options)\nasync def part(): mark()\n"
        "loop = asyncio.get_running_loop()\nbefore = loop.get_task_factory()"
    )
    assert kernel.run("%%tfsession tasks\nloop.set_task_factory(factory)\nawait asyncio.sleep(0)").status == "ok"
    assert kernel.value("loop.get_task_factory() is factory") is True
    assert kernel.run("%%tfsession tasks\nawait asyncio.create_task(part())").status == "ok"
    assert kernel.value("(loop.get_task_factory() is factory, 'part' in made)") == (True, True)
    kernel.run("loop.set_task_factory(before)")
    require_outside(kernel, IN_SESSION)


def test_generator_left_suspended_in_a_scope(kernel: Kernel) -> None:
    """A generator that a body leaves suspended inside ``as_default`` changes nothing for later cells."""
    body = "def hold():\n    with tf.Graph().as_default():\n        yield\nheld = hold()\nnext(held)"
    assert kernel.run(f"%%tfsession tasks\n{body}").status == "ok"
    require_outside(kernel)
    assert kernel.run("%%tfsession tasks\nmark()").status == "ok"
    kernel.run("held.close()")
    require_outside(kernel, IN_SESSION)


_LATER = """\
v = tf.compat.v1.get_variable('v', initializer=3.0)
v.initializer.run()
async def function():
    await go.wait()
    return v.eval()
"""


def test_the_note_of_a_task_that_has_outlived_its_cell(kernel: Kernel) -> None:
    """Awaited in a cell of the session or an ordinary one, it names the task; its advice works in both."""
    for header in ("", "%%tfsession tasks\n"):
        kernel.run("import tfsess_magics\ngo = asyncio.Event()")
        assert kernel.run(f"%%tfsession tasks\n{_LATER}task = asyncio.create_task(function())").status == "ok"
        outcome = kernel.run(f"{header}go.set()\nawait task")
        assert "thread" not in outcome.traceback.rpartition("tfsess_magics: ")[2]
        note = (
            "tfsess_magics: it was raised in a task, which was in session 'tasks' until the end of the cell that made "
            "it. To keep it there, make it under %%tfsession tasks with bind: "
        )
        assert note in outcome.traceback
        line = outcome.traceback.partition(note)[2].splitlines()[0]
        assert line == "asyncio.create_task(tfsess_magics.bind(function)())"
        assert kernel.run("go = asyncio.Event()\n%tfsession reset tasks").status == "ok"
        assert kernel.run(f"%%tfsession tasks\n{_LATER}task = {line}").status == "ok"
        assert kernel.run(f"{header}go.set()\nassert (await task) == 3.0").status == "ok"
        kernel.run("%tfsession reset tasks")
        require_outside(kernel)


def test_the_note_of_a_task_of_an_ordinary_cell(kernel: Kernel) -> None:
    """Awaited in a cell of a session it is in none; made there it is."""
    body = "async def function():\n    await asyncio.sleep(0)\n    return tf.compat.v1.placeholder(tf.float32).shape\n"
    kernel.run(f"import tfsess_magics\n{body}task = asyncio.create_task(function())")
    note = (
        "tfsess_magics: it was raised in a task that was made outside of the session, and is in none. Make the task "
        "in a cell under %%tfsession tasks: "
    )
    traceback = kernel.run("%%tfsession tasks\nawait task").traceback
    assert note in traceback
    line = traceback.partition(note)[2].splitlines()[0]
    assert kernel.run(f"%%tfsession tasks\nmade = await {line}").status == "ok"
    require_outside(kernel)


@pytest.mark.parametrize(
    ("body", "begin", "ways"),
    [
        ("def steps(): yield 1", "generator = bound()\nnext(generator)", ("generator.close()", "del generator")),
        ("async def steps(): yield 1", "generator = bound()\nawait anext(generator)", ("await generator.aclose()",)),
        (
            "async def steps(): await asyncio.Event().wait()",
            "task = asyncio.create_task(bound())\nawait asyncio.sleep(0)",
            ("task.cancel()",),
        ),
    ],
    ids=["generator", "asynchronous generator", "task"],
)
@pytest.mark.parametrize("order", ["close", "reset"])
def test_what_a_refused_order_names_ends_bound_code_that_is_suspended(
    kernel: Kernel, order: str, body: str, begin: str, ways: tuple[str, ...]
) -> None:
    """Each way, as it stands there."""
    for way in ways:
        bind = f"import asyncio, tfsess_magics\n{body}\nbound = tfsess_magics.bind(steps)"
        assert kernel.run(f"%%tfsession held\n{bind}").status == "ok"
        assert kernel.run(f"{begin};").status == "ok"
        refused = kernel.run(f"%tfsession {order} held").stream("stderr")
        assert f"cannot {order} 'held': a bound " in refused
        assert " is suspended in it. To end it" in refused
        assert way in refused
        assert "interrupt" not in refused
        assert kernel.run(way).status == "ok"
        done = kernel.run(f"%tfsession {order} held")
        assert (done.status, done.stream("stderr")) == ("ok", "")
    assert kernel.run("%reset_selective -f ^(bound|steps|task|generator)$\n%tfsession close --all").status == "ok"
