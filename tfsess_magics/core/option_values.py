"""The values of options, and the functions that read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tfsess_magics.core.errors import InvalidOptionError

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


def parse_eager(value: object) -> bool | None:
    """Read whether a scope is eager; None where it is not."""
    return True if value else None
