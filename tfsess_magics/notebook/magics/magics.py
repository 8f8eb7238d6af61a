"""``%%tfsession`` and ``%tfsession``.

Under ``%%time`` the cell magic compiles and runs the body, as ``%%time`` does with its own.
"""

from __future__ import annotations

import ast
import weakref
from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.display import display
from traitlets import Float, observe

from tfsess_magics.core.errors import InvalidOptionError, NoTraceError, TfSessionError, did_you_mean
from tfsess_magics.core.feed import Feed
from tfsess_magics.core.late import TRIES
from tfsess_magics.core.origin import calling_cell
from tfsess_magics.core.session import CellCode, Scope
from tfsess_magics.core.settings import settings
from tfsess_magics.core.text import adopted_message, closed_message, format_bytes, reset_message
from tfsess_magics.core.trace import RunTrace
from tfsess_magics.notebook.cells.header import split_words
from tfsess_magics.notebook.cells.runner import print_notices
from tfsess_magics.notebook.compat import output_can_be_silenced
from tfsess_magics.notebook.magics.close_unused import close_unused
from tfsess_magics.notebook.magics.sessions import NotebookSessions
from tfsess_magics.notebook.views.memory import MemoryOverview
from tfsess_magics.notebook.views.sessions import SessionDetails, SessionTable
from tfsess_magics.notebook.views.trace import TraceView

_SETTINGS = ("waits_after", "interrupt_patience")


@magics_class
class SessionMagics(Magics):  # type: ignore[misc]
    """The magics of one shell; used by whichever thread runs a cell."""

    waits_after = Float(
        settings.waits_after,
        min=0.0,
        help="Seconds after which a run that does not compute is shown as waiting, in all sessions of the kernel.",
    ).tag(config=True)
    interrupt_patience = Float(
        settings.interrupt_patience,
        min=0.0,
        help="Seconds after which an interrupted run is cut where no second interrupt can come, as under nbclient.",
    ).tag(config=True)

    def __init__(
        self,
        shell: InteractiveShell,
        sessions: NotebookSessions[Any],
        feed: Feed,
        explain: Callable[[BaseException], None],
    ) -> None:
        super().__init__(shell)
        self._sessions = sessions
        self._feed = feed
        self._explain = explain
        self._panels: weakref.WeakSet[Any] = weakref.WeakSet()

    @classmethod
    def leave_settings(cls, shell: InteractiveShell) -> None:
        """Take the settings out of ``%config``, where the constructor of `Magics` has put them."""
        shell.configurables[:] = [one for one in shell.configurables if not isinstance(one, cls)]

    def unregister(self) -> None:
        """Take the magics and the panels that they have shown away. Harmless when they were not registered."""
        for panel in list(self._panels):
            panel.close()
        for name in _SETTINGS:
            setattr(settings, name, self.trait_defaults(name))
        manager = self.shell.magics_manager
        for kind, names in self.magics.items():
            for name in names:
                manager.magics[kind].pop(name, None)
        manager.registry.pop(type(self).__name__, None)

    @observe(*_SETTINGS)
    def _set(self, change: Any) -> None:
        setattr(settings, change["name"], change["new"])

    @no_var_expand  # type: ignore[untyped-decorator]
    @output_can_be_silenced
    @line_cell_magic  # type: ignore[untyped-decorator]
    def tfsession(self, line: str, cell: str | None = None) -> Any:
        """Run a cell in a named TensorFlow graph and session, or look after the sessions.

        At the top of a cell::

            %%tfsession NAME [options]

        opens the session NAME on first use and enters it again later. In the body its graph is the default graph and
        its session the default session; everything else is as in any cell. The options are for the first use:

          --graph EXPR          work in a tf.Graph that is there already, any Python expression
          --config EXPR         a tf.compat.v1.ConfigProto, any Python expression
          --config-file PATH    the same from a file in text format
          --device DEVICE       default device of the graph, such as /CPU:0
          --threads INTRA[,INTER]   threads within an operation, and operations at a time; 0: TensorFlow chooses
          --seed NUMBER         graph-level random seed
          --timeout SECONDS     a run that takes longer ends, and the session lives on; on a later cell: for that cell
          --on-stop keep|drop   whether a stop keeps the values of variables (it does)
          --trace               the second run in this cell, or its only one, is traced: what took how long, and where
                                it ran
          --eager               a scope for TensorFlow 2 and Keras code instead: no graph, no other option

        As a line::

            %tfsession                      list the sessions
            %tfsession info NAME            one session: options, devices, runs, variables, memory
            %tfsession memory               the kernel's memory, and what each session holds on each device
            %tfsession new NAME [options]   open a session without entering it
            %tfsession close NAME...        end sessions and free what they hold
            %tfsession close --all          end all that have a name, adopted ones too
            %tfsession close --unused       end those of other code that nobody seems to need, after asking
            %tfsession adopt EXPR NAME      give a session of other code a name: adopt model.session m, adopt #7 m
            %tfsession reset NAME           an empty graph and a new session under the same name
            %tfsession stop NAME            end its runs, from another thread or notebook page, and keep its variables
                                            (stop NAME --now: also a run that would end by itself;
                                            stop NAME --on-stop drop: also where variables cannot be read)
            %tfsession trace NAME           trace its next run, in whichever cell or thread, and show it under the cell
                                            (trace NAME --show: again; --save FILE: as Chrome trace JSON)
            %tfsession panel                the list as a widget that stays up to date, with buttons (ipywidgets)
        """
        if cell is not None:
            return self._run_nested(line, cell)
        try:
            return self._order(line)
        except TfSessionError as error:
            message = str(error)
        # Out of the handler: IPython keeps the last error, and with its context what the line has named would live on.
        raise UsageError(message)

    def _run_nested(self, line: str, body: str) -> Any:
        """Run `body` as ``%%time`` runs its own: for a magic above ours, or a call of ``run_cell_magic``."""
        cell = self._calling_cell()
        stay = None
        try:
            try:
                stay = self._enter(line, cell, CellCode(body))
                stay.resume()
                return self._run_body(body)
            except BaseException as error:
                if stay is not None:
                    self._explain(error)
                raise
            finally:
                if stay is not None:
                    stay.end()
                    print_notices(stay)
        except BaseException:
            # It may have come before `end` had begun, and another may come in these lines.
            came: BaseException | None = None
            for _ in TRIES:
                try:
                    if stay is not None:
                        stay.end()
                    break
                except BaseException as late:  # noqa: BLE001 - raised below
                    came = late
            if came is not None:
                raise came  # noqa: B904 - its context is what came before
            raise

    def _enter(self, line: str, cell: int, code: CellCode) -> Scope:
        try:
            return self._sessions.enter(line, cell, code)
        except TfSessionError as error:
            raise UsageError(str(error)) from None

    def _run_body(self, body: str) -> Any:
        compiler, names = self.shell.compile, self.shell.user_ns
        below_header = f"\n{self.shell.transform_cell(body)}"
        tree = self.shell.transform_ast(compiler.ast_parse(below_header))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compiler(tree, "<timed exec>", "exec"), names)  # noqa: S102 - the user's own cell
        if last is None:
            return None
        return eval(compiler(ast.Expression(last.value), "<timed exec>", "eval"), names)  # noqa: S307

    def _order(self, line: str) -> None:
        verb, *rest = self._sessions.words(line) or ["list"]
        orders: dict[str, Callable[[list[str]], None]] = {
            "list": self._list,
            "info": self._info,
            "new": lambda _: self._new(line),
            "close": self._close,
            "reset": self._reset,
            "stop": self._stop,
            "trace": self._trace,
            "adopt": lambda _: self._adopt(line),
            "memory": self._memory,
            "panel": self._panel,
        }
        if verb not in orders:
            hint = (
                f" To run a cell in a session: %%tfsession {verb}, with two %." if verb in self._registry.names else ""
            )
            raise InvalidOptionError(
                f"%tfsession has no {verb!r}. It has: {', '.join(orders)}.{hint or did_you_mean(verb, orders)}"
            )
        orders[verb](rest)

    def _calling_cell(self) -> int:
        """Return the execution count of the innermost cell that is calling, of the next one if none is."""
        cell = calling_cell()
        return int(self.shell.execution_count) if cell is None else cell

    @property
    def _registry(self) -> Any:
        return self._sessions.registry

    def _list(self, words: list[str]) -> None:
        _require(not words, "list", words)
        display(SessionTable(self._registry.sessions()))

    def _info(self, words: list[str]) -> None:
        _require(len(words) == 1, "info NAME", words)
        session = self._registry.get_any(words[0])
        samples = self._feed.history.samples(session.number)
        display(SessionDetails(session.info(), self._registry.held_by(session), samples))

    def _memory(self, words: list[str]) -> None:
        _require(not words, "memory", words)
        display(MemoryOverview(self._feed.memory()))

    def _new(self, line: str) -> None:
        session = self._sessions.create(
            line.split(maxsplit=1)[1] if len(line.split()) > 1 else "", self._calling_cell()
        )
        print(f"opened {session.name}")

    def _adopt(self, line: str) -> None:
        _, *words = split_words(line, str)
        flags = [word for word in words if word.startswith("--")]
        _require(len(words) >= 2 and not flags and _is_expression(words[:-1]), "adopt EXPR NAME", words)
        print(adopted_message(self._sessions.adopt(words).info()))

    def _close(self, words: list[str]) -> None:
        if words[:1] == ["--unused"]:
            _require(words[1:] in ([], ["--yes"]), "close --unused [--yes]", words)
            close_unused(self.shell, self._registry, ask=not words[1:])
            return
        names = self._registry.names if words == ["--all"] else words
        flags = [word for word in names if word.startswith("-")]
        _require(bool(words) and not flags, "close NAME..., close --all or close --unused", words)
        for was in self._registry.close(*names, by="%tfsession close"):
            print(closed_message(was))
        if not names:
            print("no session is open")

    def _reset(self, words: list[str]) -> None:
        _require(len(words) == 1 and not words[0].startswith("-"), "reset NAME", words)
        print(reset_message(self._registry.reset(words[0], "%tfsession reset")))

    def _stop(self, words: list[str]) -> None:
        name, *rest = [word for word in _parts(words) if word != "--now"] or [""]
        is_right = bool(name) and rest[:1] in ([], ["--on-stop"]) and len(rest) in (0, 2)
        _require(is_right, "stop NAME [--now] [--on-stop keep|drop]", words)
        print(self._registry.stop(name, "%tfsession stop", *rest[1:], now="--now" in words))

    def _trace(self, words: list[str]) -> None:
        name, *rest = _parts(words)
        is_right = rest in ([], ["--show"]) or (len(rest) == 2 and rest[0] == "--save")
        _require(
            bool(name) and not name.startswith("-") and is_right,
            "trace NAME, trace NAME --show or trace NAME --save FILE",
            words,
        )
        if not rest:
            self._registry.trace(name)
            print(f"the next run of {name} will be traced, and shown under the cell in which it takes place")
            return
        trace = self._registry.get_any(name).info().last_trace
        if trace is None:
            raise NoTraceError(name)
        if rest == ["--show"]:
            display(TraceView(trace))
        else:
            _save(trace, rest[1])

    def _panel(self, words: list[str]) -> None:
        _require(not words, "panel", words)
        try:
            from tfsess_magics.notebook.views.widget import Panel
        except ModuleNotFoundError as error:
            if error.name != "ipywidgets":
                raise
            self._list([])
            print("This list does not follow what happens. One that does needs ipywidgets: %pip install ipywidgets")
            return
        panel = Panel(self._registry, self._feed)
        self._panels.add(panel)
        display(panel.widget)


def _parts(words: list[str]) -> list[str]:
    """Part flags from the values that are given with ``=``; an empty name where there are no words."""
    return [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])] or [""]


def _save(trace: RunTrace, file: str) -> None:
    try:
        trace.save(file)
    except OSError as error:
        raise UsageError(f"the trace was not saved: {error}") from None
    print(f"saved {format_bytes(len(trace.chrome))} to {file}: for chrome://tracing, or Perfetto")


def _is_expression(words: list[str]) -> bool:
    """Whether `words` are Python, or ``#7``."""
    try:
        ast.parse(" ".join(words), mode="eval")
    except SyntaxError:
        return words[0].startswith("#")
    return True


def _require(is_right: bool, usage: str, words: list[str]) -> None:
    if not is_right:
        given = repr(" ".join(words)) if words else "nothing"
        raise InvalidOptionError(f"usage: %tfsession {usage}; got {given}")
