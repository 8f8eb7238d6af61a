"""Settings that hold for the whole process, whichever side reads them."""

from __future__ import annotations

from typing import Final


class Settings:
    """The settings; any thread may read them.

    The notebook's side sets those of `OF_USERS` (``%config SessionMagics``). The others are no user's to set: tests do,
    where a busy machine takes long, or where a wait is to be short.
    """

    waits_after = 10.0
    """Seconds after which a run that does not compute is shown as waiting."""
    interrupt_patience = 30.0
    """Seconds after which a stop cuts an interrupted run where the front end cannot interrupt a second time."""
    notices = True
    """True if cells print notices below."""

    reply_after = 1.0
    """Seconds after which the reply to an order to stop says that it waits for a run to end by itself."""
    cut_patience = 5.0
    """Seconds after which the reply to an order says that a cut, a close or a reset has not ended yet."""
    order_lasts = 5.0
    """Seconds for which an order waits for a next run where no cell and no ``with`` block is in the session."""
    looks_for = 1.0
    """Seconds over which it is seen whether the process computes while a run is in flight."""
    looks_again = 5.0
    """Seconds between two looks at a run."""
    stuck_after = 5.0
    """Seconds after which a stop that has not ended is said not to be possible."""
    values_patience = 10_000
    """Milliseconds that a server has to send the values of variables."""
    server_patience = 2_000
    """Milliseconds that a server has to answer a question about its devices or variables."""
    lock_patience = 0.02
    """Seconds after which a thread that finds a graph's lock closed looks whether an interrupt has left it so.

    Many threads close it often, for less.
    """

    def reset(self) -> None:
        """Give those of users their defaults again."""
        for name in OF_USERS:
            vars(self).pop(name, None)


OF_USERS: Final = ("waits_after", "interrupt_patience", "notices")
"""Names of the settings that users may set."""

settings: Final = Settings()
