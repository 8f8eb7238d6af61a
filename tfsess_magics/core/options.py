"""The options of a cell and of a named session: one table, and the record of those that a session was opened with.

A new option is an entry in `OPTIONS`, a field of `SessionOptions`, and a parameter of `tfsess_magics.session`. Other
code heeds it. ``tests/test_tables.py`` fails where one of them is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

from tfsess_magics.core.errors import OptionConflictError
from tfsess_magics.core.option_values import (
    DROP,
    KEEP,
    ConfigOption,
    GraphOption,
    Threads,
    parse_eager,
    parse_on_stop,
    parse_seed,
    parse_threads,
    parse_timeout,
)

EXPR = "EXPR"
"""The metavar of options whose values are expressions of Python."""
DEVICE = "DEVICE"
"""That of options whose values are devices."""
PATH, FILE = "PATH", "FILE"
"""Those of options whose values are files: one to read, and one to write."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option on the line of a magic: how it is written, and what it takes."""

    name: str
    """As a parameter in Python: ``on_stop``."""
    help: str
    metavar: str = ""
    """The word for its value in help texts, empty if it takes none or has `choices`."""
    choices: tuple[str, ...] = ()
    """The values that it takes, empty if there is no list of them."""
    parse: Callable[[object], object] | None = None
    """Checks and converts a value, None where that needs TensorFlow (`tfsess_magics.tf.session.config`)."""

    @property
    def flag(self) -> str:
        """The option as it is written: ``--on-stop``."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def value(self) -> str:
        """The placeholder of its value in usage texts, empty if it takes none."""
        return self.metavar or "|".join(self.choices)

    @property
    def usage(self) -> str:
        """The option with its value: ``--on-stop keep|drop``."""
        return f"{self.flag} {self.value}".rstrip()


TIMEOUT = Option(
    "timeout",
    "end a run that takes longer; the session stays open. On a later cell: for the runs of that cell",
    "SECONDS",
    parse=parse_timeout,
)
ON_STOP = Option(
    "on_stop",
    "keep: a stop keeps the values of variables, as without this option; drop: it loses them",
    choices=(KEEP, DROP),
    parse=parse_on_stop,
)
TRACE = Option("trace", "trace the second run of this cell, or its only one: show what took how long, and where it ran")
FRESH = Option("fresh", "reset the session first, if it is open: each run of the cell begins with an empty graph")
REUSE = Option("reuse", "tf.compat.v1.get_variable takes a variable that is in the graph already")
INIT = Option("init", "after the body initialize the variables that have no value")
EAGER = Option("eager", "a scope for TensorFlow 2 and Keras code instead: no graph, no other option", parse=parse_eager)

OPTIONS = (
    Option("graph", "work in a tf.Graph that is there already, any Python expression", EXPR),
    Option("config", "a tf.compat.v1.ConfigProto, any Python expression", EXPR),
    Option("config_file", "the same from a file in text format", PATH),
    Option("device", "default device of the graph, such as /CPU:0", DEVICE),
    Option(
        "threads",
        "threads within an operation, and operations at a time; 0: TensorFlow chooses",
        "INTRA[,INTER]",
        parse=parse_threads,
    ),
    Option("seed", "graph-level random seed", "NUMBER", parse=parse_seed),
    TIMEOUT,
    ON_STOP,
    TRACE,
    FRESH,
    REUSE,
    INIT,
    EAGER,
)
"""The options that may follow the name in the header of a cell, in the order of usage texts."""

CELL_OPTIONS = (TRACE, FRESH, REUSE, INIT)
"""Those that are for one cell."""

SESSION_OPTIONS = {option.name: option for option in OPTIONS if option not in CELL_OPTIONS}
"""Those that a session is opened with, by their names in Python."""

USE_OPTIONS = tuple(option for option in OPTIONS if option not in (TRACE, FRESH))
"""Those of ``%tfsession use``, which is for many cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """The options that a named session was opened with; None for each that was not given."""

    graph: GraphOption | None = None
    config: ConfigOption | None = None
    """The ConfigProto, from ``--config`` or ``--config-file``."""
    device: str | None = None
    threads: Threads | None = None
    seed: int | None = None
    timeout: float | None = None
    """Seconds that a run may take; 0 for as long as it wants."""
    on_stop: str | None = None
    """The treatment of variables' values in a stop: `KEEP` or `DROP`."""
    eager: bool | None = None

    def given(self) -> Iterator[tuple[str, object]]:
        """Yield name and value of every option that is not None."""
        for option in fields(self):
            if (value := getattr(self, option.name)) is not None:
                yield option.name, value

    def require_same(self, again: SessionOptions, name: str) -> None:
        """Check that options given `again` for the live session `name` say nothing new.

        Raises
        ------
        OptionConflictError
            With both values, and how to open the session anew.
        """
        for option, value in again.given():
            opened_with = getattr(self, option)
            if value != opened_with:
                had = "it was opened without" if opened_with is None else f"it was opened with {opened_with}"
                raise OptionConflictError(
                    f"{name!r} is live and its options are fixed: {_written(option, value)} was given, {had}. "
                    f"Leave the option out to go on with it, or close it and run this again: "
                    f"%tfsession close {name}"
                )

    def __str__(self) -> str:
        return " ".join(
            value.given_as if isinstance(value, ConfigOption | GraphOption) else _written(option, value)
            for option, value in self.given()
        )


def _written(option: str, value: object) -> str:
    flag = SESSION_OPTIONS[option].flag
    return flag if value is True else f"{flag} {value:g}" if isinstance(value, float) else f"{flag} {value}"
