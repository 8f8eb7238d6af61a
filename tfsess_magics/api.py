"""The Python API: the magic's words as functions."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, overload

from tfsess_magics.core.errors import NoSessionError
from tfsess_magics.core.memory import KernelMemory
from tfsess_magics.core.model import RestoreReply, SaveReply, SessionInfo, StopReply
from tfsess_magics.core.origin import calling_origin
from tfsess_magics.process import connect, connected, registry

if TYPE_CHECKING:
    import tensorflow as tf

    from tfsess_magics.tf.eager.scope import EagerScope
    from tfsess_magics.tf.session.named import NamedSession


P = ParamSpec("P")
R = TypeVar("R")


def memory(*, ask: bool = True) -> KernelMemory | None:
    """Return the memory of this process and its devices, None before the extension began to observe TensorFlow.

    Nothing of TensorFlow is initialized for that.

    Parameters
    ----------
    ask
        True to find out which variables have a value now.
    """
    tensorflow = connected()
    return tensorflow.memory(ask=ask) if tensorflow else None


@overload
def session(name: str, /, *, eager: Literal[True]) -> EagerScope: ...


@overload
def session(
    name: str,
    /,
    *,
    graph: tf.Graph | None = ...,
    config: tf.compat.v1.ConfigProto | None = ...,
    config_file: str | os.PathLike[str] | None = ...,
    device: str | None = ...,
    threads: int | Sequence[int] | str | None = ...,
    seed: int | None = ...,
    timeout: float | None = ...,
    on_stop: Literal["keep", "drop"] | None = ...,
    eager: None = ...,
) -> NamedSession: ...


def session(
    name: str,
    /,
    *,
    graph: tf.Graph | None = None,
    config: tf.compat.v1.ConfigProto | None = None,
    config_file: str | os.PathLike[str] | None = None,
    device: str | None = None,
    threads: int | Sequence[int] | str | None = None,
    seed: int | None = None,
    timeout: float | None = None,
    on_stop: Literal["keep", "drop"] | None = None,
    eager: Literal[True] | None = None,
) -> NamedSession | EagerScope:
    """Return the named session or eager scope `name`, opened now if there is none of that name.

    Parameters
    ----------
    name
        A letter, then letters, digits, ``_``, ``-`` or ``.``; at most 64 characters.
    graph
        A graph that is there already, to work in; without it the session gets one of its own.
    config, config_file
        A ``ConfigProto``, or the path of a file with one in text format; merged over TensorFlow's defaults.
    device
        Default device of the operations that are built in it: ``"/CPU:0"``.
    threads
        Threads that work within an operation, or a pair of that and of operations at a time; 0 leaves the number to
        TensorFlow. ``2``, ``(2, 4)``.
    seed
        Graph-level random seed.
    timeout
        Seconds that a run in it may take, 0 for as long as it wants. A run that takes longer ends with
        ``tf.errors.DeadlineExceededError``, and the session and all that it holds live on. What ``RunOptions`` say for
        a single run goes before it.
    on_stop
        The treatment of its variables' values in a stop: it keeps them unless this says ``"drop"``.
    eager
        True for a scope for TensorFlow 2 code, which has no graph; no other option applies to it.

    Returns
    -------
    NamedSession or EagerScope
        With ``name``, ``graph``, ``session``, ``options`` and ``generation``. In a ``with`` statement its graph and
        session are TensorFlow's defaults, and leaving closes nothing. It can be handed to code that takes a
        TensorFlow session. An eager scope has ``name`` and ``generation``; in a ``with`` statement the thread is
        eager, and what is made is listed under its name.

    Raises
    ------
    InvalidNameError, InvalidOptionError
        If the name or an option will not do.
    OptionConflictError
        If the session is live and was opened without the option, or with another value.
    TensorFlowMissingError
        If TensorFlow is not installed.

    Warns
    -----
    UserWarning
        If TensorFlow will not heed an option.

    Examples
    --------
    >>> with tfsess_magics.session("train", seed=7) as train:  # doctest: +SKIP
    ...     x = tf.random.uniform([2])
    ...     print(x.eval())
    """
    given = {
        "graph": graph,
        "config": config,
        "config_file": config_file,
        "device": device,
        "threads": threads,
        "seed": seed,
        "timeout": timeout,
        "on_stop": on_stop,
        "eager": eager,
    }
    options = {option: value for option, value in given.items() if value is not None}
    opened: NamedSession | EagerScope
    opened, is_new = registry.open(name, options, calling_origin())
    if is_new:
        for note in opened.notes:
            warnings.warn(f"session {name!r}: {note}", stacklevel=2)
    return opened


def adopt(session: object, name: str) -> NamedSession:
    """Give a TensorFlow session of other code a name, so that cells can enter it.

    It still belongs to its maker: `reset` refuses it, and `close` ends it for all its users.

    Parameters
    ----------
    session
        A TensorFlow session, a ``MonitoredSession``, or the number under which it is listed: ``"#7"``.
    name
        As for `session`.

    Raises
    ------
    InvalidSessionError
        If it is no session of other code, or closed.
    InvalidNameError, SessionExistsError
        If the name will not do, or is taken.
    UnknownSessionError
        If no session has that number.
    """
    backend = connect()
    backend.observe()
    observed = backend.find(registry.get_any(session) if isinstance(session, str) else session)
    adopted: NamedSession = registry.adopt(observed, name)
    return adopted


def bind(function: Callable[P, R]) -> Callable[P, R]:
    """Carry the session that this thread is in into the thread or task that runs `function`.

    TensorFlow's defaults are those of one thread: what a cell starts in another one has no default session there. The
    session is in use while the function runs, also after its cell.

    A coroutine or generator function gives coroutines or generators that are in the session at each step, until they
    end. A task is in the session of the cell that makes it only until that cell ends, unless its function is bound.

    Returns
    -------
    Callable
        Enters the named session, calls `function` and leaves.

    Raises
    ------
    NoSessionError
        If this thread is in no named session.

    Examples
    --------
    >>> with tfsess_magics.session("train"):  # doctest: +SKIP
    ...     worker = threading.Thread(target=tfsess_magics.bind(read))
    ...     task = asyncio.create_task(tfsess_magics.bind(watch)())
    """
    if connected() is None:
        raise NoSessionError("bind carries the session of a cell or with block, and no session is open.")
    from tfsess_magics.tf.context.bind import bind

    return bind(function)


def get(name: str) -> Any:
    """Return the live `NamedSession` or `EagerScope` of that name.

    Raises
    ------
    UnknownSessionError
        If there is none; a `KeyError` whose message lists the live ones.
    """
    return registry.get(name)


def rename(name: str, new_name: str) -> None:
    """Give the named session or eager scope `name` another name; code that holds it goes on using it.

    Raises
    ------
    UnknownSessionError
        If there is none of that name.
    InvalidNameError, SessionExistsError
        If the new name will not do, or is taken.
    """
    registry.rename(name, new_name)


def sessions() -> tuple[SessionInfo, ...]:
    """Return a record of every live session, oldest first; those of other code too, once they are observed."""
    return registry.sessions()


def close(*names: str) -> tuple[SessionInfo, ...]:
    """Close the sessions of those `names`, or numbers (``"#7"``), and return what they were.

    Runs that are in flight end with `SessionStopped`. Their variables' bytes go back to TensorFlow's allocator, which
    keeps them for later use by this process.

    Raises
    ------
    UnknownSessionError
        If one of them is not live; nothing was closed then.
    SessionInUseError
        If a cell or a ``with`` block is in one of them and no run is in flight there; nothing was closed then.
    """
    return registry.close(*names)


def stop(name: str, *, on_stop: Literal["keep", "drop"] | None = None, now: bool = False) -> StopReply:
    """Stop the runs of the session `name`, or of that number (``"#7"``), in whatever thread; its next one if none runs.

    The stop waits for a run that ends by itself, and the next run of its thread does not begin: then nothing is lost.
    It cuts a run that is known to wait, or that takes far longer than runs like it. With ``now=True`` it cuts every
    run. A cut run ends with `SessionStopped`, a `KeyboardInterrupt`.

    Where no run is in flight, an order that the main thread gives outside of the session is for other threads.

    The session can be used again, and its variables have the values that they had during the run. Queues, tables,
    iterators and what else operations keep do not outlive it; the message names them. The stop leaves runs of
    queue-runner threads alone, unless it cuts a concurrent run: TensorFlow ends all runs of a session at once.

    Parameters
    ----------
    name
        Of the session.
    on_stop
        ``"drop"`` gives the values of variables up, and stops also where they cannot be read. None for what the session
        was opened with.
    now
        True to cut runs that would end by themselves.

    Returns
    -------
    StopReply
        The work done, with what was kept and what was not. It comes after a second at most, with ``is_done`` False
        where a run still goes on.

    Raises
    ------
    UnknownSessionError
        If there is none.
    NoRunsError
        If it is an eager scope.
    ValuesLostError
        If the values cannot be read; nothing was done then.
    """
    return registry.stop(name, "tfsess_magics.stop", on_stop, now=now)


def save(name: str, path: str | os.PathLike[str]) -> SaveReply:
    """Write the values of the variables of the session `name`, or of that number (``"#7"``), to a checkpoint.

    A ``tf.compat.v1.train.Saver`` of the same graph can restore it. The graph gets no operation, and may be finalized.
    The values of all variables are read in one step, local ones too. The reply names those that have no value, and
    what else is not saved: queues, tables, iterators.

    Runs of other threads may be in flight meanwhile, as with a Saver. A value is then from before or after what such a
    run changes, and the reply counts these runs.

    A checkpoint that is there is replaced when the new one is whole. An error, a full disk or an interrupt leaves it as
    it was. A checkpoint has two files: the end of the process between the two moves, which take microseconds, can leave
    the new data with the old index. A reader notices that by the checksums.

    Parameters
    ----------
    name
        Of the session.
    path
        The files' common name, as a Saver takes it: ``"models/train"`` for ``models/train.index`` and
        ``models/train.data-00000-of-00001``. On a local disk; the folder has to exist.

    Returns
    -------
    SaveReply
        The names of the saved variables, their bytes, and what was left out.

    Raises
    ------
    UnknownSessionError, ClosedSessionError
        If there is none, or other code has closed its TensorFlow session.
    NoRunsError
        If it is an eager scope.
    SessionInUseError
        If it is being stopped.
    NotSavedError
        If no variable has a value, or the values cannot be read, or the files cannot be written.
    """
    return registry.save(name, os.fspath(path))


def restore(name: str, path: str | os.PathLike[str], *, partial: bool = False) -> RestoreReply:
    """Give the variables of the session `name`, or of that number (``"#7"``), the values of a checkpoint.

    The checkpoint is one of `save`, or of a ``tf.compat.v1.train.Saver``. Names, shapes and dtypes are compared before
    anything is assigned. A variable of the graph that does not fit, or that the file lacks, is an error that names it.
    What the file has beyond that is named in the reply. The graph gets no operation, and may be finalized.

    Parameters
    ----------
    name
        Of the session.
    path
        As for `save`; or a folder, for the newest checkpoint that a Saver wrote there.
    partial
        True to restore the variables that fit, and leave the others as they are.

    Returns
    -------
    RestoreReply
        The names of the restored variables, their bytes, and what was left out.

    Raises
    ------
    UnknownSessionError, ClosedSessionError, NoRunsError
        As `save`.
    SessionInUseError
        If a run is in flight in it, but for those of queue-runner threads, or it is being stopped.
    NotRestoredError
        If the checkpoint cannot be read, or does not fit.
    """
    return registry.restore(name, os.fspath(path), partial=partial)


def reset(name: str) -> SessionInfo:
    """Give the session `name` an empty graph and a new TensorFlow session, and return what it was.

    It keeps its name and options; its generation goes up by one.

    Raises
    ------
    UnknownSessionError, SessionInUseError
        As `close`.
    NotOursError
        If it is a session of other code.
    """
    return registry.reset(name)
