"""Names and texts of other code, as text on one line that shows all its characters."""

from __future__ import annotations

LONGEST = 200
"""Characters of a name at most."""


def plain(name: str) -> str:
    """Write a name with escapes for invisible characters and those that change the text around; shorten a long one.

    Terminals take orders from control characters; marks for the direction of writing turn the text next to them.
    """
    name = name if name.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in name)
    if len(name) <= LONGEST:
        return name
    half = (LONGEST - 1) // 2
    return f"{name[: LONGEST - 1 - half]}…{name[-half:]}"


def quoted(name: object) -> str:
    """Write a name in quotes, as `plain` does."""
    return plain(repr(name))
