"""Settings that hold for the whole process, whichever side reads them."""

from __future__ import annotations

from typing import Final


class Settings:
    """The settings; any thread may read them. The notebook's side sets them (``%config SessionMagics``)."""

    waits_after = 10.0
    """Seconds after which a run that does not compute is shown as waiting."""
    interrupt_patience = 30.0
    """Seconds after which an interrupted run is cut where the front end cannot interrupt a second time."""
    notices = True
    """Whether notices are printed under cells."""


settings: Final = Settings()
