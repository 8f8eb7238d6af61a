"""Describes what TensorFlow returned or raised, so that two processes can be compared."""

from __future__ import annotations

import inspect
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import Message

_spec = find_spec("tfsess_magics")
assert _spec is not None
assert _spec.origin is not None
_PACKAGE = f"{Path(_spec.origin).parent}{os.sep}"
_VARYING = (
    (re.compile(r"\b0x[0-9a-f]+"), "0x"),
    (re.compile(r"(localhost|127\.0\.0\.1):\d+"), r"\1"),
    (re.compile(r"goo\.gle/debug\w+ +"), ""),
    (re.compile(r"(?<=Session )[0-9a-f]{16}"), ""),
    (re.compile(r"\b(while_\w+|__\w+)_\d+\b"), r"\1"),
    (re.compile(re.escape(tempfile.gettempdir()) + r"/[\w.-]+"), "TEMPORARY"),
)


def described(value: Any) -> Any:
    """Return all of `value` that can be compared, in JSON's types."""
    if type(value) in (type(None), bool, int, str):
        return _normal(value) if isinstance(value, str) else value
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, BaseException):
        return [_error(error) for error in _chain(value)]
    return [described(type(value)), _content(value)]


def our_frames(value: Any) -> Iterator[int]:
    """Yield, for every error in `value`, how many frames of this package its printed traceback shows."""
    if isinstance(value, BaseException):
        yield sum(_is_ours(frame) for error in _chain(value) for frame in _frames(error))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from our_frames(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from our_frames(item)


def _content(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [str(value.dtype), list(value.shape), described(value.tolist())]
    if isinstance(value, Mapping):
        return [[described(key), described(item)] for key, item in value.items()]
    if isinstance(value, list | tuple):
        return [described(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    if isinstance(value, Message):
        return _normal(str(value))
    return _normal(repr(value))


def _error(error: BaseException) -> dict[str, Any]:
    return {
        "type": described(type(error)),
        "message": _normal(str(error)),
        "args": described(error.args),
        "notes": getattr(error, "__notes__", []),
        "attributes": {
            name: _normal(str(getattr(error, name)))
            for name in ("op", "node_def", "error_code", "message", "experimental_payloads")
            if hasattr(error, name)
        },
        "frames": [frame.f_code.co_name for frame in _frames(error) if not _is_ours(frame)],
    }


def _chain(error: BaseException) -> list[BaseException]:
    """Return the errors that Python prints with `error`, it first."""
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    return chain


def _frames(error: BaseException) -> list[Any]:
    frames, traceback = [], error.__traceback__
    while traceback is not None:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    return frames


def _is_ours(frame: Any) -> bool:
    return bool(inspect.getfile(frame.f_code).startswith(_PACKAGE))


def _normal(text: str) -> str:
    for pattern, instead in _VARYING:
        text = pattern.sub(instead, text)
    return text
