"""``--timeout`` and ``--on-stop`` on cells, and the setting after which a run is said to wait."""

from collections.abc import Iterator

import pytest
import tensorflow as tf
from IPython.core.error import UsageError

import tfsess_magics
from tests.notebook.conftest import Notebook
from tfsess_magics.core.settings import settings

WAITS = "import tensorflow as tf\nwaits = tf.compat.v1.FIFOQueue(1, tf.float32, name='queue').dequeue()"


@pytest.fixture
def cells(notebook: Notebook) -> Iterator[Notebook]:
    yield notebook
    tfsess_magics.close(*tfsess_magics.process.registry.names)


def test_the_cell_that_opens_the_session_gives_it_the_limit(cells: Notebook) -> None:
    cells.ok(f"%%tfsession train --timeout 0.2\n{WAITS}")
    assert str(tfsess_magics.get("train").options) == "--timeout 0.2"
    late = cells.run("%%tfsession train\nwaits.eval()")
    assert isinstance(late.error, tf.errors.DeadlineExceededError)
    assert "--timeout 0.2 of the session allows no more" in str(late.error)
    assert "--timeout 0.2" in cells.ok("%tfsession info train").out


@pytest.mark.needs("IPython>=9")
def test_a_later_cell_has_its_own_limit(cells: Notebook) -> None:
    cells.ok(f"%%tfsession train\n{WAITS}")
    late = cells.run("%%tfsession train --timeout 0.1\nwaits.eval()")
    assert f"--timeout 0.1 of cell {cells.shell.execution_count - 1} allows no more" in str(late.error)
    assert str(tfsess_magics.get("train").options) == ""
    late = cells.run("%%time\n%%tfsession train --timeout 0.1\nwaits.eval()")
    assert isinstance(late.error, tf.errors.DeadlineExceededError)


@pytest.mark.parametrize("line", ["train --timeout soon", "train --timeout -1", "other --timeout nan"])
def test_what_is_no_time_fails_the_cell_and_runs_no_body(cells: Notebook, line: str) -> None:
    cells.ok("%tfsession new train")
    outcome = cells.run(f"%%tfsession {line}\nran = True")
    assert isinstance(outcome.error, UsageError)
    assert outcome.err.startswith("UsageError: --timeout takes a number of seconds from 0.001 to 2,000,000, or 0")
    assert "ran" not in cells.shell.user_ns
    assert tfsess_magics.process.registry.names == ("train",)


def test_an_eager_scope_has_no_runs_to_limit(cells: Notebook) -> None:
    refused = cells.run("%%tfsession e --eager --timeout 5\nran = True")
    assert "--eager goes without the other options" in refused.err
    cells.ok("%%tfsession e --eager\npass")
    refused = cells.run("%%tfsession e --timeout 5\nran = True")
    assert "--timeout is for a graph and its runs; 'e' is an eager scope, and has neither." in refused.err
    assert "ran" not in cells.shell.user_ns


def test_on_stop_is_an_option_and_a_word_of_an_order(cells: Notebook) -> None:
    cells.ok("%tfsession new train --on-stop drop")
    assert str(tfsess_magics.get("train").options) == "--on-stop drop"
    assert "nothing runs in 'train'" in cells.ok("%tfsession stop train --on-stop keep").out
    assert "nothing runs in 'train'" in cells.ok("%tfsession stop train --on-stop=drop").out
    for wrong in ("train --on-stop", "train drop", "--on-stop drop", "train --on-stop drop more", "--now"):
        assert "usage: %tfsession stop NAME [--now] [--on-stop keep|drop]" in cells.run(f"%tfsession stop {wrong}").err
    assert "--on-stop takes keep" in cells.run("%tfsession stop train --on-stop all").err


def test_the_setting_is_one_of_ipythons_and_goes_with_the_extension(cells: Notebook) -> None:
    assert "SessionMagics" in cells.ok("%config").out
    cells.ok("%config SessionMagics.waits_after = 20")
    cells.ok("%config SessionMagics.interrupt_patience = 5")
    cells.ok("%config SessionMagics.notices = False")
    assert (settings.waits_after, settings.interrupt_patience, settings.notices) == (20, 5, False)
    tfsess_magics.unload_ipython_extension(cells.shell)
    assert (settings.waits_after, settings.interrupt_patience, settings.notices) == (10, 30, True)
    assert "SessionMagics" not in cells.ok("%config").out
    del cells.shell.config["SessionMagics"]
    tfsess_magics.load_ipython_extension(cells.shell)
    assert (settings.waits_after, settings.interrupt_patience) == (10, 30)
