"""Ends TensorFlow's context managers that an interrupt has cut off in the lines of `contextlib`.

An interrupt may come between the end of a ``with`` block and the next step of the generator behind it. It may also
come between the start of the generator and that of the block. The generator remains suspended as long as a traceback
refers to it. ``session.run`` enters graph mode by one (eager/context.py, ``Context._mode``). Later cells are in graph
mode until that generator dies. Then it puts the earlier mode in force, also in the middle of a session's cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import _GeneratorContextManager, suppress
from types import GeneratorType
from typing import Any

from tfsess_magics.tf.introspect.frames import chain
from tfsess_magics.tf.introspect.paths import TENSORFLOW

_LINES = {_GeneratorContextManager.__enter__.__code__, _GeneratorContextManager.__exit__.__code__}


def end_cut_off(error: BaseException) -> None:
    """End those that the tracebacks of `error` and of what it came from refer to, innermost first.

    Called where `error` has ended a cell, a block or a thread, by that thread, while it is still in its session.
    """
    for raised in chain(error):
        for generator in reversed(list(_cut_off(raised))):
            with suppress(Exception):  # what they put back may be gone from TensorFlow's stacks already
                generator.close()


def _cut_off(error: BaseException) -> Iterator[GeneratorType[Any, Any, Any]]:
    traceback = error.__traceback__
    while traceback is not None:
        frame, traceback = traceback.tb_frame, traceback.tb_next
        if frame.f_code in _LINES:
            generator = frame.f_locals["self"].gen
            if isinstance(generator, GeneratorType) and generator.gi_code.co_filename.startswith(TENSORFLOW):
                yield generator
