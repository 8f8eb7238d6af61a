"""The composition root: what ``%load_ext`` builds and ``%unload_ext`` takes down."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tfsess_magics.api import adopt, memory
from tfsess_magics.core.feed import Feed
from tfsess_magics.core.origin import add_cell_locator
from tfsess_magics.notebook.threads import ThreadErrors
from tfsess_magics.process import explain, explain_end_of_thread, new_traces, news, observe, registry

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from tfsess_magics.notebook.channel import Channel

feed = Feed(registry, memory)
"""Tells front ends and panels of every change."""

_thread_errors = ThreadErrors(explain_end_of_thread)

_undo: dict[InteractiveShell, Callable[[], None]] = {}
"""Takes the extension out of a shell that it was loaded into."""

_end_observing: Callable[[], None] = lambda: None  # noqa: E731 - a variable


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add the magics to a shell, and say which sessions are live. Harmless when it is done already."""
    global _end_observing
    if shell in _undo:
        return
    if not _undo:
        _end_observing = observe()
        _thread_errors.install()
    _undo[shell] = _install(shell)
    if registry.names:
        print(f"live sessions: {', '.join(registry.names)}")


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take away all that loading added; sessions stay live. Harmless when it is done already."""
    undo = _undo.pop(shell, None)
    if undo is None:
        return
    undo()
    if not _undo:
        _end_observing()
        _thread_errors.uninstall()
    if registry.names:
        print(
            f"still live: {', '.join(registry.names)}. To close them: import tfsess_magics; "
            f"tfsess_magics.close({', '.join(map(repr, registry.names))})"
        )


def _install(shell: InteractiveShell) -> Callable[[], None]:
    from tfsess_magics.notebook.cell import CellRunner
    from tfsess_magics.notebook.compat import cell_numbers
    from tfsess_magics.notebook.eager_cells import EagerCells
    from tfsess_magics.notebook.magics import SessionMagics
    from tfsess_magics.notebook.notices import CellNotices
    from tfsess_magics.notebook.sessions import NotebookSessions
    from tfsess_magics.notebook.traces import CellTraces

    eager_cells = EagerCells(shell, registry)
    sessions = NotebookSessions(shell, registry, adopt, eager_cells.entered)
    magics = SessionMagics(shell, sessions, feed, explain)
    channel, started = _connect(shell)
    runner = CellRunner(shell, sessions.enter, started, explain)
    news_of_front_ends = channel.news if channel else list
    notices = CellNotices(shell, eager_cells.look, lambda: [*told_after_cell(), *news_of_front_ends()])
    traces = CellTraces(shell, new_traces)
    shell.register_magics(magics)
    runner.install()
    notices.install()
    traces.install()
    numbers, end_numbering = cell_numbers(shell)
    remove_locator = add_cell_locator(numbers.get)
    if channel:
        channel.install()
    end_sampling = feed.subscribe(lambda _: None)

    def undo() -> None:
        if channel:
            channel.uninstall()
        remove_locator()
        end_numbering()
        traces.uninstall()
        notices.uninstall()
        runner.uninstall()
        magics.unregister()
        end_sampling()

    return undo


def told_after_cell() -> list[str]:
    """Return what is to be said after a cell, which may have changed the memory of the kernel as well."""
    feed.look_at_memory()
    return news()


def _connect(shell: InteractiveShell) -> tuple[Channel | None, Callable[[Any], None]]:
    """Return the channel to front ends and what it is told of cells; no channel for a shell without a kernel."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return None, lambda _: None
    from tfsess_magics.notebook.channel import Channel
    from tfsess_magics.notebook.running import RunningCells

    running = RunningCells(kernel)
    return Channel(kernel, registry, feed, running), running.started
