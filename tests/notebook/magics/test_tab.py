"""Tab in a real shell, with the extension and without it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import tfsess_magics
from tests.notebook.conftest import Notebook
from tfsess_magics.core.registry import SessionRegistry
from tfsess_magics.notebook import compat
from tfsess_magics.notebook.magics.completion import TabCompleter
from tfsess_magics.notebook.magics.verbs import VERBS


def _tab(shell: InteractiveShell, marked: str) -> list[str]:
    """Return the cells that Tab would make of one, each with what is offered at its ``|``."""
    before, _, after = marked.partition("|")
    with provisionalcompleter():
        found = list(shell.Completer.completions(before + after, len(before)))
    assert all(one.end == len(before) for one in found)
    return [before[: one.start] + one.text + after for one in found]


@pytest.fixture
def live(notebook: Notebook) -> Iterator[Notebook]:
    """A shell with the sessions train and prep, and one of other code."""
    notebook.ok("import tensorflow as tf")
    notebook.ok("%tfsession new train")
    notebook.ok("%tfsession new prep")
    notebook.ok("other = tf.compat.v1.Session(graph=tf.Graph())")
    yield notebook
    notebook.ok("other.close(); del other")


def _number() -> str:
    return next(info.name for info in tfsess_magics.sessions() if info.name.startswith("#"))


@pytest.mark.needs("IPython>=8.6")
def test_tab_offers_ours_alone(live: Notebook) -> None:
    """Names, numbers, options and values; no files, no names of Python."""
    shell, number = live.shell, _number()
    names = ["train", "prep", number]
    assert _tab(shell, "%tfsession |") == [f"%tfsession {verb}" for verb in [*VERBS, "help"]]
    assert _tab(shell, "x = 1\n%tfsession info |\ny") == [f"x = 1\n%tfsession info {name}\ny" for name in names]
    assert _tab(shell, "%tfsession info #|") == [f"%tfsession info {number}"]
    assert _tab(shell, "%tfsession info t|") == ["%tfsession info train"]
    assert _tab(shell, "%tfsession stop train --|") == [
        f"%tfsession stop train {flag}" for flag in ("--now", "--on-stop", "--help")
    ]
    assert _tab(shell, "%%tfsession p|\ntf.p") == ["%%tfsession prep\ntf.p"]
    assert _tab(shell, "%%tfsession a --on-stop=|") == ["%%tfsession a --on-stop=keep", "%%tfsession a --on-stop=drop"]
    assert _tab(shell, "%%tfsession a --device /|") == ["%%tfsession a --device /CPU:0"]


def test_tab_offers_ours(live: Notebook) -> None:
    """In every IPython, ours among others."""
    shell, number = live.shell, _number()
    assert set(_tab(shell, "%tfsession |")) >= {f"%tfsession {verb}" for verb in [*VERBS, "help"]}
    assert set(_tab(shell, "%tfsession info |")) >= {f"%tfsession info {name}" for name in ("train", "prep", number)}
    assert f"%tfsession info {number}" in _tab(shell, "%tfsession info #|")
    assert "%%tfsession prep\ntf.p" in _tab(shell, "%%tfsession p|\ntf.p")
    assert "%%tfsession a --on-stop=drop" in _tab(shell, "%%tfsession a --on-stop=d|")
    assert "%%tfsession a --device /CPU:0" in _tab(shell, "%%tfsession a --device /|")
    with pytest.warns(PendingDeprecationWarning):
        assert shell.complete("tr", "%tfsession info tr", 18) == ("tr", ["train"])


CELLS = [
    "%tfsession |",
    "%tfsession info t|",
    "%%tfsession |",
    "%%tfsession a --seed |",
    "%tfsession new a --graph tf.Gra|",
    "%%tfsession train\ntf.consta|",
    "%%tfsession train\nprin|",
    "%%tfs|",
    "tf.Gra|",
    "%time tf.Gra|",
    "open('test|",
    "prin|",
]


@pytest.mark.parametrize("marked", CELLS)
def test_without_the_extension_tab_is_as_it_was(
    plain_notebook: Notebook, marked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it is loaded and after it is unloaded, also twice."""
    shell = plain_notebook.shell
    plain_notebook.ok("import tensorflow as tf")
    before, state = _tab(shell, marked), _state(shell)
    for _ in range(2):
        tfsess_magics.load_ipython_extension(shell)
        tfsess_magics.load_ipython_extension(shell)
        _tab(shell, marked)
        tfsess_magics.unload_ipython_extension(shell)
        tfsess_magics.unload_ipython_extension(shell)
    assert _state(shell) == state
    assert _tab(shell, marked) == before


@pytest.mark.parametrize("marked", CELLS[4:7] + CELLS[8:])
def test_where_nothing_is_offered_tab_is_as_without_the_extension(plain_notebook: Notebook, marked: str) -> None:
    """In bodies, ordinary cells and expressions IPython offers what it offers without it."""
    shell = plain_notebook.shell
    plain_notebook.ok("import tensorflow as tf")
    before = _tab(shell, marked)
    tfsess_magics.load_ipython_extension(shell)
    try:
        assert _tab(shell, marked) == before
    finally:
        tfsess_magics.unload_ipython_extension(shell)


def _state(shell: InteractiveShell) -> tuple[Any, ...]:
    """Return what in a shell decides what Tab offers."""
    hooks = shell.strdispatchers["complete_command"]
    return (
        list(shell.Completer.custom_matchers),
        {command: list(chain.chain) for command, chain in hooks.strs.items()},
        list(hooks.regexs),
    )


def test_the_hook_of_older_versions_offers_the_same(live: Notebook) -> None:
    """It is there for all, so that it can be tried where IPython has a matcher too; other hooks of the user's stay."""
    shell, number = live.shell, _number()
    theirs: Callable[..., list[str]] = lambda _, event: ["theirs"]  # noqa: ARG005, E731
    shell.set_hook("complete_command", theirs, priority=90, str_key="%tfsession")
    before = _state(shell)
    hook = compat.CompleteCommand(shell, TabCompleter(tfsess_magics.process.registry, lambda: ["/CPU:0"]))
    shell.Completer.custom_matchers, matchers = [], shell.Completer.custom_matchers
    try:
        hook.install()
        hook.install()
        test_tab_offers_ours(live)
        assert "%tfsession info train" in _tab(shell, "%tfsession info |")
        assert f"%tfsession close {number}" in _tab(shell, f"%tfsession close {number}|")
    finally:
        shell.Completer.custom_matchers = matchers
        hook.uninstall()
        hook.uninstall()
    assert _state(shell) == before
    del shell.strdispatchers["complete_command"].strs["%tfsession"]


def test_tab_offers_the_devices_of_live_sessions(tf_notebook: Notebook) -> None:
    """Those that TensorFlow has found: it does not look for others on Tab."""
    tf_notebook.ok("%tfsession new a --config v1.ConfigProto(device_count={'CPU': 2})")
    assert "%%tfsession b --device /CPU:1" in _tab(tf_notebook.shell, "%%tfsession b --device /C|")
    tf_notebook.ok("%tfsession close a")
    assert "%%tfsession b --device /CPU:1" not in _tab(tf_notebook.shell, "%%tfsession b --device /C|")
    assert "%%tfsession b --device /CPU:0" in _tab(tf_notebook.shell, "%%tfsession b --device /C|")


def test_tab_leaves_tensorflow_as_it_is() -> None:
    """Devices can be set up after it, as before."""
    code = """
import sys
import tensorflow as tf
from tensorflow.python.eager import context
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "tfsess_magics")
line = "%%tfsession a --device "
with provisionalcompleter():
    found = [one.text for one in shell.Completer.completions(line, len(line))]
print("/CPU:0" in found, context.context()._initialized, context.context()._physical_devices)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "True False None"


def test_a_fault_on_the_way_offers_nothing() -> None:
    """Tab never raises."""

    class Broken(SessionRegistry[Any]):
        def live(self) -> Any:
            raise RuntimeError

    completer = TabCompleter(Broken(lambda: pytest.fail("TensorFlow was asked for")), list)
    assert completer("%tfsession info ", 0, 16) is None


def test_tab_does_not_import_tensorflow() -> None:
    """Devices are then those that every TensorFlow has."""
    code = """
import sys
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "tfsess_magics")
for line in ("%tfsession ", "%tfsession info ", "%%tfsession a --device "):
    with provisionalcompleter():
        found = [one.text for one in shell.Completer.completions(line, len(line))]
print("/CPU:0" in found, "tensorflow" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "True False"
