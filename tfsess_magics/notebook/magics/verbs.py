"""The verbs of ``%tfsession``: one table, and what each does."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from tfsess_magics.core.errors import InvalidOptionError, NoTraceError, did_you_mean
from tfsess_magics.core.feed import Feed
from tfsess_magics.core.options import FILE, ON_STOP, SESSION_OPTIONS, USE_OPTIONS, Option
from tfsess_magics.core.text import (
    adopted_message,
    closed_message,
    format_bytes,
    reset_message,
    restored_message,
    saved_message,
)
from tfsess_magics.core.trace import RunTrace
from tfsess_magics.notebook.cells.line import ParsedLine
from tfsess_magics.notebook.magics.close_many import close_all, close_unused
from tfsess_magics.notebook.magics.sessions import NotebookSessions
from tfsess_magics.notebook.magics.verb import EXPR_NAME, HEADER, NAME, NAME_PATH, NAMES, OLD_NEW, Form, Verb
from tfsess_magics.notebook.views.memory import MemoryOverview
from tfsess_magics.notebook.views.sessions import SessionDetails, SessionTable
from tfsess_magics.notebook.views.trace import TraceView


class Verbs:
    """Carries out the lines of ``%tfsession`` in one shell; used by whichever thread runs a cell."""

    def __init__(
        self,
        shell: InteractiveShell,
        sessions: NotebookSessions[Any],
        feed: Feed,
        calling_cell: Callable[[], int],
    ) -> None:
        self._shell = shell
        self._sessions = sessions
        self._registry = sessions.registry
        self._feed = feed
        self._calling_cell = calling_cell
        self._panels: weakref.WeakSet[Any] = weakref.WeakSet()

    def __call__(self, line: str) -> None:
        """Carry out `line`.

        Raises
        ------
        TfSessionError
            If the line will not do, or what it asks for.
        """
        name, *words = self._sessions.words(line) or ["list"]
        verb = VERBS.get(name)
        if verb is None:
            hint = (
                f" To run a cell in a session: %%tfsession {name}, with two %." if name in self._registry.names else ""
            )
            raise InvalidOptionError(
                f"%tfsession has no {name!r}. It has: {', '.join(VERBS)}.{hint or did_you_mean(name, VERBS)} "
                "What each does: %tfsession --help"
            )
        if verb.takes_expression:
            words = self._sessions.words(line, expand=False)[1:]
        verb.handler(self, verb.read(words))

    def close_panels(self) -> None:
        """Close the panels that were shown."""
        for panel in list(self._panels):
            panel.close()

    def _list(self, _: ParsedLine) -> None:
        display(SessionTable(self._registry.sessions()))

    def _info(self, line: ParsedLine) -> None:
        session = self._registry.get_any(line.arguments[0])
        samples = self._feed.history.samples(session.number)
        display(SessionDetails(session.info(), self._registry.held_by(session), samples))

    def _memory(self, _: ParsedLine) -> None:
        display(MemoryOverview(self._feed.memory()))

    def _new(self, line: ParsedLine) -> None:
        print(f"opened {self._sessions.create(line.arguments, self._calling_cell()).name}")

    def _use(self, line: ParsedLine) -> None:
        used = self._sessions.used
        if line.arguments == [_OFF.flag]:
            used.end()
        elif _OFF.flag in line.arguments:
            raise InvalidOptionError(f"{_OFF.flag} stands alone, whichever session it is: %tfsession use {_OFF.flag}")
        elif line.arguments:
            self._sessions.use(line.arguments, self._calling_cell())
        if used.is_on:
            print(f"every later cell runs in {used.name}, until: %tfsession use {_OFF.flag}")
        else:
            print("cells run without a session")

    def _adopt(self, line: ParsedLine) -> None:
        print(adopted_message(self._sessions.adopt(line.arguments).info()))

    def _close(self, line: ParsedLine) -> None:
        if "unused" in line.options:
            close_unused(self._shell, self._registry, ask="yes" not in line.options)
            return
        if "all" in line.options:
            close_all(self._registry)
            return
        for was in self._registry.close(*line.arguments, by="%tfsession close"):
            print(closed_message(was))

    def _rename(self, line: ParsedLine) -> None:
        old, new = line.arguments
        print(f"renamed {old}: %%tfsession {self._registry.rename(old, new).name} runs a cell in it")

    def _reset(self, line: ParsedLine) -> None:
        print(reset_message(self._registry.reset(line.arguments[0], "%tfsession reset")))

    def _stop(self, line: ParsedLine) -> None:
        on_stop, now = line.options.get("on_stop"), "now" in line.options
        print(self._registry.stop(line.arguments[0], "%tfsession stop", on_stop, now=now))

    def _save(self, line: ParsedLine) -> None:
        name, path = line.arguments
        print(saved_message(name, self._registry.save(name, path, print)))

    def _restore(self, line: ParsedLine) -> None:
        name, path = line.arguments
        print(restored_message(name, self._registry.restore(name, path, print, partial="partial" in line.options)))

    def _trace(self, line: ParsedLine) -> None:
        (name,) = line.arguments
        if not line.options:
            self._registry.trace(name)
            print(f"tracing the next run of {name}: its trace comes under the cell that starts it")
            return
        trace = self._registry.get_any(name).info().last_trace
        if trace is None:
            raise NoTraceError(name)
        if "show" in line.options:
            display(TraceView(trace))
        else:
            _save_trace(trace, line.options["save"])

    def _panel(self, line: ParsedLine) -> None:
        try:
            from tfsess_magics.notebook.views.widget import Panel
        except ModuleNotFoundError as error:
            if error.name != "ipywidgets":
                raise
            self._list(line)
            print("This list does not update itself. For one that does: %pip install ipywidgets")
            return
        panel = Panel(self._registry, self._feed)
        self._panels.add(panel)
        display(panel.widget)


def _save_trace(trace: RunTrace, file: str) -> None:
    try:
        trace.save(file)
    except OSError as error:
        raise UsageError(f"the trace was not saved: {error}") from None
    print(f"saved {format_bytes(len(trace.chrome))} to {file}: for chrome://tracing, or Perfetto")


_ALL = Option("all", "close all that have a name, also those of other code that adopt has named")
_UNUSED = Option("unused", "close those of other code that nothing seems to use, after a question")
_YES = Option("yes", "do not ask")
_NOW = Option("now", "end also a run that would end by itself")
_DROP = replace(ON_STOP, help="drop: lose the values of variables, which helps where they cannot be read")
_OFF = Option("off", "run later cells without a session again")
_PARTIAL = Option("partial", "restore the variables that fit, and leave the rest")
_SHOW = Option("show", "show its last trace again")
_SAVE = Option("save", "save its last trace as Chrome trace JSON", FILE)

VERBS = {
    verb.name: verb
    for verb in (
        Verb("list", (Form("list the sessions, as without a verb"),), Verbs._list),
        Verb("info", (Form("one session: options, devices, runs, variables, memory", NAME),), Verbs._info),
        Verb(
            "new",
            (
                Form(
                    "open a session without entering it",
                    HEADER,
                    takes=tuple(SESSION_OPTIONS.values()),
                    is_of_new_name=True,
                ),
            ),
            Verbs._new,
        ),
        Verb(
            "close",
            (
                Form("end sessions and free what they hold", NAMES),
                Form(_ALL.help, needs=(_ALL,)),
                Form(_UNUSED.help, needs=(_UNUSED,), takes=(_YES,)),
            ),
            Verbs._close,
        ),
        Verb(
            "use",
            (
                Form("have every later cell run in a session, opened if there is none", HEADER, takes=USE_OPTIONS),
                Form(_OFF.help, needs=(_OFF,)),
            ),
            Verbs._use,
        ),
        Verb("rename", (Form("give a session another name", OLD_NEW),), Verbs._rename),
        Verb(
            "reset",
            (Form("an empty graph and a new session under the same name", NAME, is_for_named=True),),
            Verbs._reset,
        ),
        Verb(
            "stop",
            (
                Form(
                    "end its runs, from another thread or notebook page, and keep its variables",
                    NAME,
                    takes=(_NOW, _DROP),
                ),
            ),
            Verbs._stop,
        ),
        Verb(
            "save",
            (Form("write the values of its variables to a checkpoint, as a Saver of TensorFlow does", NAME_PATH),),
            Verbs._save,
        ),
        Verb(
            "restore",
            (Form("give its variables the values of a checkpoint, all or none", NAME_PATH, takes=(_PARTIAL,)),),
            Verbs._restore,
        ),
        Verb(
            "trace",
            (
                Form("trace its next run, in whichever cell or thread, and show it under the cell", NAME),
                Form(_SHOW.help, NAME, needs=(_SHOW,)),
                Form(_SAVE.help, NAME, needs=(_SAVE,)),
            ),
            Verbs._trace,
        ),
        Verb(
            "adopt",
            (Form("give a session of other code a name: adopt model.session m, adopt #7 m", EXPR_NAME),),
            Verbs._adopt,
        ),
        Verb("memory", (Form("the kernel's memory, and what each session holds on each device"),), Verbs._memory),
        Verb(
            "panel",
            (Form("the list as a widget that stays up to date, with buttons (ipywidgets)"),),
            Verbs._panel,
        ),
    )
}
