"""``%%tfsession`` and ``%tfsession``.

Under ``%%time`` the cell magic compiles and runs the body, as ``%%time`` does with its own.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from types import CodeType
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from traitlets import Bool, Float, observe

from tfsess_magics.core.errors import TfSessionError
from tfsess_magics.core.feed import Feed
from tfsess_magics.core.late import TRIES
from tfsess_magics.core.notice import Tell
from tfsess_magics.core.origin import calling_cell
from tfsess_magics.core.session import CellCode, Scope
from tfsess_magics.core.settings import OF_USERS, settings
from tfsess_magics.notebook.cells.line import asks_for_help, split_words
from tfsess_magics.notebook.compat import output_can_be_silenced
from tfsess_magics.notebook.magics.sessions import NotebookSessions
from tfsess_magics.notebook.magics.usage import documented, help_for, usage
from tfsess_magics.notebook.magics.verbs import Verbs


@magics_class
class SessionMagics(Magics):  # type: ignore[misc]
    """The magics of one shell; used by whichever thread runs a cell."""

    waits_after = Float(
        settings.waits_after,
        min=0.0,
        help="Seconds after which the list shows a run that does not compute as waiting, for all sessions.",
    ).tag(config=True)
    interrupt_patience = Float(
        settings.interrupt_patience,
        min=0.0,
        help="Seconds after which an interrupt ends a run where no second interrupt can come, as under nbclient.",
    ).tag(config=True)
    notices = Bool(
        settings.notices,
        help="True to say under a cell how it changed TensorFlow's defaults, and what else deserves a look.",
    ).tag(config=True)

    def __init__(
        self,
        shell: InteractiveShell,
        sessions: NotebookSessions[Any],
        feed: Feed,
        explain: Callable[[BaseException], None],
        tell: Tell,
    ) -> None:
        super().__init__(shell)
        self._sessions = sessions
        self._explain = explain
        self._tell = tell
        self._verbs = Verbs(shell, sessions, feed, self._calling_cell)

    @classmethod
    def leave_settings(cls, shell: InteractiveShell) -> None:
        """Take the settings out of ``%config``, where the constructor of `Magics` has put them."""
        shell.configurables[:] = [one for one in shell.configurables if not isinstance(one, cls)]

    def unregister(self) -> None:
        """Take the magics and the panels that they have shown away. Harmless when they were not registered."""
        self._verbs.close_panels()
        manager = self.shell.magics_manager
        for kind, names in self.magics.items():
            for name in names:
                manager.magics[kind].pop(name, None)
        manager.registry.pop(type(self).__name__, None)

    @observe(*OF_USERS)
    def _set(self, change: Any) -> None:
        setattr(settings, change["name"], change["new"])

    @no_var_expand  # type: ignore[untyped-decorator]
    @output_can_be_silenced
    @line_cell_magic  # type: ignore[untyped-decorator]
    @documented
    def tfsession(self, line: str, cell: str | None = None) -> Any:
        """Run a cell in a named TensorFlow graph and session, or look after the sessions."""
        if cell is not None:
            if asks_for_help(line):
                print(usage() + ("\n\nThe body was not run." if cell.strip() else ""))
                return None
            return self._run_nested(line, cell)
        try:
            if text := help_for(split_words(line, str)):
                print(text)
                return None
            return self._verbs(line)
        except TfSessionError as error:
            message = str(error)
        # Out of the handler: IPython keeps the last error, and with its context what the line has named would live on.
        raise UsageError(message)

    def _run_nested(self, line: str, body: str) -> Any:
        """Run `body` as ``%%time`` runs its own: for a magic above ours, or a call of ``run_cell_magic``."""
        cell = self._calling_cell()
        activation = None
        try:
            try:
                code = self._compile(body)
                activation = self._enter(line, cell, CellCode(body))
                activation.resume()
                return self._run(*code, activation)
            except BaseException as error:
                if activation is not None:
                    self._explain(error)
                raise
            finally:
                if activation is not None:
                    activation.end()
                    self._tell(activation.notices)
        except BaseException:
            # It may have come before `end` had begun, and another may come in these lines.
            came: BaseException | None = None
            for _ in TRIES:
                try:
                    if activation is not None:
                        activation.end()
                    break
                except BaseException as late:  # noqa: BLE001 - raised below
                    came = late
            if came is not None:
                raise came  # noqa: B904 - its context is what came before
            raise

    def _enter(self, line: str, cell: int, code: CellCode) -> Scope:
        try:
            return self._sessions.enter(line, cell, code, require_runnable=lambda: None)
        except TfSessionError as error:
            raise UsageError(str(error)) from None

    def _compile(self, body: str) -> tuple[CodeType, CodeType | None]:
        """Return the code of a body, that of its last expression apart."""
        compiler = self.shell.compile
        below_header = f"\n{self.shell.transform_cell(body)}"
        tree = self.shell.transform_ast(compiler.ast_parse(below_header))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        statements = compiler(tree, "<timed exec>", "exec")
        return statements, None if last is None else compiler(ast.Expression(last.value), "<timed exec>", "eval")

    def _run(self, statements: CodeType, last: CodeType | None, scope: Scope) -> Any:
        names = self.shell.user_ns
        exec(statements, names)  # noqa: S102 - the user's own cell
        value = None if last is None else eval(last, names)  # noqa: S307
        if scope.initializes:
            scope.initialize()
        return value

    def _calling_cell(self) -> int:
        """Return the execution count of the innermost cell that is calling, of the next one if none is."""
        cell = calling_cell()
        return int(self.shell.execution_count) if cell is None else cell
