"""Loading and unloading."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import tfsess_magics
from tests.conftest import Raised
from tests.notebook.conftest import Notebook
from tests.notebook.raising import RaiseAt
from tfsess_magics import extension
from tfsess_magics.core import origin, running_cell
from tfsess_magics.core.settings import settings
from tfsess_magics.core.undo import Undo
from tfsess_magics.notebook.compat import SHOWS_NOTES
from tfsess_magics.tf.instrument import observe
from tfsess_magics.tf.instrument.hooks import hooks


def _added(shell: InteractiveShell) -> dict[str, Any]:
    """Return what of the shell an extension could have changed."""
    manager = shell.magics_manager
    return {
        "attributes": dict(vars(shell)),
        "magics": {kind: dict(magics) for kind, magics in manager.magics.items()},
        "registry": dict(manager.registry),
        "events": {event: list(callbacks) for event, callbacks in shell.events.callbacks.items()},
        "compiler": dict(vars(shell.compile)),
        "names": set(shell.user_ns),
        "settings": list(shell.configurables),
        "transformers": [*shell.input_transformers_cleanup, *shell.input_transformers_post, *shell.ast_transformers],
    }


def test_unloading_takes_everything_away(plain_notebook: Notebook) -> None:
    """Load, load, unload, unload: the shell is as it was."""
    shell = plain_notebook.shell
    before = _added(shell)
    tfsess_magics.load_ipython_extension(shell)
    tfsess_magics.load_ipython_extension(shell)
    assert "tfsession" in shell.magics_manager.magics["cell"]
    tfsess_magics.unload_ipython_extension(shell)
    tfsess_magics.unload_ipython_extension(shell)
    assert _added(shell) == before


def _cut_at(moment: int, error: type[BaseException], act: Callable[[InteractiveShell], None], shell: Any) -> RaiseAt:
    raising = RaiseAt(moment, error)
    sys.setprofile(raising)
    try:
        act(shell)
    except error:
        pass
    finally:
        sys.setprofile(None)
    return raising


def _state(shell: InteractiveShell) -> object:
    """Return what loading changes of the shell, TensorFlow and Python."""
    wrapped = [vars(owner)[name] for owner, name, _ in observe.to_wrap()]
    asked = list(origin._locators), list(running_cell._finders), list(extension.feed._receivers)
    return _added(shell), wrapped, threading.excepthook, list(sys.meta_path), hooks.made, asked, dict(vars(settings))


@pytest.fixture
def loaded_before(plain_notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    """A shell that the extension was loaded into, and unloaded from; looks among all objects are left out."""
    shell = plain_notebook.shell
    tfsess_magics.load_ipython_extension(shell)
    tfsess_magics.unload_ipython_extension(shell)
    monkeypatch.setattr(observe, "instances", lambda *_: [])  # they change nothing, in thousands of moments
    return shell


def test_loading_that_is_cut_at_any_moment_takes_down_what_it_built(
    loaded_before: InteractiveShell, raised: Raised, plain_notebook: Notebook
) -> None:
    """The shell, TensorFlow and Python's hooks are as they were, and the next load is whole."""
    shell, moment = loaded_before, 1
    before = _state(shell)
    while (error := _cut_at(moment, raised.error, tfsess_magics.load_ipython_extension, shell)).raised_in:
        if shell not in extension._loaded:
            assert _state(shell) == before, error.raised_in
        tfsess_magics.unload_ipython_extension(shell)
        assert _state(shell) == before, error.raised_in
        moment += raised.every
    assert moment > 100
    plain_notebook.ok("%%tfsession train\n1")
    tfsess_magics.close("train")
    tfsess_magics.unload_ipython_extension(shell)


def test_unloading_that_is_cut_at_any_moment_can_be_done_again(
    loaded_before: InteractiveShell, raised: Raised, plain_notebook: Notebook
) -> None:
    """Unloading again, or loading and unloading, leaves nothing."""
    shell, moment = loaded_before, 1
    before = _state(shell)
    tfsess_magics.load_ipython_extension(shell)
    settings.waits_after = 1.0
    while (error := _cut_at(moment, raised.error, tfsess_magics.unload_ipython_extension, shell)).raised_in:
        if moment % 2:
            tfsess_magics.load_ipython_extension(shell)
        tfsess_magics.unload_ipython_extension(shell)
        assert _state(shell) == before, error.raised_in
        tfsess_magics.load_ipython_extension(shell)
        settings.waits_after = 1.0
        moment += raised.every
    assert moment > 50
    assert _state(shell) == before
    plain_notebook.ok("%load_ext tfsess_magics\n%tfsession list\n%unload_ext tfsess_magics")


def test_the_settings_outlive_an_unload_in_another_shell(plain_notebook: Notebook) -> None:
    """They hold for the process, and go with the last shell."""
    plain_notebook.ok("%load_ext tfsess_magics\n%config SessionMagics.waits_after = 2.5")
    other = Shell()
    extension._undo[other] = Undo()
    tfsess_magics.unload_ipython_extension(other)
    assert settings.waits_after == 2.5
    plain_notebook.ok("%unload_ext tfsess_magics")
    assert settings.waits_after == 10.0


def test_loading_adds_no_name(plain_notebook: Notebook) -> None:
    """No transformer or name of the user's: two magics, four methods, and one look after every cell."""
    shell = plain_notebook.shell
    before = _added(shell)
    tfsess_magics.load_ipython_extension(shell)
    after = _added(shell)
    tfsess_magics.unload_ipython_extension(shell)
    for kind in ("names", "transformers"):
        assert after[kind] == before[kind]
    added = {event: len(callbacks) - len(before["events"][event]) for event, callbacks in after["events"].items()}
    assert {event: count for event, count in added.items() if count} == {"post_run_cell": 1}
    assert set(after["attributes"]) - set(before["attributes"]) == {
        "should_run_async",
        "run_cell_async",
        "run_ast_nodes",
        "showtraceback",
        *([] if SHOWS_NOTES else ["_showtraceback"]),
    }


def test_what_other_code_has_put_on_the_compiler_stays(plain_notebook: Notebook) -> None:
    """Loading and unloading leave it where it was, and cells keep their numbers when the extension is loaded again."""
    compiler = plain_notebook.shell.compile
    before = dict(vars(compiler))

    def other(*code: Any, **more: Any) -> Any:
        return type(compiler).cache(compiler, *code, **more)

    compiler.cache = other
    try:
        plain_notebook.ok("%load_ext tfsess_magics")
        plain_notebook.ok("def late():\n    return tfsess_magics.session('late')\nimport tfsess_magics")
        number = plain_notebook.shell.execution_count - 1
        plain_notebook.ok("%reload_ext tfsess_magics")
        assert origin.cell_of(plain_notebook.ok("late.__code__.co_filename").value) == number
        plain_notebook.ok("late();")
        (late,) = plain_notebook.ok("tfsess_magics.sessions()").value
        assert late.origin.cell == number + 3
        plain_notebook.ok("%tfsession close late\n%unload_ext tfsess_magics")
        assert vars(compiler)["cache"] is other
    finally:
        del compiler.cache
    assert vars(compiler).keys() == before.keys()


def test_sessions_outlive_the_extension(plain_notebook: Notebook) -> None:
    """Unloading says how to close them; loading and reloading find them again."""
    plain_notebook.ok("%load_ext tfsess_magics")
    plain_notebook.ok("%%tfsession train\nimport tensorflow as tf\nx = tf.constant(1.0)")
    session = tfsess_magics.get("train")
    assert plain_notebook.ok("%unload_ext tfsess_magics").out == (
        "sessions that stay open: train. To close them: import tfsess_magics; tfsess_magics.close('train')\n"
    )
    assert session.run(session.graph.get_tensor_by_name("Const:0")) == 1.0
    assert plain_notebook.run("%tfsession").error is not None
    assert plain_notebook.ok("%load_ext tfsess_magics").out == "sessions that are open: train\n"
    assert plain_notebook.ok("%%tfsession train\n(x + 1).eval()").value == 2.0
    plain_notebook.ok("%reload_ext tfsess_magics")
    assert plain_notebook.ok("%%tfsession train\n(x + 2).eval()").value == 3.0
    assert tfsess_magics.get("train") is session
    plain_notebook.ok("%tfsession close train")
    assert plain_notebook.ok("%unload_ext tfsess_magics").out == ""


class Shell:
    """Another shell, of which nothing but its identity matters."""


def test_runs_are_seen_again_after_a_reload(plain_notebook: Notebook) -> None:
    """And go on being seen when the extension is unloaded from another shell."""
    plain_notebook.ok("%load_ext tfsess_magics")
    plain_notebook.ok("%%tfsession train\nimport tensorflow as tf\nx = tf.constant(1.0); x.eval()")
    plain_notebook.ok("%reload_ext tfsess_magics")
    plain_notebook.ok("%%tfsession train\nx.eval()")
    assert tfsess_magics.sessions()[0].runs == 2
    other = Shell()
    extension._undo[other] = Undo()
    tfsess_magics.unload_ipython_extension(other)
    plain_notebook.ok("%%tfsession train\nx.eval()")
    assert tfsess_magics.sessions()[0].runs == 3
    plain_notebook.ok("%tfsession close train")
    plain_notebook.ok("%unload_ext tfsess_magics")


def test_unloading_in_a_sessions_cell_lets_it_end(plain_notebook: Notebook) -> None:
    """The cell goes on in its session, and TensorFlow's defaults are put back after it."""
    plain_notebook.ok("%load_ext tfsess_magics")
    cell = "%%tfsession train\nimport tensorflow as tf\n%unload_ext tfsess_magics\ntf.constant(1.0).eval()"
    assert plain_notebook.ok(cell).value == 1.0
    assert plain_notebook.ok("tf.executing_eagerly()").value is True
    tfsess_magics.close("train")


def test_a_method_that_other_code_wrapped_over_ours_stays(plain_notebook: Notebook) -> None:
    """Unloading leaves the other wrapper in place, and ours under it does nothing any more."""
    shell = plain_notebook.shell
    tfsess_magics.load_ipython_extension(shell)
    ours: Callable[..., Any] = shell.run_cell_async

    def theirs(*args: Any, **kwargs: Any) -> Any:
        return ours(*args, **kwargs)

    shell.run_cell_async = theirs
    tfsess_magics.unload_ipython_extension(shell)
    assert shell.run_cell_async is theirs
    assert plain_notebook.run("%%tfsession train\n1").error is not None
    assert plain_notebook.ok("1 + 1").value == 2
    tfsess_magics.load_ipython_extension(shell)
    plain_notebook.ok("%%tfsession train\n1")
    tfsess_magics.close("train")
    tfsess_magics.unload_ipython_extension(shell)
    del shell.run_cell_async


@pytest.mark.parametrize("then", ["keep", "unload"])
def test_what_other_code_makes_of_the_class_is_what_runs(
    plain_notebook: Notebook, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    """A method that is replaced on the shell's class after the extension was loaded takes effect at once."""
    shell = plain_notebook.shell
    shown: list[BaseException | None] = []

    def showtraceback(_: InteractiveShell, *args: Any, **kwargs: Any) -> None:
        shown.append(sys.exception())

    tfsess_magics.load_ipython_extension(shell)
    monkeypatch.setattr(InteractiveShell, "showtraceback", showtraceback)
    if then == "unload":
        tfsess_magics.unload_ipython_extension(shell)
    outcome = plain_notebook.run("1 / 0")
    tfsess_magics.unload_ipython_extension(shell)
    assert [type(error) for error in shown] == [ZeroDivisionError]
    assert outcome.err == ""
    assert "showtraceback" not in vars(shell)


def _in_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


START = (
    "import sys; from IPython.core.interactiveshell import InteractiveShell;"
    "from IPython.core.history import HistoryManager; HistoryManager.enabled = False;"  # its file is everybody's
    "shell = InteractiveShell();"
)


def test_loading_imports_no_tensorflow() -> None:
    """Listing and loading are instant; TensorFlow is imported when the first session opens."""
    code = (
        f"{START} shell.run_line_magic('load_ext', 'tfsess_magics'); shell.run_line_magic('tfsession', '');"
        "print('tensorflow' in sys.modules, 'numpy' in sys.modules)"
    )
    assert _in_python(code).splitlines()[-1] == "False False"


def test_looking_at_memory_and_unknown_names_import_no_tensorflow() -> None:
    """There is nothing to look at, and a name that was mistyped costs no import."""
    code = (
        f"{START} shell.run_line_magic('load_ext', 'tfsess_magics'); shell.run_line_magic('tfsession', 'memory');"
        "verbs = ['info', 'trace', 'stop', 'reset', 'close'];"
        "print({str(shell.run_cell(f'%tfsession {verb} nope').error_in_exec) for verb in verbs});"
        "print('tensorflow' in sys.modules)"
    )
    unknown = "no session is named 'nope'. No session is open."
    assert _in_python(code).splitlines() == [
        "TensorFlow has not been used here yet.",
        repr({unknown}),
        "False",
    ]


@pytest.mark.parametrize(
    "cell", ["%%tfsession train\nran = True", "%tfsession new train", "tfsess_magics.session('train')"]
)
def test_without_tensorflow_one_sentence_says_what_to_install(cell: str) -> None:
    """Whoever has no TensorFlow learns which package to get."""
    code = (
        f"{START} sys.modules['tensorflow'] = None;"
        "import tfsess_magics; shell.user_ns['tfsess_magics'] = tfsess_magics;"
        "shell.run_line_magic('load_ext', 'tfsess_magics');"
        f"result = shell.run_cell({cell!r});"
        "print(result.error_before_exec or result.error_in_exec); print('ran' in shell.user_ns)"
    )
    said, ran = _in_python(code).splitlines()[-2:]
    assert said == (
        "TensorFlow is not installed in this Python; install your own build of it, or: "
        "pip install 'tfsess_magics[tensorflow]'"
    )
    assert ran == "False"


TOO_OLD = (
    "tfsess_magics needs TensorFlow 2.14 or newer, and {} is installed. To upgrade: "
    "pip install --upgrade 'tensorflow>=2.14', then restart the kernel"
)
NOT_TENSORFLOW = (
    "what Python imports as tensorflow is not TensorFlow: {place}. Rename it or take it off sys.path, then restart the "
    "kernel"
)


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("__version__ = '1.15.5'", TOO_OLD.format("1.15.5")),
        ("__version__ = '2.13.1-rc0'", TOO_OLD.format("2.13.1-rc0")),
        ("", NOT_TENSORFLOW),
        ("__version__ = 'unknown'", NOT_TENSORFLOW),
    ],
)
def test_a_tensorflow_that_is_too_old_or_none_is_one_sentence(tmp_path: Path, module: str, said: str) -> None:
    """After the cell that imports it, and for each use; nothing else happens, and ordinary cells run."""
    place = tmp_path / "tensorflow"
    place.mkdir()
    (place / "__init__.py").write_text(module)  # nothing else of it is read
    cells = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})",
        "%load_ext tfsess_magics",
        "print('begin'); import tensorflow",
        "print('next')",
        "%%tfsession train\nprint('ran')",
        "%tfsession",
        "import tfsess_magics; print(tfsess_magics.sessions(), tfsess_magics.memory())",
        "%unload_ext tfsess_magics",
    )
    run = f"results = [shell.run_cell(cell) for cell in {cells!r}]; print(repr(results[4].error_before_exec))"
    sentence = said.format(place=place / "__init__.py")
    assert _in_python(START + run).splitlines() == [
        "begin",
        sentence,
        "next",
        "No session is open. %%tfsession NAME at the top of a cell opens one.",
        "() None",
        repr(UsageError(sentence)),
    ]


def test_that_stop_is_off_is_said_once_when_tensorflow_comes() -> None:
    """Before anybody relies on it."""
    cells = (
        "%load_ext tfsess_magics",
        "import tensorflow",
        "print('next')",
        "%unload_ext tfsess_magics",
    )
    without = "import tensorflow.python.client.pywrap_tf_session as private; del private.TF_SessionMakeCallable;"
    first, advice, last = _in_python(f"{START}{without}[shell.run_cell(cell) for cell in {cells!r}]").splitlines()
    assert first.startswith("Stop is off: TensorFlow ")
    assert "has no pywrap_tf_session.TF_SessionMakeCallable" in first
    assert "pip install --upgrade tfsess_magics" in advice
    assert last == "next"


def test_a_session_that_imports_tensorflow_sees_what_others_do() -> None:
    """Opening it and the end of the import meet in one place: there is one list, and one who tells what was done."""
    cells = (
        "%load_ext tfsess_magics",
        "%%tfsession e --eager\nimport tensorflow as tf\nkept = tf.Variable(1.0)",
        "outside = tf.Variable(1.0)\nother = kept",
        "%tfsession close e",
        "%tfsession",
    )
    code = f"{START} [shell.run_cell(cell).raise_error() for cell in {cells!r}]"
    assert _in_python(code).count("eager (outside any scope)") == 1


@pytest.mark.parametrize(
    ("cells", "is_said"),
    [
        (("import tensorflow", "import gc; gc.freeze()"), True),
        (("import gc; gc.freeze()", "import tensorflow"), False),
        (("import gc; gc.freeze()",), False),
        (("import tensorflow", "import gc; gc.freeze(); gc.unfreeze()"), False),
    ],
    ids=["TensorFlow was there", "TensorFlow came later", "no TensorFlow", "undone"],
)
def test_that_sessions_may_be_hidden_is_said_at_load_where_it_may_be(cells: tuple[str, ...], is_said: bool) -> None:
    """``gc.freeze()`` hides what there is from the collector, and so from what looks for sessions."""
    cells = (*cells, "%load_ext tfsess_magics", "import tensorflow; print('next')", "%unload_ext tfsess_magics")
    said = _in_python(f"{START}[shell.run_cell(cell).raise_error() for cell in {cells!r}]").splitlines()
    sentence = (
        "code called gc.freeze() before %load_ext, which hides the sessions that code made before that: the list does "
        "not have them, and Stop does not end their runs"
    )
    assert said == [sentence, "next"] if is_said else said == ["next"]
