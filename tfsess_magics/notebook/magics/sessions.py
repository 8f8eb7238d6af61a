"""Opens, finds and ends sessions for the magics, given the text of their lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic

from IPython.core.interactiveshell import InteractiveShell

from tfsess_magics.core.errors import InvalidNameError, InvalidOptionError, did_you_mean
from tfsess_magics.core.model import Maker, Origin
from tfsess_magics.core.notice import Notice, Tell, Topic
from tfsess_magics.core.option_values import parse_timeout
from tfsess_magics.core.options import CELL_OPTIONS, FRESH, SESSION_OPTIONS, TRACE, USE_OPTIONS
from tfsess_magics.core.plain import plain
from tfsess_magics.core.registry import SessionRegistry
from tfsess_magics.core.session import PLAIN, CellCode, CellOptions, S, Scope
from tfsess_magics.core.text import reset_message
from tfsess_magics.notebook.cells.header import Header, parse_header
from tfsess_magics.notebook.cells.line import HELP, split_words
from tfsess_magics.notebook.magics.used import Used
from tfsess_magics.notebook.magics.verb import Verb

_NO_FRAME = 1_000_000
"""More frames than there are: `var_expand` then sees the notebook's names only."""


class NotebookSessions(Generic[S]):
    """The registry as one shell uses it; used by whichever thread runs a cell.

    Parameters
    ----------
    verbs
        The verbs of ``%tfsession`` by their names; no header of a cell opens a session under one of these.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        registry: SessionRegistry[S],
        adopt: Callable[[object, str], S],
        entered: Callable[[S, str], None],
        tell: Tell,
        *,
        verbs: Mapping[str, Verb],
    ) -> None:
        self._shell = shell
        self.registry = registry
        self._verbs = verbs
        self._adopt = adopt
        self._entered = entered
        self._tell = tell
        self.used: Used[S] = Used(entered)
        """The session in which every cell runs."""

    def words(self, line: str, *, expand: bool = True) -> list[str]:
        """Split a magic's line, with ``{name}`` and ``$name`` expanded unless `expand` is false.

        Raises
        ------
        InvalidOptionError
            If a quote or a bracket is never closed.
        """
        return split_words(line, lambda word: self._shell.var_expand(word, _NO_FRAME) if expand else word)

    def enter(self, line: str, cell: int, code: CellCode, *, require_runnable: Callable[[], None]) -> Scope:
        """Enter the session that the header of `cell` names, opened where there is none of that name, to run `code`.

        Parameters
        ----------
        require_runnable
            Raises where the code cannot be compiled; called before a reset.

        Raises
        ------
        TfSessionError
            If the header will not do.
        """
        words = self.words(line)
        if words:
            self._require_no_verb(words[0], words[1:])  # before its options, which are none of a header
        session, options = self._open_for_cells(parse_header(words, self._evaluate), cell, require_runnable)
        self._entered(session, code.body)  # nothing that an interrupt can come before follows once it is entered
        return session.enter(f"cell {cell}", options, code)

    def use(self, words: Sequence[str], cell: int) -> S:
        """Have every later cell of the shell run in the session that a header names, opened if there is none.

        Raises
        ------
        TfSessionError
            If the header will not do.
        """
        for option in (TRACE, FRESH):
            if option.flag in words:
                raise InvalidOptionError(f"{option.flag} is for one cell: %%tfsession NAME {option.flag}")
        header = parse_header(words, self._evaluate, "%tfsession use", USE_OPTIONS)
        if header.name == "off" and header.name not in self.registry.names:
            raise InvalidNameError(
                "to run later cells without a session again: %tfsession use --off. To run them in a session of the "
                f"name {header.name!r}, open it first: %tfsession new {header.name}"
            )
        session, options = self._open_for_cells(header, cell)
        session.require_open()
        if session.kind.is_eager and options != PLAIN:
            raise InvalidOptionError(f"{session.name!r} is an eager scope, which takes none of these options.")
        self.used.begin(session, options)
        return session

    def _open_for_cells(
        self, header: Header, cell: int, require_runnable: Callable[[], None] = lambda: None
    ) -> tuple[S, CellOptions]:
        """Return the session of a header, reset if the header asks for it, and the options of the cells in it."""
        live = self.registry.names
        self._require_no_verb(header.name, [])
        timeout = parse_timeout(header.options.pop("timeout")) if self._is_of_this_cell(header, live) else None
        given = {option.name: header.options.pop(option.name, False) for option in CELL_OPTIONS}
        is_fresh = given.pop("fresh")
        _require_fitting(header, {name for name, is_given in given.items() if is_given}, is_fresh=is_fresh)
        options = CellOptions(timeout, **given)
        session, is_new = self._open(header, live, cell)
        is_refused = session.kind.is_eager and options != PLAIN  # by its `enter`
        if is_fresh and not is_new and not is_refused:
            require_runnable()
            was = self.registry.reset_session(session, f"%%tfsession {session.name} --fresh")
            self._tell([Notice(Topic.OPENING, reset_message(was))])
        return session, options

    def _require_no_verb(self, name: str, words: Sequence[str]) -> None:
        verb = self._verbs.get(name)
        if verb or name == HELP:
            line = verb.line(words) if verb else f"%tfsession {HELP}"
            raise InvalidNameError(
                f"{name!r} is a verb, and no session has that name. To use the verb, with one %: {line}. "
                "To open a session, give it another name."
            )

    @staticmethod
    def _is_of_this_cell(header: Header, live: tuple[str, ...]) -> bool:
        """Return True if a time limit is the cell's own: where the cell opens the session, it is the session's."""
        return "timeout" in header.options and header.name in live

    def _open(self, header: Header, live: tuple[str, ...], cell: int) -> tuple[S, bool]:
        """Return the session of a header, and whether it is new."""
        session, is_new = self.registry.open(header.name, header.options, _origin(cell))
        if is_new:
            if hint := did_you_mean(header.name, live):
                text = f"opened {header.name}, a new session. Open already: {', '.join(live)}.{hint}"
                self._tell([Notice(Topic.OPENING, text)])
            self._tell_notes(session)
        return session, is_new

    def create(self, words: Sequence[str], cell: int) -> S:
        """Open a session for `cell`, by the words of a header, under a name that is free.

        Raises
        ------
        TfSessionError
            If the words will not do.
        """
        if flag := next((option.flag for option in CELL_OPTIONS if option.flag in words), None):
            raise InvalidOptionError(f"{flag} is for a cell: %%tfsession NAME {flag}")
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


def _require_fitting(header: Header, given: set[str], *, is_fresh: bool) -> None:
    """Check that the options of a cell go with those of the session that it opens.

    Raises
    ------
    InvalidOptionError
        If one does not.
    """
    if given and "eager" in header.options:
        raise InvalidOptionError(f"--{min(given)} is for a graph and its runs; an eager scope has neither.")
    if is_fresh and "graph" in header.options:
        raise InvalidOptionError("--fresh begins with an empty graph, and --graph works in one that is there: use one.")


def _origin(cell: int) -> Origin:
    return Origin(maker=Maker.MAGIC, module="__main__", function="<module>", cell=cell)
