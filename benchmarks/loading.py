"""A pytest plugin that loads the extension, before the tests are collected, into the shell that they will find.

Only what is set up for real users is used: ``load_ipython_extension`` in the one shell of the process.
"""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell


@pytest.hookimpl(wrapper=True)
def pytest_sessionstart() -> object:
    """Load it into the shell that a conftest of the tests has made by now, else into one of our own."""
    result = yield
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "tfsess_magics")
    return result
