"""Takes down what was built, also where an interrupt cuts that."""

from __future__ import annotations

from collections.abc import Callable


class Undo:
    """The calls that take the parts of something down, each noted before its part is built.

    A call may be made for a part that is not there, and again. `contextlib.ExitStack` forgets a callback before it
    calls it, so a call that an interrupt has cut would never be made again.
    """

    def __init__(self) -> None:
        self._calls: list[Callable[[], object]] = []

    def note(self, call: Callable[[], object]) -> None:
        """Note the call that takes down a part which is about to be built."""
        self._calls.append(call)

    def __call__(self) -> None:
        """Take the parts down, the last one first.

        One that fails keeps no other in place, and the next call tries it again.

        Raises
        ------
        BaseException
            The first that a call has raised, or that came in between.
        """
        failed: BaseException | None = None
        for call in reversed(list(self._calls)):
            try:
                call()
                self._calls.remove(call)
            except BaseException as error:  # noqa: BLE001 - raised below
                failed = failed or error
        if failed is not None:
            raise failed
