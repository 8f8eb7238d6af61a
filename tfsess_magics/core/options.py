"""The options of a named session: what they take, how two are compared, how they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from tfsess_magics.core.errors import InvalidOptionError, OptionConflictError

KEEP, DROP = "keep", "drop"
LONGEST = 2_000_000
"""Seconds that a run may be allowed at most: TensorFlow counts in milliseconds."""


@dataclass(frozen=True, slots=True)
class ConfigOption:
    """A ``ConfigProto`` that the user gave, equal to another one with the same bytes."""

    serialized: bytes
    text: str = field(compare=False)
    """The message in text format, on one line."""
    given_as: str = field(compare=False)
    """The option as it was written: ``--config EXPR`` or ``--config-file PATH``."""

    def __str__(self) -> str:
        return self.text or "(all defaults)"


@dataclass(frozen=True, slots=True)
class GraphOption:
    """A graph that the user made, equal to itself alone."""

    graph: Callable[[], Any]
    """A weak reference to it."""
    given_as: str = field(compare=False)
    """The option as it was written: ``--graph EXPR``."""

    def __str__(self) -> str:
        return self.given_as.removeprefix("--graph ")


class Written(NamedTuple):
    """The value of an option that was written as an expression, and its text."""

    value: Any
    text: str


@dataclass(frozen=True, slots=True)
class Threads:
    """Sizes of TensorFlow's thread pools; 0 leaves the size to TensorFlow."""

    intra: int
    inter: int = 0

    def __str__(self) -> str:
        return f"{self.intra},{self.inter}" if self.inter else str(self.intra)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """What a named session was opened with; None for what was not given."""

    graph: GraphOption | None = None
    config: ConfigOption | None = None
    device: str | None = None
    threads: Threads | None = None
    seed: int | None = None
    timeout: float | None = None
    """Seconds that a run may take; 0 for as long as it wants."""
    on_stop: str | None = None
    """What a stop does with the values of variables: `KEEP` or `DROP`."""
    eager: bool | None = None

    def given(self) -> Iterator[tuple[str, object]]:
        """Yield name and value of every option that was given."""
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
    flag = f"--{option.replace('_', '-')}"
    return flag if value is True else f"{flag} {value:g}" if isinstance(value, float) else f"{flag} {value}"


def parse_threads(value: object) -> Threads:
    """Read ``"2"``, ``"2,4"``, ``2`` or ``(2, 4)``.

    Raises
    ------
    InvalidOptionError
        If it is anything else.
    """
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, tuple | list) else (value,)
    try:
        if not 1 <= len(parts) <= 2 or any(isinstance(part, bool | float | bytes) for part in parts):
            raise ValueError
        sizes = [int(part) for part in parts]
        if not all(0 <= size < 2**31 for size in sizes):
            raise ValueError
    except (TypeError, ValueError):
        raise InvalidOptionError(
            f"--threads takes INTRA or INTRA,INTER, whole numbers from 0 (0: TensorFlow chooses); got {value!r}."
        ) from None
    return Threads(*sizes)


def parse_timeout(value: object) -> float:
    """Read a number of seconds.

    Raises
    ------
    InvalidOptionError
        If it is anything else, or less than a millisecond and not 0.
    """
    try:
        if isinstance(value, bool):
            raise ValueError
        seconds = float(value)  # type: ignore[arg-type]
        if seconds != 0 and not 0.001 <= seconds <= LONGEST:
            raise ValueError
    except (TypeError, ValueError):
        raise InvalidOptionError(
            f"--timeout takes a number of seconds from 0.001 to {LONGEST:,}, or 0 for no limit; got {value!r}."
        ) from None
    return seconds


def parse_on_stop(value: object) -> str:
    """Read what a stop does with the values of variables.

    Raises
    ------
    InvalidOptionError
        If it is neither `KEEP` nor `DROP`.
    """
    if value not in (KEEP, DROP):
        raise InvalidOptionError(
            f"--on-stop takes {KEEP} (a stop keeps the values of variables) or {DROP}; got {value!r}."
        )
    return str(value)


def parse_seed(value: object) -> int:
    """Read a graph-level random seed, a whole number of at most 64 bits.

    Raises
    ------
    InvalidOptionError
        If it is anything else.
    """
    try:
        if isinstance(value, bool | float):
            raise ValueError
        seed: int = int(value)  # type: ignore[call-overload]
        if not -(2**63) <= seed < 2**63:
            raise ValueError
    except (TypeError, ValueError):
        raise InvalidOptionError(f"--seed takes a whole number of at most 64 bits; got {value!r}.") from None
    return seed
