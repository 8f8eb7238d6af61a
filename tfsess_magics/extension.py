"""The composition root: the parts that ``%load_ext`` builds and ``%unload_ext`` takes down.

The extension patches or puts in these parts of IPython, its kernel and Python. docs/design.md lists those of
TensorFlow.

- IPython, on the shell instance: ``should_run_async``, ``run_cell_async``. Without them the body runs as that of a
  magic: errors swallowed, no ``await``, no breakpoints.
- IPython, on the shell instance: ``run_ast_nodes``. Without it a body that awaits leaves its session among the
  defaults of other code of the thread.
- IPython, on the shell instance: ``showtraceback``, and ``_showtraceback`` before 8.14. Without them tracebacks show
  frames of this package and no notes, and IPython fails to show some interrupts.
- IPython, in the completer of the shell: ``custom_matchers``; before 8.6 the hook ``complete_command``. Without them
  Tab offers files and Python names behind ``%tfsession``.
- IPython before 8.0: ``compile.cache``. Without it the cell that made an object is not known.
- Event loop, in a step of a cell: its task factory. Without it tasks of a body are not in its session.
- Kernel: ``control_handlers["comm_msg"]``. Without it orders wait for the cell where there are no subshells.
- Kernel: ``control_handlers`` of ``create_subshell_request`` and ``delete_subshell_request``. Without them front ends
  believe that no cell runs, and the kernel does not forget pages that have gone while one does.
- Kernel: ``handle_msg`` of its own comms. Without it a message redraws the figure that a running cell is drawing.
- Python: ``threading.excepthook``. Without it errors that end threads have no notes.
- Python: a finder in ``sys.meta_path``, until TensorFlow is imported. Without it the extension sees no sessions where
  TensorFlow is imported after ``%load_ext``.
- Python, in a run of the main thread: ``signal.set_wakeup_fd``. Without it TensorFlow waits on, and no code hears of
  an interrupt.
- Python, for good: ``os.register_at_fork``. Without it no warning says that runs of a forked process may hang.

Two other ways to run a body do not work. ``shell.run_cell`` inside a cell magic swallows errors, doubles tracebacks
and cannot ``await``. An input transformer with events runs the body *outside* the session in four cases: a
``pre_run_cell`` callback raises, ``silent=True``, ``%run notebook.ipynb``, and ``%%time``.

IPython keeps the body of a session's cell, not the header, as the transformed input of the history (``In``). The raw
input has both, and ``%rerun`` uses that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from tfsess_magics.api import adopt, memory
from tfsess_magics.core.feed import Feed
from tfsess_magics.core.notice import Notice
from tfsess_magics.core.origin import add_cell_locator, remove_cell_locator
from tfsess_magics.core.running_cell import add_cell_finder, remove_cell_finder
from tfsess_magics.core.settings import settings
from tfsess_magics.core.undo import Undo
from tfsess_magics.notebook.after_cell.thread_errors import ThreadErrors
from tfsess_magics.process import devices, explain, explain_end_of_thread, new_traces, news, observe, registry

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from tfsess_magics.notebook.comm.busy import RunningCells
    from tfsess_magics.notebook.comm.channel import Channel

feed = Feed(registry, memory)
"""Tells front ends and panels of every change."""

_loaded: set[InteractiveShell] = set()
"""The shells that have the extension."""
_undo: dict[InteractiveShell, Undo] = {}
"""Takes the extension out of a shell that it was loaded into."""


class _ForAllShells:
    """The parts that a process gets with the first shell and loses with the last one."""

    def __init__(self) -> None:
        self._thread_errors = ThreadErrors(explain_end_of_thread)
        self._end_observing: Callable[[], None] | None = None

    def install(self) -> None:
        self.uninstall()  # the rest of an unload that was cut
        self._end_observing = observe()  # one store: an interrupt comes before both or after both
        self._thread_errors.install()

    def uninstall(self) -> None:
        """Take it away. Harmless when `install` was not called, or failed half way."""
        if self._end_observing:
            self._end_observing()
            self._end_observing = None
        self._thread_errors.uninstall()
        settings.reset()


_for_all_shells = _ForAllShells()


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add the magics to a shell, and say which sessions are live. Harmless when it is done already.

    Where a part fails, or an interrupt ends it, the function takes those before it down again.
    """
    if shell in _loaded:
        return
    _take_down(shell)  # the rest of a load or an unload that was cut
    undo = _undo[shell] = Undo()
    try:
        if not _loaded:
            _for_all_shells.install()
        _install(shell, undo)
        _loaded.add(shell)
    except BaseException:
        _take_down(shell)
        raise
    if registry.names:
        print(f"sessions that are open: {', '.join(registry.names)}")


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take away all that loading added; sessions remain live. Harmless when it is done already."""
    if shell not in _undo:
        return
    _take_down(shell)
    if registry.names:
        print(
            f"sessions that stay open: {', '.join(registry.names)}. To close them: import tfsess_magics; "
            f"tfsess_magics.close({', '.join(map(repr, registry.names))})"
        )


def _take_down(shell: InteractiveShell) -> None:
    """Take away what is there of the extension in a shell. An interrupt may cut it, and the next call goes on."""
    _loaded.discard(shell)
    undo = _undo.get(shell)
    if undo is None:
        return
    undo()
    if not _loaded:
        _for_all_shells.uninstall()
    del _undo[shell]


def _install(shell: InteractiveShell, undo: Undo) -> None:
    from tfsess_magics.notebook.after_cell.eager_cells import EagerCells
    from tfsess_magics.notebook.after_cell.report import CellReport
    from tfsess_magics.notebook.cells.runner import CellRunner
    from tfsess_magics.notebook.compat import CellNumbers, Tab
    from tfsess_magics.notebook.magics.completion import TabCompleter
    from tfsess_magics.notebook.magics.magics import SessionMagics
    from tfsess_magics.notebook.magics.sessions import NotebookSessions
    from tfsess_magics.notebook.magics.verbs import VERBS

    eager_cells = EagerCells(shell, registry)
    channel, running = _connect(shell)
    news_of_front_ends = channel.news if channel else list
    report = CellReport(shell, eager_cells.look, lambda: [*told_after_cell(), *news_of_front_ends()], new_traces)
    sessions = NotebookSessions(shell, registry, adopt, eager_cells.entered, report.tell, verbs=VERBS)
    started = running.started if running else lambda _: None
    runner = CellRunner(shell, sessions.enter, started, explain, report.tell, enter_used=sessions.used)
    numbers = CellNumbers(shell)

    def listen(_: object) -> None:
        """Keep the feed going while no front end listens."""

    undo.note(partial(feed.unsubscribe, listen))
    feed.subscribe(listen)
    undo.note(partial(SessionMagics.leave_settings, shell))
    undo.note(sessions.used.end)
    magics = SessionMagics(shell, sessions, feed, explain, report.tell)
    undo.note(magics.unregister)
    shell.register_magics(magics)
    tab = Tab(shell, TabCompleter(registry, devices))
    for part in (runner, report, numbers, tab):
        undo.note(part.uninstall)
        part.install()
    undo.note(partial(remove_cell_locator, numbers))
    add_cell_locator(numbers)
    if channel and running:
        undo.note(partial(remove_cell_finder, running.cell_of))
        add_cell_finder(running.cell_of)
        undo.note(channel.uninstall)
        channel.install()


def told_after_cell() -> list[Notice]:
    """Return the news after a cell, which may have changed the memory of the kernel as well."""
    feed.look_at_memory()
    return news()


def _connect(shell: InteractiveShell) -> tuple[Channel | None, RunningCells | None]:
    """Return the channel to front ends, and the running cells, of a shell with a kernel."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return None, None
    from tfsess_magics.notebook.comm.busy import RunningCells
    from tfsess_magics.notebook.comm.channel import Channel

    running = RunningCells(kernel)
    return Channel(kernel, registry, feed, running), running
