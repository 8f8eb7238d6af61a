"""The names that sessions may have."""

from __future__ import annotations

import re

from tfsess_magics.core.errors import InvalidNameError
from tfsess_magics.core.plain import quoted

MAX_LENGTH = 64
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
VERBS = frozenset(
    "adopt close help info list memory new panel rename reset restore save stop trace use".split()  # noqa: SIM905
)
"""The words behind ``%tfsession``. No session has one as a name: ``%%tfsession close`` would mean two things."""
_RULE = f"a name is a letter (a-z), then letters, digits, '_', '-' or '.', at most {MAX_LENGTH} characters"


def check_name(name: str) -> str:
    """Return `name` if a session may be called so.

    Raises
    ------
    InvalidNameError
        With the fault and the rule.
    """
    if not isinstance(name, str):
        raise InvalidNameError(f"a session's name is a string, got {quoted(name)}.")
    if len(name) > MAX_LENGTH:
        raise InvalidNameError(f"{name[:20] + '…'!r} has {len(name)} characters; {_RULE}.")
    if name in VERBS:
        raise InvalidNameError(f"{name!r} is a verb, and no session has that name. Give the session another name.")
    if _NAME.fullmatch(name):
        return name
    if re.fullmatch(r"#\d+", name):
        raise InvalidNameError(f"{name} has no name yet. To give it one: %tfsession adopt {name} NAME")
    if not name:
        raise InvalidNameError(f"the name is empty; {_RULE}.")
    if not _NAME.match(name):
        raise InvalidNameError(f"{name!r} does not start with a letter; {_RULE}.")
    wrong = next(c for c in name if not re.match(r"[A-Za-z0-9_.-]", c))
    raise InvalidNameError(f"{name!r} contains {wrong!r}; {_RULE}.")
