"""One order to save or restore: what it is about, and whether it can be carried out now."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.errors import ClosedSessionError, SessionInUseError
from tfsess_magics.core.plain import plain
from tfsess_magics.core.text import first_names
from tfsess_magics.tf.internals import SAVE
from tfsess_magics.tf.session.saving.bundle import FOLDER
from tfsess_magics.tf.stopping.close import use_of_runs

_OF_PATTERNS = "*?[" if os.sep == "\\" else "*?[\\"
"""Characters by which a path is a pattern for TensorFlow, which looks for a match, or finds none
(checkpoint_reader.cc)."""
_END_OF_FILE = re.compile(r"\.(index|data-\d{5}-of-\d{5})$")
"""The end of the name of one file of a checkpoint."""

_OWN_PATH = re.compile(rf"^[^;]*{re.escape(FOLDER)}[^;]*; ")
"""The beginning of TensorFlow's messages about files there."""


class Order(NamedTuple):
    """A session and the path of a checkpoint."""

    name: str
    """That of the session."""
    watched: Any
    session: BaseSession
    target: Path
    """The common name of the checkpoint's files."""


def accept(verb: str, name: str, watched: Any, path: str) -> Order:
    """Return an order that can be carried out now.

    Raises
    ------
    UnavailableError
        If this TensorFlow lacks what it takes.
    ClosedSessionError
        If the session was closed.
    SessionInUseError
        If it is being stopped.
    """
    SAVE.require()
    session = watched.session
    if session is None or session._closed:
        raise ClosedSessionError(f"cannot {verb} {name!r}: its TensorFlow session was closed, and its values are gone.")
    if use := use_of_runs(watched.meter):
        raise SessionInUseError(name, verb, use)
    target = Path(os.path.expanduser(path))  # noqa: PTH111 - leaves a user that there is none of as it is
    return Order(name, watched, session, target)


def why_no_path(target: Path) -> str:
    """Say why a path is not that of a checkpoint, or TensorFlow cannot find one by it; empty if it can."""
    if end := _END_OF_FILE.search(str(target)):
        return f"the path of a checkpoint is without {end[0]}: {str(target)[: end.start()]}"
    found = [char for char in _OF_PATTERNS if char in str(target)]
    return f"TensorFlow takes {' and '.join(found)} in the path of a checkpoint for a pattern." if found else ""


def say(error: BaseException) -> str:
    """Say what an error of TensorFlow or of the system tells, on one line, without the path of our own folder."""
    told = getattr(error, "strerror", None) or getattr(error, "message", None) or error
    said = _OWN_PATH.sub("", str(told)).strip()
    return plain(said.splitlines()[0]) if said else type(error).__name__


def by_reasons(others: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Write names with the reason for them: ``a, b and 3 more (no value)``."""
    return tuple(f"{first_names(names, len(names))} ({why})" for why, names in others.items())


def size_of(array: Any) -> int:
    """Return the bytes of a value; of strings those of their characters."""
    if isinstance(array, bytes):
        return len(array)
    return sum(map(len, array.flat)) if array.dtype == object else int(array.nbytes)
