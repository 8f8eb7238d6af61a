"""Opens, finds and ends sessions for the magics, given the text of their lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic

from IPython.core.interactiveshell import InteractiveShell

from tfsess_magics.core.errors import InvalidOptionError, did_you_mean
from tfsess_magics.core.model import Maker, Origin
from tfsess_magics.core.notice import Notice, Tell, Topic
from tfsess_magics.core.option_values import parse_timeout
from tfsess_magics.core.options import SESSION_OPTIONS, TRACE
from tfsess_magics.core.plain import plain
from tfsess_magics.core.registry import SessionRegistry
from tfsess_magics.core.session import CellCode, S, Scope
from tfsess_magics.notebook.cells.header import Header, parse_header
from tfsess_magics.notebook.cells.line import split_words

_NO_FRAME = 1_000_000
"""More frames than there are: `var_expand` then sees the notebook's names only."""


class NotebookSessions(Generic[S]):
    """The registry as one shell uses it; used by whichever thread runs a cell."""

    def __init__(
        self,
        shell: InteractiveShell,
        registry: SessionRegistry[S],
        adopt: Callable[[object, str], S],
        entered: Callable[[S, str], None],
        tell: Tell,
    ) -> None:
        self._shell = shell
        self.registry = registry
        self._adopt = adopt
        self._entered = entered
        self._tell = tell

    def words(self, line: str, *, expand: bool = True) -> list[str]:
        """Split a magic's line, with ``{name}`` and ``$name`` expanded unless `expand` is false.

        Raises
        ------
        InvalidOptionError
            If a quote or a bracket is never closed.
        """
        return split_words(line, lambda word: self._shell.var_expand(word, _NO_FRAME) if expand else word)

    def enter(self, line: str, cell: int, code: CellCode) -> Scope:
        """Enter the session that the header of `cell` names, opened where there is none of that name, to run `code`.

        Raises
        ------
        TfSessionError
            If the header will not do.
        """
        header = parse_header(self.words(line), self._evaluate)
        live = self.registry.names
        timeout = parse_timeout(header.options.pop("timeout")) if self._is_of_this_cell(header, live) else None
        trace = header.options.pop("trace", False)
        if trace and "eager" in header.options:
            raise InvalidOptionError("--trace is for the runs of a session; an eager scope has none.")
        session = self._open(header, live, cell)
        self._entered(session, code.body)  # nothing that an interrupt can come before follows once it is entered
        return session.enter(f"cell {cell}", timeout, trace=trace, code=code)

    @staticmethod
    def _is_of_this_cell(header: Header, live: tuple[str, ...]) -> bool:
        """Return True if a time limit is the cell's own: where the cell opens the session, it is the session's."""
        return "timeout" in header.options and header.name in live

    def _open(self, header: Header, live: tuple[str, ...], cell: int) -> S:
        session, is_new = self.registry.open(header.name, header.options, _origin(cell))
        if is_new:
            if hint := did_you_mean(header.name, live):
                text = f"{header.name}: a new session. Live already: {', '.join(live)}.{hint}"
                self._tell([Notice(Topic.OPENING, text)])
            self._tell_notes(session)
        return session

    def create(self, words: Sequence[str], cell: int) -> S:
        """Open a session for `cell`, by the words of a header, under a name that is free.

        Raises
        ------
        TfSessionError
            If the words will not do.
        """
        if TRACE.flag in words:
            raise InvalidOptionError(
                "--trace is for a cell: %%tfsession NAME --trace. For the next run of a session: %tfsession trace NAME"
            )
        header = parse_header(words, self._evaluate, "%tfsession new", SESSION_OPTIONS.values())
        session = self.registry.create(header.name, header.options, _origin(cell))
        self._tell_notes(session)
        return session

    def adopt(self, words: Sequence[str]) -> S:
        """Give the session of other code that an expression gives, or ``#7``, a name.

        Parameters
        ----------
        words
            The expression's, and the name.

        Raises
        ------
        TfSessionError
            If they will not do.
        """
        expression, name = " ".join(words[:-1]), words[-1]
        session = expression if expression.startswith("#") else self._evaluate("adopt", expression)
        return self._adopt(session, name)

    def _tell_notes(self, session: S) -> None:
        """Print the notes of `session` for the user who opened it."""
        self._tell([Notice(Topic.OPENING, f"{session.name}: {note}") for note in session.notes])

    def _evaluate(self, what: str, expression: str) -> Any:
        try:
            return eval(expression, self._shell.user_ns)  # noqa: S307 - the user's own expression
        except Exception as error:
            said = plain(f"{type(error).__name__}: {error}")
            raise InvalidOptionError(f"{what} {expression}: {said}") from error


def _origin(cell: int) -> Origin:
    return Origin(maker=Maker.MAGIC, module="__main__", function="<module>", cell=cell)
