"""What IPython gets to show of an error."""

import sys
from collections.abc import Iterator
from types import FrameType, TracebackType

from tfsess_magics.notebook.cells.traceback import without_our_frames


def interrupted() -> FrameType | ValueError:
    try:
        return sys._getframe()
    except ValueError as error:
        return error


def lines(error: BaseException) -> Iterator[int | None]:
    entry = error.__traceback__
    while entry is not None:
        yield entry.tb_lineno
        entry = entry.tb_next


def test_an_interrupt_at_an_instruction_without_a_line_has_one() -> None:
    """IPython fails to show it otherwise, and the cell ends as if all was well."""
    frame = interrupted()
    assert isinstance(frame, FrameType)
    code = frame.f_code
    offset = next(start for start, _, line in code.co_lines() if line is None)
    error = KeyboardInterrupt("here")
    error.__traceback__ = TracebackType(TracebackType(None, frame, 0, 7), frame, offset, -1)
    assert list(lines(error)) == [None, 7]
    without_our_frames(error)
    first, second = lines(error)
    assert (second, first) == (7, max(line for start, _, line in code.co_lines() if line and start <= offset))
