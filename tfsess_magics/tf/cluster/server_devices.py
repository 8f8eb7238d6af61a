"""The devices of a server, asked so that nothing of this process waits when it does not answer.

``Session.list_devices`` has no limit of time, and holds Python's lock while it waits for the server. So this
module asks the same with TensorFlow's C API, without that lock. Its own session has a limit and runs nothing.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn

import tensorflow as tf
from tensorflow.python.client import _pywrap_tf_session
from tensorflow.python.framework.errors_impl import exception_type_from_error_code

_POINTER, _TEXT, _INT = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "TF_NewStatus": (_POINTER,),
    "TF_DeleteStatus": (None, _POINTER),
    "TF_GetCode": (_INT, _POINTER),
    "TF_Message": (_TEXT, _POINTER),
    "TF_NewGraph": (_POINTER,),
    "TF_DeleteGraph": (None, _POINTER),
    "TF_NewSessionOptions": (_POINTER,),
    "TF_DeleteSessionOptions": (None, _POINTER),
    "TF_SetTarget": (None, _POINTER, _TEXT),
    "TF_SetConfig": (None, _POINTER, _TEXT, ctypes.c_size_t, _POINTER),
    "TF_NewSession": (_POINTER, _POINTER, _POINTER, _POINTER),
    "TF_CloseSession": (None, _POINTER, _POINTER),
    "TF_DeleteSession": (None, _POINTER, _POINTER),
    "TF_SessionRun": (None, *[_POINTER] * 4, _INT, *[_POINTER] * 2, _INT, _POINTER, _INT, *[_POINTER] * 2),
    "TF_SessionListDevices": (_POINTER, _POINTER, _POINTER),
    "TF_DeleteDeviceList": (None, _POINTER),
    "TF_DeviceListCount": (_INT, _POINTER),
    "TF_DeviceListName": (_TEXT, _POINTER, _INT, _POINTER),
    "TF_DeviceListType": (_TEXT, _POINTER, _INT, _POINTER),
    "TF_DeviceListMemoryBytes": (ctypes.c_int64, _POINTER, _INT, _POINTER),
}
"""The functions of tensorflow/c/c_api.h that this module calls: the result, then the arguments."""
_NOTHING_TO_RUN = tf.errors.INVALID_ARGUMENT
"""The answer of a server to a step that is for nothing."""


class ServerDevice(NamedTuple):
    """A device as ``Session.list_devices`` describes one."""

    name: str
    device_type: str
    memory_limit_bytes: int


def list_devices(target: bytes, config: tf.compat.v1.ConfigProto | None, timeout: int) -> list[ServerDevice]:
    """Return what a session of that `target` and `config` can place operations on.

    Parameters
    ----------
    timeout
        Milliseconds that each of the three calls of the server may take.

    Raises
    ------
    tf.errors.OpError
        If the server does not answer.
    """
    limited = tf.compat.v1.ConfigProto()
    limited.MergeFrom(config or limited)
    limited.operation_timeout_in_ms = timeout
    c = _functions()
    with _status() as status, _session(target, limited.SerializeToString(), status) as session:
        # Without a step before it TensorFlow prints a warning that the session begins with an empty graph.
        c["TF_SessionRun"](session, None, None, None, 0, None, None, 0, None, 0, None, status)
        if c["TF_GetCode"](status) != _NOTHING_TO_RUN:
            _fail(status)
        listed = c["TF_SessionListDevices"](session, status)
        if c["TF_GetCode"](status):
            _fail(status)
        try:
            return [
                ServerDevice(
                    c["TF_DeviceListName"](listed, index, status).decode(),
                    c["TF_DeviceListType"](listed, index, status).decode(),
                    c["TF_DeviceListMemoryBytes"](listed, index, status),
                )
                for index in range(c["TF_DeviceListCount"](listed))
            ]
        finally:
            c["TF_DeleteDeviceList"](listed)


@contextmanager
def _status() -> Iterator[Any]:
    c = _functions()
    status = c["TF_NewStatus"]()
    try:
        yield status
    finally:
        c["TF_DeleteStatus"](status)


@contextmanager
def _session(target: bytes, config: bytes, status: Any) -> Iterator[Any]:
    """Open a session on an empty graph, which calls no server yet, and close it."""
    c = _functions()
    graph, options = c["TF_NewGraph"](), c["TF_NewSessionOptions"]()
    try:
        c["TF_SetTarget"](options, target)
        c["TF_SetConfig"](options, config, len(config), status)
        session = c["TF_NewSession"](graph, options, status)
        if c["TF_GetCode"](status):
            _fail(status)
        try:
            yield session
        finally:
            c["TF_CloseSession"](session, status)
            c["TF_DeleteSession"](session, status)
    finally:
        c["TF_DeleteSessionOptions"](options)
        c["TF_DeleteGraph"](graph)


def _fail(status: Any) -> NoReturn:
    c = _functions()
    raise exception_type_from_error_code(c["TF_GetCode"](status))(None, None, c["TF_Message"](status).decode())


@functools.cache
def _functions() -> dict[str, Callable[..., Any]]:
    """Return the functions of TensorFlow's library that is loaded already."""
    library = ctypes.CDLL(_pywrap_tf_session.__file__)
    found: dict[str, Callable[..., Any]] = {}
    for name, (result, *arguments) in _FUNCTIONS.items():
        found[name] = library[name]
        library_function: Any = found[name]
        library_function.restype, library_function.argtypes = result, arguments
    return found
