"""The objects that a process has one of: the registry, and TensorFlow once it is used."""

from __future__ import annotations

import functools
import importlib
import logging
import re
import threading
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tfsess_magics.core.errors import TensorFlowMissingError
from tfsess_magics.core.import_hook import ImportHook
from tfsess_magics.core.notice import Notice, Topic
from tfsess_magics.core.registry import SessionRegistry
from tfsess_magics.core.trace import RunTrace
from tfsess_magics.core.undo import Undo

if TYPE_CHECKING:
    from tfsess_magics.tf.backend import TensorFlow

_log = logging.getLogger(__name__)

OLDEST_TENSORFLOW = (2, 14)
"""The oldest version that this package works with."""

_connecting = threading.Lock()
_unsupported: list[Notice] = []
"""The notices after the next cell on a TensorFlow that this package does not work with."""


def connect() -> TensorFlow:
    """Return TensorFlow as the place where sessions come from, imported now if it was not.

    Raises
    ------
    TensorFlowMissingError
        If it is not installed, or older than `OLDEST_TENSORFLOW`.
    """
    try:
        tensorflow = importlib.import_module("tensorflow")
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        raise TensorFlowMissingError(
            "TensorFlow is not installed in this Python; install your own build of it, or: "
            "pip install 'tfsess_magics[tensorflow]'"
        ) from None
    _require_supported(tensorflow)
    # Apart from the import, at whose end `observe` connects as well.
    with _connecting:
        try:
            return _tensorflow()
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("tensorflow."):
                raise
            raise _no_tensorflow(tensorflow) from None


def _require_supported(tensorflow: ModuleType) -> None:
    version = getattr(tensorflow, "__version__", None)
    oldest = ".".join(map(str, OLDEST_TENSORFLOW))
    if version is None:
        raise _no_tensorflow(tensorflow)
    number = re.match(r"(\d+)\.(\d+)", str(version))
    if number and (int(number[1]), int(number[2])) < OLDEST_TENSORFLOW:
        raise TensorFlowMissingError(
            f"tfsess_magics needs TensorFlow {oldest} or newer, and {version} is installed. To upgrade: "
            f"pip install --upgrade 'tensorflow>={oldest}', then restart the kernel"
        )


def _no_tensorflow(module: ModuleType) -> TensorFlowMissingError:
    place = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", [])), module)
    return TensorFlowMissingError(
        f"what Python imports as tensorflow is not TensorFlow: {place}. Rename it or take it off sys.path, then "
        "restart the kernel"
    )


@functools.cache
def _tensorflow() -> TensorFlow:
    from tfsess_magics.tf.backend import TensorFlow

    return TensorFlow(registry)


def connected() -> TensorFlow | None:
    """Return the same, None if TensorFlow was not used after the extension began to observe it."""
    return _tensorflow() if _tensorflow.cache_info().currsize else None


registry: SessionRegistry[Any] = SessionRegistry(connect)
"""The named sessions of this process; they outlive the extension."""


def observe() -> Callable[[], None]:
    """List the sessions of other code as soon as TensorFlow is imported, and return what ends that."""
    ended = threading.Event()

    def begin() -> None:
        if not ended.is_set():
            try:
                connect().observe()
            except TensorFlowMissingError as error:
                _unsupported.append(Notice(Topic.SUPPORT, str(error)))

    def unobserve() -> None:
        if tensorflow := connected():
            tensorflow.unobserve()

    hook = ImportHook("tensorflow", begin)
    undo = Undo()
    undo.note(unobserve)
    undo.note(ended.set)
    undo.note(hook.remove)
    try:
        hook.install()
    except BaseException:
        undo()
        raise
    return undo


def explain(error: BaseException | None) -> None:
    """Add a note to `error` that says what to do, if it is one of TensorFlow's that is understood. Never raises."""
    if tensorflow := connected():
        tensorflow.explain(error)


def explain_end_of_thread(error: BaseException | None) -> None:
    """Do the same for an error that ends the thread that is calling."""
    if tensorflow := connected():
        tensorflow.explain(error, ends_thread=True)


def devices() -> list[str]:
    """Return the devices that TensorFlow has found by now, as options take them; it is not imported for that."""
    tensorflow = connected()
    return tensorflow.devices() if tensorflow else ["/CPU:0"]


def news() -> list[Notice]:
    """Return the notices of TensorFlow's state after a cell, each once. Never raises."""
    try:
        unsupported, _unsupported[:] = _unsupported[:], []
        tensorflow = connected()
        return [*unsupported, *(tensorflow.news() if tensorflow else [])]
    except Exception:  # noqa: BLE001 - the cell has ended well
        _log.debug("what a cell left behind could not be told", exc_info=True)
        return []


def new_traces() -> tuple[list[RunTrace], list[Notice]]:
    """Return the traces of runs that were not returned yet, and what to say of runs that were not traced."""
    tensorflow = connected()
    return tensorflow.new_traces() if tensorflow else ([], [])
