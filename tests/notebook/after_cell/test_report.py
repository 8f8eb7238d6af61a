"""The lines under a cell, from whichever part they come."""

import pytest

from tests.notebook.conftest import Notebook
from tfsess_magics.core.notice import Notice, Topic
from tfsess_magics.core.settings import settings
from tfsess_magics.notebook.after_cell.report import CellReport

LEFT_OPEN = "manager = tf.Graph().as_default(); manager.__enter__();"


def test_notices_are_told_in_the_order_of_their_topics(capsys: pytest.CaptureFixture[str]) -> None:
    """Those of one topic in the order in which they come, and each text once."""
    notices = [
        Notice(Topic.GROWTH, "grows"),
        Notice(Topic.BODY, "left open"),
        Notice(Topic.SWITCHES, "thrown"),
        Notice(Topic.BODY, "reset"),
        Notice(Topic.BODY, "left open"),
    ]
    CellReport.tell(notices)
    assert capsys.readouterr().out == "left open\nreset\nthrown\ngrows\n"


def test_they_are_switched_off_as_a_whole(tf_notebook: Notebook) -> None:
    """Those of a session's cell and of an ordinary one; on again, what happened meanwhile is not told."""
    tf_notebook.ok("%config SessionMagics.notices = False")
    assert settings.notices is False
    tf_notebook.ok("%%tfsession train\n")
    assert tf_notebook.ok("%%tfsession trian\n").out == ""
    assert tf_notebook.ok(f"%%tfsession train\n{LEFT_OPEN}").out == ""
    assert tf_notebook.ok(LEFT_OPEN).out == ""
    tf_notebook.ok("%config SessionMagics.notices = True")
    assert tf_notebook.ok("manager.__exit__(None, None, None);").out == ""
    assert "entered a graph and never left it" in tf_notebook.ok(f"%%tfsession train\n{LEFT_OPEN}").out
    tf_notebook.ok("del manager")
    del tf_notebook.shell.config["SessionMagics"]
