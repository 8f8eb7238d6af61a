"""Takes this package's frames out of tracebacks before IPython shows them, and makes it able to."""

from __future__ import annotations

from itertools import takewhile
from types import TracebackType

from tfsess_magics.core.errors import ForeignFunctionError
from tfsess_magics.core.origin import is_ours

_HAPPENED_ELSEWHERE = (KeyboardInterrupt, ForeignFunctionError)


def without_our_frames(error: BaseException | None) -> None:
    """Take our frames out of the traceback of `error` and of the errors it came from or groups.

    An error that this package itself raised keeps those at its end: they are where it happened. Not so an interrupt,
    which happened in what was interrupted, nor the refusal of a function, which happened where that was called.

    An interrupt may come at an instruction that is of no line, as jumps back are. IPython cannot show such an entry,
    and the cell would end as if all was well (ultratb.py, ``format_record``). It gets the line before.
    """
    seen: set[int] = set()
    pending = [error]
    while pending:
        error = pending.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        error.__traceback__ = _spliced(error.__traceback__, keep_end=not isinstance(error, _HAPPENED_ELSEWHERE))
        pending += [error.__cause__, error.__context__]
        if isinstance(error, BaseExceptionGroup):
            pending += error.exceptions


def _spliced(traceback: TracebackType | None, *, keep_end: bool) -> TracebackType | None:
    entries = []
    while traceback is not None:
        entries.append(traceback if traceback.tb_lineno else _with_line(traceback))
        traceback = traceback.tb_next
    raised_by_us = list(takewhile(_is_ours, reversed(entries))) if keep_end else []
    kept = [entry for entry in entries if entry in raised_by_us or not _is_ours(entry)]
    if not kept:
        return None
    for entry, following in zip(kept, [*kept[1:], None], strict=True):
        entry.tb_next = following
    return kept[0]


def _with_line(entry: TracebackType) -> TracebackType:
    code = entry.tb_frame.f_code
    before = [line for start, _, line in code.co_lines() if line and start <= entry.tb_lasti]
    return TracebackType(entry.tb_next, entry.tb_frame, entry.tb_lasti, (before or [code.co_firstlineno])[-1])


def _is_ours(entry: TracebackType) -> bool:
    return is_ours(entry.tb_frame.f_code.co_filename)
