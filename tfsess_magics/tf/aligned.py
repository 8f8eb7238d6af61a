"""Arrays that begin where TensorFlow has tensors begin.

A step that is fed an array copies it, unless it begins at a multiple of 64 bytes (``TF_NewTensor``,
tensorflow/c/tf_tensor.cc): numpy has large arrays begin 16 bytes after one. numpy takes other allocators of arrays
(NEP 49, ``PyDataMem_SetHandler``); this one is numpy's own, but that it asks the C library for memory that is aligned.
Like numpy it asks for large pages where an array is large.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

_ALIGNMENT = 64
_LARGE = 1 << 22
"""Bytes from which on numpy asks for large pages (numpy/_core/src/multiarray/alloc.c)."""
_NAME = ctypes.create_string_buffer(b"mem_handler")
_SET_HANDLER, _DEFAULT_HANDLER = 304, 306
"""Places in the table of numpy's C API (numpy/_core/code_generators/numpy_api.py)."""


class _Handler(ctypes.Structure):
    """``PyDataMem_Handler`` of numpy/ndarraytypes.h."""

    _fields_ = (
        ("name", ctypes.c_char * 127),
        ("version", ctypes.c_uint8),
        ("context", ctypes.c_size_t),
        ("malloc", ctypes.c_void_p),
        ("calloc", ctypes.c_void_p),
        ("realloc", ctypes.c_void_p),
        ("free", ctypes.c_void_p),
    )


def _pointer_in(capsule: object, name: bytes | None) -> int:
    function = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
    return int(function(("PyCapsule_GetPointer", ctypes.pythonapi))(capsule, name))


@functools.cache
def _api() -> Any:
    """Return the table of numpy's C API."""
    core = "numpy._core" if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else "numpy.core"
    capsule = importlib.import_module(f"{core}._multiarray_umath")._ARRAY_API
    return ctypes.cast(_pointer_in(capsule, None), ctypes.POINTER(ctypes.c_void_p))


@functools.cache
def _handler() -> object | None:
    """Return the allocator, None where the C library (of macOS, of Windows) or numpy has not what it takes."""
    try:
        return _make_handler()
    except (AttributeError, ImportError, TypeError):
        return None


def _make_handler() -> object:
    """Return numpy's own handler, with ``memalign`` and ``madvise`` for ``malloc``."""
    default = ctypes.cast(_api()[_DEFAULT_HANDLER], ctypes.POINTER(ctypes.py_object)).contents.value
    handler = _Handler.from_buffer_copy(_Handler.from_address(_pointer_in(default, _NAME.value)))
    handler.name = b"tfsess_magics"
    library, large_pages = ctypes.CDLL(None), mmap.MADV_HUGEPAGE
    memalign = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)(("memalign", library))
    madvise = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int)(("madvise", library))

    def malloc(_: int | None, nbytes: int) -> int | None:  # may not raise: numpy would use what is no address
        begin: int | None = memalign(_ALIGNMENT, nbytes)
        if begin is not None and nbytes >= _LARGE:
            first = -begin % mmap.PAGESIZE
            madvise(begin + first, nbytes - first, large_pages)
        return begin

    function = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)(malloc)
    handler.malloc = ctypes.cast(function, ctypes.c_void_p)
    # An array may outlive this module, and needs the handler as it is freed or grows.
    for kept in (handler, function, _NAME):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))
    new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(
        ("PyCapsule_New", ctypes.pythonapi)
    )
    return new(ctypes.addressof(handler), ctypes.addressof(_NAME), None)


@contextmanager
def aligned() -> Iterator[None]:
    """Have the arrays begin so that this thread makes meanwhile, where that is possible."""
    handler = _handler()
    if handler is None:
        yield
        return
    set_handler = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(_api()[_SET_HANDLER])
    before = set_handler(handler)
    try:
        yield
    finally:
        set_handler(before)
