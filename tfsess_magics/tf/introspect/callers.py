"""The code that calls TensorFlow."""

from __future__ import annotations

import sys
from inspect import CO_COROUTINE, CO_GENERATOR
from pathlib import PurePath
from types import FrameType
from typing import NamedTuple

from tfsess_magics.core.origin import cell_of, function_of, is_ours
from tfsess_magics.core.plain import plain
from tfsess_magics.tf.introspect.paths import is_between, is_keras


class Caller(NamedTuple):
    """The code that called TensorFlow."""

    file: str
    line: int
    function: str
    module: str
    is_suspendable: bool
    """True if it is a generator or a coroutine."""
    by_keras: bool
    """True if Keras' ``clear_session`` made the call for it."""

    @property
    def is_typed(self) -> bool:
        """True if it is code of the notebook: that of a cell, or what IPython or ``exec`` compile for one."""
        return cell_of(self.file) is not None or (self.module == "__main__" and self.file.startswith("<"))

    def __str__(self) -> str:
        function = self.function if self.function != "<module>" else ""
        cell = cell_of(self.file)
        if cell is not None:
            place = f"cell {cell}, line {self.line}"
            return f"{plain(function)} ({place})" if function else place
        name = f"{self.module}.{function}" if function else self.module
        return plain(f"{name} ({'/'.join(PurePath(self.file).parts[-2:])}:{self.line})")


def caller(*own: str) -> Caller | None:
    """Return the code outside this package, TensorFlow and Keras that is calling, None if there is none.

    `own`: the files of TensorFlow's that act on their own account, and not for their caller.
    """
    frame: FrameType | None = sys._getframe(1)
    by_keras = False
    while frame is not None:
        code = frame.f_code
        file = code.co_filename
        if is_keras(file):
            by_keras |= code.co_name == "clear_session"
        elif file in own or not (is_between(file) or is_ours(file)):
            module = str(frame.f_globals.get("__name__", ""))
            suspendable = bool(code.co_flags & (CO_GENERATOR | CO_COROUTINE))
            return Caller(file, frame.f_lineno, function_of(code), module, suspendable, by_keras)
        frame = frame.f_back
    return None
