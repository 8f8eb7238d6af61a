"""Every behaviour, in the order in which both sides run them."""

from tests.harm import being, calling, eager, failing, feeding, fetching, living, managing  # noqa: F401 - they fill the table
from tests.harm.table import BEHAVIOURS

__all__ = ["BEHAVIOURS"]
