"""The list as a widget in a cell's output."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import ipywidgets as widgets
import pytest
from ipywidgets.widgets import widget as widgets_of_process

import tfsess_magics
from tests.notebook.conftest import Notebook
from tests.server import serving
from tfsess_magics import extension
from tfsess_magics.core.settings import settings
from tfsess_magics.notebook.views.widget import Panel
from tfsess_magics.process import registry
from tfsess_magics.tf.session.saving import uncut


def instances() -> set[str]:
    """Return the ids of all widgets."""
    # ipywidgets 8.0.3: before, the class keeps them, in 8.0 under another name than in 7.
    kept = getattr(widgets_of_process, "_instances", None)
    for name in ("_active_widgets", "widgets"):
        kept = getattr(widgets.Widget, name, None) if kept is None else kept
    assert kept is not None
    return set(kept)


class Watched:
    """A panel, and what can be read and clicked in it."""

    def __init__(self) -> None:
        self._changed = Event()
        self.panel = Panel(registry, extension.feed)

    def text(self) -> str:
        with registry.looking:  # who changes the rows holds it
            shown = [widget for widget in self._all(self.panel.widget) if isinstance(widget, widgets.HTML)]
            return "\n".join(widget.value for widget in shown)

    def is_shown(self, description: str) -> bool:
        with registry.looking:
            buttons = [w for w in self._all(self.panel.widget) if isinstance(w, widgets.Button)]
            return any(button.description == description and button.layout.display != "none" for button in buttons)

    def click(self, description: str) -> None:
        buttons = [w for w in self._all(self.panel.widget) if isinstance(w, widgets.Button)]
        [button for button in buttons if button.description == description][-1].click()

    def type(self, text: str) -> None:
        (field,) = (widget for widget in self._all(self.panel.widget) if isinstance(widget, widgets.Text))
        field.value = text

    def wait(self, come: Callable[[str], bool]) -> None:
        """Wait until the panel shows what is waited for."""
        unsubscribe = extension.feed.subscribe(lambda _: self._changed.set())
        try:
            while not come(self.text()):
                assert self._changed.wait(120), self.text()
                self._changed.clear()
        finally:
            unsubscribe()

    def _all(self, widget: widgets.Widget) -> Iterator[widgets.Widget]:
        yield widget
        for child in getattr(widget, "children", ()):
            yield from self._all(child)


@pytest.fixture
def watched() -> Iterator[Watched]:
    watched = Watched()
    yield watched
    watched.panel.close()


def test_it_shows_what_happens(notebook: Notebook, watched: Watched) -> None:
    """Rows come, change and go without being asked for; empty, it says what to do."""
    assert "Start one with <code>%%tfsession NAME</code>" in watched.text()
    notebook.ok("%%tfsession train\nimport tensorflow as tf\ntf.compat.v1.get_variable('v', [256]).initializer.run()")
    watched.wait(lambda text: "<b>train</b> idle · 1.0 KiB (1 variable) · CPU:0" in text and "1 run ·" in text)
    notebook.ok("%tfsession reset train")
    watched.wait(lambda text: "the graph is empty" in text)
    notebook.ok("%tfsession close train")
    watched.wait(lambda text: "No sessions yet" in text)


def test_it_shows_what_there_was(notebook: Notebook) -> None:
    """A panel that comes later starts with every session, and several show the same."""
    notebook.ok("%tfsession new train")
    panels = [Watched(), Watched()]
    for watched in panels:
        assert "<b>train</b> idle" in watched.text()
        watched.panel.close()


def test_buttons_ask_first_and_tell_what_was_done(notebook: Notebook, watched: Watched) -> None:
    """The question says what will be lost; Cancel does nothing."""
    notebook.ok("%%tfsession train\nimport tensorflow as tf\ntf.compat.v1.get_variable('v', [256]).initializer.run()")
    operations = tfsess_magics.sessions()[0].operations
    watched.wait(lambda text: "1.0 KiB" in text and "1 run ·" in text and "idle" in text)
    watched.click("Close")
    assert f"Close train? {operations} operations and 1 variable (1.0 KiB) will be lost." in watched.text()
    watched.click("Cancel")
    assert "will be lost" not in watched.text()
    assert registry.names == ("train",)
    watched.click("Reset")
    watched.click("Reset")
    assert "reset train: its graph is empty now" in watched.text()
    watched.wait(lambda text: "the graph is empty ·" in text)
    watched.click("Close")
    watched.click("Close")
    assert not registry.names
    assert "closed train: no operations" in watched.text()


def test_a_path_in_the_question_saves_first(
    notebook: Notebook, watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is reset where the save fails; no widget of a question is left."""
    monkeypatch.setattr(uncut, "LONG", 0.0)
    build = "v = tf.compat.v1.get_variable('v', initializer=tf.zeros([256]))"
    notebook.ok(f"%%tfsession train\nimport tensorflow as tf\n{build}\nv.initializer.run()")
    watched.wait(lambda text: "1.0 KiB" in text and "1 run ·" in text and "idle" in text)
    before = instances()
    told: list[str] = []
    watched.panel._said.observe(lambda change: told.append(change["new"]), "value")
    for path in (tmp_path / "nowhere" / "a", tmp_path / "a"):
        watched.click("Reset")
        assert "To save its variables first, type a path:" in watched.text()
        watched.type(f" {path} ")
        watched.click("Reset")
    assert f"saving 1.0 KiB of train to {tmp_path}/a" in told
    refused, done = (line for line in told if not line.startswith("saving"))
    assert refused.startswith(f"train was not saved to {tmp_path}/nowhere/a: there is no folder")
    assert f"saved 1 variable (1.0 KiB) of train to {tmp_path}/a<br>reset train: its graph is empty now" in done
    assert tfsess_magics.get("train").generation == 2
    assert (tmp_path / "a.index").exists()
    watched.wait(lambda text: "the graph is empty ·" in text)
    watched.click("Close")
    assert "type a path" not in watched.text()
    watched.click("Cancel")
    assert instances() == before


def test_a_session_on_a_server_is_not_said_to_hold_nothing(notebook: Notebook, watched: Watched) -> None:
    """Before the server was asked its bytes are not known, and to close it frees none of them."""
    with serving() as (_, target):
        notebook.ok(
            "import tensorflow as tf\n"
            "with tf.Graph().as_default():\n"
            "    v = tf.compat.v1.get_variable('v', [256])\n"
            f"    session = tf.compat.v1.Session({target!r})"
        )
        watched.wait(lambda text: "size not known (1 variable)" in text)
        watched.click("Close")
        assert f"Its variables stay on the server {target}. It belongs to cell 1" in watched.text()
        watched.click("Close")
        assert f"its variables stay on the server {target}" in watched.text()


def test_an_order_that_comes_too_late_is_told(notebook: Notebook, watched: Watched) -> None:
    """What the question was about has changed: nothing is done."""
    notebook.ok("%tfsession new train")
    watched.wait(lambda text: "train" in text)
    watched.click("Close")
    notebook.ok("%tfsession reset train")
    watched.click("Close")
    assert "was reset meanwhile; it was left as it is" in watched.text()
    assert registry.names == ("train",)


def views(watched: Watched, count: int) -> None:
    """Be the pages, which count the views of the invisible child."""
    watched.panel.widget.children[-1]._view_count = count


def wait_for_the_end() -> None:
    for thread in threading.enumerate():
        if thread.name == "tfsess_magics panel":
            thread.join()


def test_it_ends_with_its_last_view(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell that is cleared, run again or deleted takes its panel with it: no thread, no widget is left."""
    monkeypatch.setattr("tfsess_magics.notebook.views.widget._GRACE", 0.5)
    before, threads = instances(), set(threading.enumerate())
    notebook.ok("%tfsession new train")
    watched = Watched()
    for count in (1, 2, 1):  # the page was reloaded, and nobody has said that its first view is gone
        views(watched, count)
    wait_for_the_end()
    assert instances() == before
    assert set(threading.enumerate()) == threads


def test_it_goes_on_where_a_view_is_left_or_comes_back(
    notebook: Notebook, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that still has a view counts it anew."""
    monkeypatch.setattr("tfsess_magics.notebook.views.widget._GRACE", 600.0)
    before = instances()
    for _ in range(3):
        views(watched, 1)
        views(watched, 0)
    assert watched.panel._ending
    views(watched, 1)
    assert watched.panel._ending is None
    assert len(instances()) == len(before)
    notebook.ok("%tfsession new train")
    watched.wait(lambda text: "train" in text)


def test_unloading_ends_every_panel(notebook: Notebook) -> None:
    """And loading again brings none back."""
    before = instances()
    notebook.ok("%tfsession panel")
    notebook.ok("%tfsession panel")
    tfsess_magics.unload_ipython_extension(notebook.shell)
    assert instances() == before
    tfsess_magics.load_ipython_extension(notebook.shell)


def test_a_session_of_other_code_is_not_reset_and_its_close_says_whose_it_is(
    notebook: Notebook, watched: Watched
) -> None:
    """The row has the same facts as the list; only its maker can make the session anew."""
    cell = notebook.shell.execution_count
    notebook.ok("import tensorflow as tf\nother = tf.compat.v1.InteractiveSession(graph=tf.Graph())")
    watched.wait(lambda text: f"cell {cell} · observed · default session of a thread" in text)
    (row,) = watched.panel._rows.values()
    assert [button.layout.display for button in row._buttons] == ["none", None]
    watched.click("Close")
    assert f"It belongs to cell {cell}; code that goes on using it will fail." in watched.text()
    watched.click("Close")
    watched.wait(lambda text: "No sessions yet" in text)
    assert notebook.shell.user_ns["other"]._closed


def test_stop_is_there_while_a_run_is_under_way_and_asks_nothing(
    notebook: Notebook, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends the run, and tells what was kept."""
    monkeypatch.setattr(settings, "cut_patience", 600.0)
    monkeypatch.setattr(settings, "reply_after", 600.0)
    notebook.ok(
        "%%tfsession train\nimport tensorflow as tf, threading, tfsess_magics\n"
        "v = tf.compat.v1.get_variable('v', [256])\nv.initializer.run()\n"
        "waits = tf.compat.v1.FIFOQueue(1, tf.float32).dequeue()\nerrors = []"
    )
    watched.wait(lambda text: "<b>train</b> idle" in text and "1 run ·" in text)

    def wait() -> None:
        names = notebook.shell.user_ns
        try:
            tfsess_magics.get("train").run(names["waits"])
        except BaseException as error:  # noqa: BLE001 - to be looked at
            names["errors"].append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    watched.wait(lambda text: "<b>train</b> running" in text)
    assert watched.is_shown("Stop")
    watched.click("Stop")
    thread.join()
    watched.wait(lambda text: "stopped &#x27;train&#x27;: 1 run. Kept: 1 variable (1.0 KiB)" in text)
    (error,) = notebook.shell.user_ns["errors"]
    assert isinstance(error, tfsess_magics.SessionStopped)
    watched.wait(lambda text: "<b>train</b> idle" in text)
    assert not watched.is_shown("Stop")


def test_stop_now_is_there_while_a_stop_waits(
    notebook: Notebook, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cuts the run that goes on."""
    monkeypatch.setattr(settings, "cut_patience", 600.0)
    notebook.ok(
        "%%tfsession train\nimport tensorflow as tf, tfsess_magics\n"
        "loops = tf.while_loop(lambda i: i >= 0, lambda i: i * 1, [tf.constant(1)])\nerrors = []"
    )

    def loop() -> None:
        names = notebook.shell.user_ns
        try:
            tfsess_magics.get("train").run(names["loops"])
        except BaseException as error:  # noqa: BLE001 - to be looked at
            names["errors"].append(error)

    thread = threading.Thread(target=loop)
    thread.start()
    watched.wait(lambda text: "<b>train</b> running" in text)
    watched.click("Stop")
    watched.wait(lambda text: "&#x27;train&#x27; stops when it can. A run of" in text)
    watched.wait(lambda _: watched.is_shown("Stop now"))
    watched.click("Stop now")
    thread.join()
    watched.wait(lambda text: "stopped &#x27;train&#x27;: 1 run. Kept: no variables" in text)
    (error,) = notebook.shell.user_ns["errors"]
    assert isinstance(error, tfsess_magics.SessionStopped)
    watched.wait(lambda _: not watched.is_shown("Stop now") and not watched.is_shown("Stop"))


def test_the_names_that_go_with_an_eager_scope_are_in_the_question(notebook: Notebook, watched: Watched) -> None:
    """And what ordinary cells hold has no button."""
    notebook.ok("%%tfsession e --eager\nimport tensorflow as tf\nv = tf.Variable(tf.zeros([256]))")
    watched.wait(lambda text: "<b>e</b> idle · 1.0 KiB (1 variable) · CPU:0 · cell" in text)
    watched.click("Reset")
    assert "Reset e? It removes these names from the notebook: v." in watched.text()
    with registry.looking:
        watched.click("Reset")
    watched.wait(lambda text: "removed from the notebook: v; 1 variable freed" in text)
    assert "v" not in notebook.shell.user_ns
    notebook.ok("%tfsession close e")
    notebook.ok("w = tf.Variable(1.0)")
    watched.wait(lambda text: "eager (outside any scope)" in text and "<b>e</b>" not in text)
    assert not any(watched.is_shown(button) for button in ("Stop", "Reset", "Close"))
    notebook.ok("del w")
    watched.wait(lambda text: "eager (outside any scope)" not in text)


def test_without_ipywidgets_the_table_and_what_to_install(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no error: what is asked for is shown, once."""
    notebook.ok("%tfsession new train")
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.delitem(sys.modules, "tfsess_magics.notebook.views.widget")
    table, line = notebook.ok("%tfsession").out, notebook.ok("%tfsession panel").out
    assert "train" in table
    assert line == (f"{table}This list does not update itself. For one that does: %pip install ipywidgets\n")
