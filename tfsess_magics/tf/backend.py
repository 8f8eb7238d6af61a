"""TensorFlow as the place where named sessions come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfsess_magics.core.model import Origin
from tfsess_magics.core.options import SessionOptions
from tfsess_magics.tf import observe
from tfsess_magics.tf.config import check_options
from tfsess_magics.tf.session import NamedSession


class TensorFlow:
    """Makes named sessions, and sees their runs. Implements `tfsess_magics.core.session.Backend`."""

    def options(self, **given: Any) -> SessionOptions:
        """Check options as the user gave them; see `check_options`."""
        return check_options(**given)

    def open(
        self, number: int, name: str, options: SessionOptions, origin: Origin, changed: Callable[[], None]
    ) -> NamedSession:
        """Make a new session and see its runs from now on."""
        observe.install()
        return NamedSession(number, name, options, origin, changed)
