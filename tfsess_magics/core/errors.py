"""The errors that users see, one type per cause, each with a message that says what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from tfsess_magics.core.plain import plain, quoted

_SHORTEST = 3
"""The letters that a word needs to look like another one."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the known word closest to `word`, else ``""``; short words all look alike."""
    alike = [one for one in known if one == f"#{word}" or min(len(one), len(word)) >= _SHORTEST]
    close = get_close_matches(word, alike, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


NOTE_PREFIX = "tfsess_magics: "
"""Begin of every note that this package adds to an error of other code."""


class TfSessionError(Exception):
    """Base of every error that tfsess_magics raises on its own account."""


class SessionWarning(UserWarning):
    """A ``with`` block of a named session has changed TensorFlow's defaults; in cells it is printed instead.

    Also: code outside of named sessions calls a function in another graph than that of the variables which it uses.
    """


class InvalidNameError(TfSessionError, ValueError):
    """A session name that is not a letter followed by letters, digits, ``_``, ``-`` or ``.``."""


class InvalidOptionError(TfSessionError, ValueError):
    """An option that does not exist, or a value that it does not take."""


class OptionConflictError(TfSessionError, ValueError):
    """An option given again on a live session with another value."""


class UnknownSessionError(TfSessionError, KeyError):
    """No session has that name; the message lists the live ones."""

    def __init__(self, name: str, live: Iterable[str], new_name: str | None = None) -> None:
        live = tuple(live)
        listed = f"Live: {', '.join(live)}." if live else "No session is open."
        hint = did_you_mean(name, live) if new_name is None else f" It was renamed: its name is {new_name!r} now."
        super().__init__(f"no session is named {quoted(name)}. {listed}{hint}")

    def __str__(self) -> str:
        return str(self.args[0])


class ForeignFunctionError(TfSessionError, ValueError):
    """The call of a function, in the graph of a named session, that uses a variable of another graph."""


class InvalidSessionError(TfSessionError, ValueError):
    """Something that is no session, or not one that can be adopted."""


class SessionExistsError(TfSessionError, ValueError):
    """A new session was to get the name of another one."""

    def __init__(self, name: str) -> None:
        super().__init__(f"a session is named {name!r} already. Enter it with %%tfsession {name}, or close it first.")


class SessionInUseError(TfSessionError, RuntimeError):
    """Close or reset of a session that a cell, a ``with`` block or a run is using.

    Parameters
    ----------
    name, order
        The session, and the order to it.
    use
        The use, as a sentence without its period. Where waiting does not end it, a second one says what does.
    """

    def __init__(self, name: str, order: str, use: str) -> None:
        self.why = f"{use}." if ". " in use else f"{use}. Wait until that has ended, or interrupt it."
        super().__init__(f"cannot {order} {name!r}: {self.why}")


class NotOursError(TfSessionError, RuntimeError):
    """An order that only the maker of a session can carry out."""

    def __init__(self, name: str, maker: str) -> None:
        super().__init__(
            f"cannot reset {name!r}: it belongs to {maker}, and only that code can make a new one. "
            f"To end it for all code that uses it: %tfsession close {name}"
        )


class NotInScopeError(TfSessionError, RuntimeError):
    """An order for the eager variables in no scope: they have no maker, and their names are the user's."""

    def __init__(self) -> None:
        super().__init__(
            "these variables belong to ordinary cells, and to no session. To free one, delete the names that refer to "
            "it: del NAME. To reset or close variables together, make them in a scope: %%tfsession NAME --eager"
        )


_EAGER_WAYS = {
    "stop": " To stop a cell: Kernel > Interrupt.",
    "save": " To save its variables: tf.train.Checkpoint.",
    "restore": " To restore its variables: tf.train.Checkpoint.",
}


class NoRunsError(TfSessionError, RuntimeError):
    """An order that needs a TensorFlow session, such as a stop, to a scope that has none."""

    def __init__(self, name: str, order: str) -> None:
        way_on = _EAGER_WAYS.get(order, "")
        super().__init__(f"cannot {order} {name!r}: it is a scope for eager code, which has no session.run.{way_on}")


class NoTraceError(TfSessionError, LookupError):
    """A request for a trace where there is no traced run."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no run of {name!r} was traced. To trace its next one: %tfsession trace {name}")


class SessionStopped(KeyboardInterrupt):
    """A run that was stopped by an order; a `KeyboardInterrupt`, which ``except Exception`` lets pass."""


class QueueRunnerStoppedError(TfSessionError, RuntimeError):
    """The stopped run of a queue-runner thread: its coordinator asks the other threads to stop, too."""


class ValuesLostError(TfSessionError, RuntimeError):
    """A stop that did not take place: the values of variables cannot be read, and would be lost."""

    def __init__(self, name: str, why: BaseException) -> None:
        reason = str(getattr(why, "message", "") or why).strip()
        said = plain(f"{type(why).__name__}: {reason}" if reason else type(why).__name__)
        super().__init__(
            f"{name} was not stopped: its variables cannot be read ({said}), and would be lost. To stop it without "
            "them: %tfsession stop NAME --on-stop drop"
        )


class NotSavedError(TfSessionError, RuntimeError):
    """A save that did not take place; the checkpoint that was there before is as it was."""

    def __init__(self, name: str, path: str, why: str) -> None:
        super().__init__(f"{name} was not saved to {plain(path)}: {why}")


class HalfSavedError(TfSessionError, RuntimeError):
    """A reset or close that did not take place, as the save before it left out a value."""

    def __init__(self, name: str, verb: str, said: str) -> None:
        super().__init__(
            f"{said}\ncannot {verb} {name!r}: some of its variables were not saved, and their values would be lost. "
            f"To {verb} it all the same, leave the path empty."
        )


class NotRestoredError(TfSessionError, ValueError):
    """A restore that did not take place: the checkpoint cannot be read, or does not fit the graph."""

    def __init__(self, name: str, path: str, why: str) -> None:
        super().__init__(f"{name} was not restored from {plain(path)}: {why}")


UPGRADE = "A newer tfsess_magics may know this TensorFlow: pip install --upgrade tfsess_magics, then restart the kernel"


class UnavailableError(TfSessionError, RuntimeError):
    """An order that this package cannot carry out, as a TensorFlow lacks private parts which that needs."""

    def __init__(self, name: str, version: str, missing: Iterable[str], rest: str) -> None:
        self.line = f"{name} is off: TensorFlow {version} has no {', '.join(missing)}. {rest}"
        super().__init__(f"{self.line} {UPGRADE}")


class StopUnavailableError(UnavailableError):
    """A stop in a TensorFlow that lacks private parts which a stop needs."""


class StaleOrderError(TfSessionError, RuntimeError):
    """An order for a session that was closed or reset since the order was given."""


class ClosedSessionError(TfSessionError, RuntimeError):
    """The use of a session or scope after its close."""


class NoSessionError(TfSessionError, RuntimeError):
    """Something that needs a session to be in, where there is none."""


class TensorFlowMissingError(TfSessionError, ImportError):
    """TensorFlow cannot be imported in this Python, or it is older than this package can use."""
