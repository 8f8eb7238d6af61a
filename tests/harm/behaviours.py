"""Every behaviour, in the order in which both sides run them."""

from tests.harm import (  # noqa: F401 - they fill the table
    being,
    calling,
    eager,
    entering,
    failing,
    feeding,
    fetching,
    living,
    managing,
    measuring,
    sharing,
    subclassing,
)
from tests.harm.table import BEHAVIOURS

__all__ = ["BEHAVIOURS"]
