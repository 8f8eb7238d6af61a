"""``%tfsession close --all`` and ``%tfsession close --unused``."""

from __future__ import annotations

import gc
from typing import Any

from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell

from tfsess_magics.core.errors import ClosedSessionError, NotInScopeError, SessionInUseError, StaleOrderError
from tfsess_magics.core.model import Kind
from tfsess_magics.core.registry import SessionRegistry
from tfsess_magics.core.text import closed_message, count
from tfsess_magics.notebook.views.sessions import SessionTable


def close_all(registry: SessionRegistry[Any]) -> None:
    """Close the sessions and scopes that have a name; say which of the list remain, why, and how they end."""
    names = registry.names
    for session in registry.live():
        if session.name in names:
            try:
                print(closed_message(registry.close_session(session, "%tfsession close")))
            except SessionInUseError as error:
                print(f"left {session.name}: {error.why}")
            except ClosedSessionError:  # another thread has closed it meanwhile
                continue
    unnamed = [session for session in registry.observed if session.kind is Kind.OBSERVED]
    for session in unnamed:
        print(f"left {session.name}, made by {session.origin}: it has no name")
    if unnamed:
        print(f"To close what has no name: %tfsession close {' '.join(session.name for session in unnamed)}")
    for session in registry.observed:
        if session.kind is Kind.OUTSIDE:
            print(f"left {session.name}: {NotInScopeError()}")
    if not names and not unnamed:
        print("no session is open")


def close_unused(shell: InteractiveShell, registry: SessionRegistry[Any], *, ask: bool) -> None:
    """Close the sessions of other code that no code seems to need: name them, and ask before that."""
    before = len(registry.observed)
    gc.collect()
    if collected := before - len(registry.observed):
        print(f"Python has deleted {count(collected, 'session')} that no code referred to any more")
    unused = registry.unused()
    if not unused:
        print("no session looks unused")
        return
    infos = [session.info() for session in unused]
    if ask:
        print(SessionTable(infos))
        try:
            if not shell.ask_yes_no(f"Close {count(len(infos), 'session')}? (y/n) "):
                print("nothing was closed")
                return
        except StdinNotImplementedError:
            print(
                "nothing was closed: this front end cannot ask. To close them anyway: %tfsession close --unused --yes"
            )
            return
    for info in infos:
        try:
            with registry.unchanged(info.id, info.generation) as session:
                print(closed_message(registry.close_session(session, "%tfsession close")))
        except (ClosedSessionError, StaleOrderError, SessionInUseError) as error:
            print(f"{info.name}: {error}")
