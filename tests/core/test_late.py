"""Exceptions of signal handlers are told from errors of ours."""

import signal
from types import FrameType

import pytest

from tfsess_magics.core.late import let_pass, of_two


def guarded(act: str) -> None:
    """Do as the wrappers do, whose own errors are not the user's."""
    try:
        if act == "alarm":
            signal.raise_signal(signal.SIGALRM)
        raise ValueError(act)
    except Exception:  # noqa: BLE001 - as the wrappers have it
        let_pass()


def raise_late(*_: object) -> None:
    raise TimeoutError


class Handler:
    def late(self, number: int, frame: FrameType | None) -> None:
        raise TimeoutError(number, frame)


@pytest.mark.parametrize("handler", [raise_late, Handler().late], ids=["function", "method"])
def test_what_a_signal_handler_raises_passes_where_errors_of_ours_do_not(handler: signal.Handlers) -> None:
    before = signal.signal(signal.SIGALRM, handler)
    try:
        guarded("ours")
        with pytest.raises(TimeoutError):
            guarded("alarm")
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_second_interrupt_says_no_more_than_the_first_and_another_exception_does() -> None:
    first, second, late = KeyboardInterrupt("stopped"), KeyboardInterrupt(), TimeoutError()
    assert of_two(first, second) is first
    assert of_two(first, late) is late
    assert of_two(late, second) is second
