"""Runs the body of a ``%%tfsession`` cell as IPython's own cell, inside the session's scope.

`CellRunner` wraps methods of the shell on the instance. `should_run_async` and `run_cell_async` get the body in place
of the cell. The body stands below the comments above the header, and an empty line for it. ipykernel computes the file
name of a cell from the raw cell, and breakpoints and tracebacks have to meet it.
`run_ast_nodes` runs in the scope, which is suspended whenever the body awaits. `showtraceback` shows no frame of
this package. Under any other cell no frame of this package is on the stack.

IPython gets a failure before the body as the exception of a failed transformation, a `UsageError`. It prints one line,
and the body does not run.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from threading import current_thread, main_thread
from typing import Any, Protocol

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from tfsess_magics.core.errors import TfSessionError
from tfsess_magics.core.in_scope import InScope
from tfsess_magics.core.late import TRIES
from tfsess_magics.core.notice import Tell
from tfsess_magics.core.session import CellCode, Scope
from tfsess_magics.notebook.cells.header import Cell, is_about_us, split_cell
from tfsess_magics.notebook.cells.line import asks_for_help
from tfsess_magics.notebook.cells.runnable import require_runnable
from tfsess_magics.notebook.cells.traceback import without_our_frames
from tfsess_magics.notebook.compat import SHOWS_NOTES, notes_to_show


class Enter(Protocol):
    """Enters the session of a header, opened where there is none."""

    def __call__(self, line: str, cell: int, code: CellCode, *, require_runnable: Callable[[], None]) -> Scope:
        """Enter it for the cell of that number; `require_runnable` raises where the body cannot be compiled."""


class EnterUsed(Protocol):
    """Enters the session that every cell is to run in."""

    @property
    def is_on(self) -> bool:
        """True if there is one."""

    def __call__(self, cell: int, code: CellCode, *, is_users: bool) -> Scope | None:
        """Enter it for the cell of that number; None where it was closed and the user has not run the cell."""


Explain = Callable[[BaseException | None], None]

_Transformed = tuple[str, Any]


def _call_of_class(shell: InteractiveShell, name: str, *args: Any, **kwargs: Any) -> Any:
    """Call the method that the class has by now: other code may replace it there at any time."""
    found = next(vars(one)[name] for one in type(shell).__mro__ if name in vars(one))
    bind = getattr(type(found), "__get__", None)
    method = bind(found, shell, type(shell)) if bind else found
    return method(*args, **kwargs)


def _call_for_help(cell: Cell) -> str:
    """Return a cell that calls the magic; IPython reads the body under it, so that is none of the user's."""
    return f"%%tfsession {cell.header}\npass" if cell.body.strip() else "%tfsession --help"


class CellRunner:
    """The wrappers on one shell; `install` and `uninstall` may be called in any order, by the thread of the shell.

    A wrapper that other code has wrapped in turn cannot be taken away; it then only passes calls on.

    Parameters
    ----------
    shell
        The shell whose cells run.
    enter
        Opens and enters the session of a header.
    started
        Called with the coroutine of every cell, ordinary ones too.
    explain
        Called with every error before it is shown, ordinary cells' too; may add a note to it.
    tell
        Called with what the body of each did to the defaults, at its end.
    enter_used
        Enters the session that every cell is to run in.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        enter: Enter,
        started: Callable[[Any], None],
        explain: Explain,
        tell: Tell,
        *,
        enter_used: EnterUsed,
    ) -> None:
        self._shell = shell
        self._enter = enter
        self._enter_used = enter_used
        self._started = started
        self._explain = explain
        self._tell = tell
        self._scope: ContextVar[Scope | None] = ContextVar("tfsession_scope", default=None)
        self._around: ContextVar[Scope | None] = ContextVar("tfsession_around", default=None)
        """The scope of the body that is running."""
        self._transformed: tuple[Cell, _Transformed] | None = None
        self._wrappers: dict[str, tuple[Any, Any]] = {}
        self._enabled = False

    def install(self) -> None:
        """Make the shell run ``%%tfsession`` cells."""
        self._enabled = True
        methods: dict[str, Callable[..., Any]] = {
            "should_run_async": self._should_run_async,
            "run_cell_async": self._run_cell_async,
            "run_ast_nodes": self._run_ast_nodes,
            "showtraceback": self._show_traceback,
        }
        if not SHOWS_NOTES:
            methods["_showtraceback"] = self._show_notes
        for name, method in methods.items():
            if name not in self._wrappers:
                own = vars(self._shell).get(name)
                original = own or functools.partial(_call_of_class, self._shell, name)
                wrapper = functools.wraps(getattr(self._shell, name))(functools.partial(method, original))
                self._wrappers[name] = wrapper, own
                setattr(self._shell, name, wrapper)

    def uninstall(self) -> None:
        """Make the shell as it was before."""
        self._enabled = False
        for name, (wrapper, own) in list(self._wrappers.items()):
            if vars(self._shell).get(name) is wrapper:
                if own is None:
                    delattr(self._shell, name)
                else:
                    setattr(self._shell, name, own)
                del self._wrappers[name]

    def _split(self, raw_cell: str) -> Cell | None:
        return split_cell(raw_cell) if self._enabled else None

    def _should_run_async(
        self,
        original: Callable[..., bool],
        raw_cell: str,
        *,
        transformed_cell: Any = None,
        preprocessing_exc_tuple: Any = None,
    ) -> bool:
        if cell := self._split(raw_cell):
            transformed_cell, preprocessing_exc_tuple = self._transform(cell)
            self._transformed = cell, (transformed_cell, preprocessing_exc_tuple)
        return original(raw_cell, transformed_cell=transformed_cell, preprocessing_exc_tuple=preprocessing_exc_tuple)

    def _run_cell_async(
        self, original: Callable[..., Awaitable[Any]], raw_cell: str, *args: Any, **kwargs: Any
    ) -> Awaitable[Any]:
        cell = self._split(raw_cell)
        running: Awaitable[Any]
        if cell is not None:
            running = self._run_session_cell(original, cell, raw_cell, *args, **kwargs)
        elif self._is_for_used(raw_cell, **kwargs):
            running = self._run_used_cell(original, raw_cell, *args, **kwargs)
        elif self._scope.get() is None:
            running = original(raw_cell, *args, **kwargs)
        else:
            running = self._run_cell_of_hook(original, raw_cell, *args, **kwargs)
        self._started(running)
        return running

    async def _run_cell_of_hook(
        self, original: Callable[..., Awaitable[Any]], raw_cell: str, *args: Any, **kwargs: Any
    ) -> Any:
        """Run a cell that a hook of a session's cell runs before the body: it is not the body."""
        token = self._scope.set(None)
        try:
            return await original(raw_cell, *args, **kwargs)
        finally:
            self._scope.reset(token)

    async def _run_session_cell(
        self, original: Callable[..., Awaitable[Any]], cell: Cell, raw_cell: str, *args: Any, **kwargs: Any
    ) -> Any:
        before, self._transformed = self._transformed, None
        body, failure = before[1] if before and before[0] == cell else self._transform(cell)
        enter = None
        if not asks_for_help(cell.header):
            check = functools.partial(require_runnable, self._shell, body, raw_cell)
            enter = functools.partial(self._enter, cell.header, require_runnable=check)
        return await self._run_in_session(original, enter, cell.body, (body, failure), raw_cell, *args, **kwargs)

    def _is_for_used(self, raw_cell: str, *, silent: bool = False, **_: Any) -> bool:
        """Return whether a cell without a header runs in the session that every cell is to run in."""
        return (
            self._enter_used.is_on
            and self._enabled
            and not silent
            and current_thread() is main_thread()
            and self._scope.get() is None
            and not self._is_in_body()
            and bool(raw_cell.strip())
            and not is_about_us(raw_cell)
        )

    def _is_in_body(self) -> bool:
        """Return True for a cell that a session's cell runs: it runs where that one does."""
        around = self._around.get()
        return around is not None and not around.is_over

    async def _run_used_cell(
        self, original: Callable[..., Awaitable[Any]], raw_cell: str, *args: Any, **kwargs: Any
    ) -> Any:
        transformed = kwargs.pop("transformed_cell", None), kwargs.pop("preprocessing_exc_tuple", None)
        if transformed[0] is None:
            transformed = self._transform(Cell("", raw_cell, ""))
        enter = functools.partial(self._enter_used, is_users=kwargs.get("store_history", False))
        return await self._run_in_session(original, enter, raw_cell, transformed, raw_cell, *args, **kwargs)

    async def _run_in_session(
        self,
        original: Callable[..., Awaitable[Any]],
        enter: Callable[[int, CellCode], Scope | None] | None,
        source: str,
        transformed: _Transformed,
        raw_cell: str,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Run a transformed cell in the session that `enter` gives; `source`: that of the body."""
        body, failure = transformed
        scope, outer, is_silent = None, self._scope.get(), False
        try:
            try:
                if failure is None and enter is not None:
                    scope, failure = self._enter_or_fail(enter, CellCode(source, kwargs.get("cell_id")))
                self._scope.set(scope)
                result = await original(
                    raw_cell, *args, **kwargs | {"transformed_cell": body, "preprocessing_exc_tuple": failure}
                )
                is_silent = bool(result and result.info.silent)
                return result
            finally:
                self._end(scope, outer)
                if scope and not is_silent:
                    self._tell(scope.notices)
        except BaseException:
            # It may have come before `_end` had begun, and another may come in these lines; so in `InScope`.
            came: BaseException | None = None
            for _ in TRIES:
                try:
                    self._end(scope, outer)
                    break
                except BaseException as late:  # noqa: BLE001 - raised below
                    came = late
            if came is not None:
                raise came  # noqa: B904 - its context is what came before
            raise

    def _end(self, scope: Scope | None, outer: Scope | None) -> None:
        """Leave the scope of a cell, and be in the outer one; may be called again."""
        if scope is not None:
            scope.end()
        self._scope.set(outer)

    def _run_ast_nodes(self, original: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **kwargs: Any) -> Any:
        scope = self._scope.get()
        running = original(*args, **kwargs)
        if scope is None:
            return running
        return self._run_in(scope, self._and_initialize(scope, running, **kwargs) if scope.initializes else running)

    async def _and_initialize(self, scope: Scope, running: Any, *, result: Any = None, **_: Any) -> bool:
        """Do what IPython's method does, and then initialize variables; return whether either has failed."""
        if await running:
            return True
        try:
            scope.initialize()
        except BaseException as error:  # noqa: BLE001 - IPython catches and shows those of a body alike
            if result is not None:
                result.error_in_exec = error
            self._shell.showtraceback()
            return True
        return False

    async def _run_in(self, scope: Scope, running: Coroutine[Any, Any, Any]) -> Any:
        token, around = self._scope.set(None), self._around.set(scope)
        try:
            return await InScope(running, scope)
        finally:
            self._around.reset(around)
            self._scope.reset(token)

    def _show_traceback(self, original: Callable[..., Any], exc_tuple: Any = None, *args: Any, **kwargs: Any) -> Any:
        error = exc_tuple[1] if exc_tuple else sys.exc_info()[1]
        self._explain(error)
        without_our_frames(error)
        if exc_tuple and exc_tuple[2] is not None:
            exc_tuple = (exc_tuple[0], error, error and error.__traceback__)
        return original(exc_tuple, *args, **kwargs)

    def _show_notes(self, original: Callable[..., Any], kind: Any, error: BaseException | None, lines: Any) -> Any:
        notes = list(notes_to_show(error)) if self._enabled else []
        return original(kind, error, [*lines, *notes] if notes else lines)

    def _transform(self, cell: Cell) -> _Transformed:
        blank = len(cell.body) - len(cell.body.lstrip("\r\n"))
        above = cell.above + "\n" * cell.body.count("\n", 0, blank)
        try:
            if asks_for_help(cell.header):
                return self._shell.transform_cell(_call_for_help(cell)), None
            return above + self._shell.transform_cell(cell.body), None
        except Exception as error:  # noqa: BLE001 - IPython shows it, as that of any cell
            if isinstance(error, SyntaxError) and error.lineno is not None:
                error.lineno += above.count("\n")
            return above + cell.body, sys.exc_info()

    def _enter_or_fail(
        self, enter: Callable[[int, CellCode], Scope | None], code: CellCode
    ) -> tuple[Scope | None, Any]:
        try:
            return enter(int(self._shell.execution_count), code), None
        except TfSessionError as error:
            usage = UsageError(str(error))
            return None, (UsageError, usage, None)
        except KeyboardInterrupt as interrupt:
            return None, (KeyboardInterrupt, interrupt, None)
        except BaseException:  # noqa: BLE001 - IPython shows it
            return None, sys.exc_info()
