"""The variables of TensorFlow's frames in the traceback of an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any

from tfsess_magics.tf.introspect.paths import TENSORFLOW, is_keras


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and what it came from, as a traceback shows them."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        cause = at.__cause__
        at = cause if cause is not None or at.__suppress_context__ else at.__context__


def frames(error: BaseException) -> Iterator[FrameType]:
    """Yield the frames of the traceback of `error`, the outermost first."""
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def variables_in(error: BaseException, *functions: str, of: Iterable[str] = (TENSORFLOW,)) -> dict[str, Any]:
    """Return the variables of the innermost frame in one of those `functions`, empty if there is none.

    The search includes what was raised on the way to `error`. The caller must not keep the variables.

    Parameters
    ----------
    of
        Parts of the paths of whose functions are meant.
    """
    for raised in chain(error):
        found: dict[str, Any] = {}
        for frame in frames(raised):
            code = frame.f_code
            if code.co_name in functions and any(path in code.co_filename for path in of):
                found = dict(frame.f_locals)
        if found:
            return found
    return {}


def is_by_keras(error: BaseException) -> bool:
    """Say whether Keras called what raised `error`."""
    return any(is_keras(frame.f_code.co_filename) for frame in frames(error))
