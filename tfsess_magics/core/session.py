"""What the registry and the notebook need of a named session; `tfsess_magics.tf.session` has the real one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from tfsess_magics.core.model import Origin, SessionInfo
from tfsess_magics.core.options import SessionOptions
from tfsess_magics.core.protocol import SessionSummary


class Scope(Protocol):
    """One stay of one thread inside a session.

    Between `resume` and `suspend` the thread's TensorFlow defaults are the session's. A coroutine is
    resumed and suspended at each of its steps, so that other tasks of the thread never see them.
    """

    @property
    def is_over(self) -> bool:
        """Whether it was left for good."""

    def resume(self) -> None:
        """Install the session's defaults and remember those of the thread."""

    def suspend(self) -> None:
        """Put the thread's defaults back and remember the session's for the next `resume`."""

    def end(self) -> None:
        """Suspend, and leave for good.

        It and `suspend` may be called again, and are where an interrupt has come before they did their work.
        """


class Session(Protocol):
    """A named session. Any thread may call it."""

    @property
    def number(self) -> int:
        """Its id, never used again."""

    @property
    def name(self) -> str:
        """What it goes by."""

    @property
    def generation(self) -> int:
        """Counts its resets, from 1."""

    @property
    def options(self) -> SessionOptions:
        """What it was opened with."""

    @property
    def notes(self) -> Sequence[str]:
        """What whoever opened it should be told, a sentence each."""

    @property
    def closed(self) -> bool:
        """Whether it was closed; its name is free then."""

    def enter(self, by: str) -> Scope:
        """Begin a stay of `by`, as messages call it: ``cell 5``.

        Raises
        ------
        ClosedSessionError
            If the session was closed.
        """

    def use(self) -> str | None:
        """Say what is using it now, None if nothing is."""

    def info(self) -> SessionInfo:
        """Return what is known of it now."""

    def summary(self, *, ask: bool) -> SessionSummary:
        """Return the little of it that a list shows; `ask`: find out which variables have a value now."""

    def reset(self) -> None:
        """Start anew with an empty graph.

        Raises
        ------
        SessionInUseError
            If something is using it.
        """

    def close(self) -> None:
        """End it.

        Raises
        ------
        SessionInUseError
            If something is using it.
        """


S = TypeVar("S", bound=Session)
S_co = TypeVar("S_co", bound=Session, covariant=True)


class Backend(Protocol[S_co]):
    """Where sessions come from."""

    def options(self, **given: Any) -> SessionOptions:
        """Check options as the user gave them.

        Raises
        ------
        InvalidOptionError
            If a value will not do.
        """

    def open(
        self, number: int, name: str, options: SessionOptions, origin: Origin, changed: Callable[[], None]
    ) -> S_co:
        """Make a new session with the id `number`, which calls `changed` whenever it is no longer what it was."""
