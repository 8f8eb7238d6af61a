"""What is said under the traceback of a thread that dies for lack of the defaults of the cell that started it."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

import tfsess_magics
from tests.notebook.conftest import Notebook
from tfsess_magics.notebook.after_cell.thread_errors import ThreadErrors

START = "import threading\nthread = threading.Thread(target=work); thread.start(); thread.join()"
REASON = "tfsess_magics: this thread is in no session, and TensorFlow's defaults are those of one thread. To carry"
REMEDY = "there, in its cell: tfsess_magics.bind(function)"


@pytest.fixture
def python_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors of threads are printed by Python, not kept by pytest."""
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)


@pytest.fixture
def two(python_prints: None, notebook: Notebook) -> Iterator[Notebook]:
    """A notebook with a session that has a tensor."""
    notebook.ok("import tensorflow as tf, tfsess_magics\nv1 = tf.compat.v1")
    notebook.ok("%%tfsession train\ny = tf.constant(2.0, name='y')")
    yield notebook
    notebook.ok("del thread, work")


def printed(notebook: Notebook, body: str, header: str = "%%tfsession train\n") -> str:
    """Run a cell that starts a thread with a body, and return the last line of what the thread's end printed."""
    function = "\n".join(["def work():", *(f"    {line}" for line in body.splitlines())])
    err = notebook.ok(f"{header}{function}\n{START}").err
    assert err.startswith("Exception in thread")
    assert err.count("tfsess_magics: ") <= 1
    return err.splitlines()[-1]


@pytest.mark.parametrize(
    ("body", "session"),
    [
        ("y.eval()", "'train'"),
        ("y.op.run()", "'train'"),
        ("y + 1", "'train'"),
        ("v1.Session().run(y)", "'train'"),
        ("v1.Session().run('y:0')", "a session"),
        ("v1.placeholder(tf.float32)", "a session"),
        ("tf.gradients(y, y)", "a session"),
        ("v1.train.Saver()", "a session"),
        ("v1.get_default_session().run(y)", "a session"),
    ],
)
def test_bind_is_offered(two: Notebook, body: str, session: str) -> None:
    """Under the traceback that Python prints, once, by the name of the session where a tensor tells it."""
    assert printed(two, body) == f"{REASON} {session} {REMEDY}"


def test_it_stands_under_the_error_that_it_explains(two: Notebook) -> None:
    """Of which the user's own error says that it was the cause."""
    body = "try:\n        y.eval()\n    except ValueError as error:\n        raise KeyError('mine') from error"
    cell = f"%%tfsession train\ndef work():\n    {body}\n{START}"
    cause, error = two.ok(cell).err.split("The above exception was the direct cause")
    assert cause.rstrip().endswith(f"{REASON} 'train' {REMEDY}")
    assert error.rstrip().endswith("KeyError: 'mine'")


def test_what_is_offered_helps(two: Notebook) -> None:
    """The same thread with `bind` dies no more."""
    cell = "%%tfsession train\nfound = []\ndef work(): found.append((y + 1).eval())\n"
    assert "KeyError" not in two.ok(f"{cell}{START.replace('=work', '=tfsess_magics.bind(work)')}\nfound").err
    assert two.ok("found").value == [3.0]


def test_other_errors_are_explained_as_in_a_cell(two: Notebook) -> None:
    """Those for which the thread's defaults are not to blame."""
    said = printed(two, "with v1.Session(graph=tf.Graph()) as s:\n    s.run('x:0')")
    assert "has no operations" in said
    said = printed(two, "with v1.Session(graph=tf.Graph()) as s:\n    s.run(y)")
    assert "tensor 'y:0' was made in session 'train'" in said
    assert printed(two, "with tfsess_magics.get('train'):\n    1 / 0") == "ZeroDivisionError: division by zero"
    assert printed(two, "None.run()") == "AttributeError: 'NoneType' object has no attribute 'run'"


def test_where_there_is_no_session_none_is_offered(python_prints: None, notebook: Notebook) -> None:
    """A notebook without named sessions has nothing to carry."""
    notebook.ok("import tensorflow as tf\nv1 = tf.compat.v1")
    assert "bind" not in printed(notebook, "v1.placeholder(tf.float32)", header="")
    notebook.ok("del thread, work")


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the user's own hook was called with."""
    called: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: called.append(args.exc_value))
    return called


def die() -> None:
    def fail() -> None:
        raise LookupError("of the user")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


def test_the_users_hook_is_called_with_the_error(hooks: list[Any], notebook: Notebook) -> None:
    """The one that was there before; after the unloading it is the hook again."""
    loaded = threading.excepthook
    die()
    assert [type(error) for error in hooks] == [LookupError]
    tfsess_magics.load_ipython_extension(notebook.shell)
    assert threading.excepthook is loaded
    tfsess_magics.unload_ipython_extension(notebook.shell)
    tfsess_magics.unload_ipython_extension(notebook.shell)
    assert threading.excepthook is not loaded
    die()
    assert len(hooks) == 2


def test_hooks_come_and_go_in_any_order(hooks: list[Any]) -> None:
    """Under another's hook ours only passes on; each error reaches every hook once, and ours explains it once."""
    explained: list[Any] = []
    ours, theirs = ThreadErrors(explained.append), threading.excepthook

    def over(args: Any, under: Any = None) -> None:
        hooks.append("over")
        under(args)

    ours.install()
    ours.install()
    under = threading.excepthook
    threading.excepthook = over_ours = lambda args: over(args, under)
    ours.uninstall()
    ours.uninstall()
    assert threading.excepthook is over_ours
    die()
    assert (len(explained), [str(hook) for hook in hooks]) == (0, ["over", "of the user"])
    ours.install()
    die()
    assert (len(explained), [str(hook) for hook in hooks]) == (1, ["over", "of the user"] * 2)
    ours.uninstall()
    assert threading.excepthook is over_ours
    threading.excepthook = theirs
    ours.install()
    die()
    assert len(explained) == 2
    ours.uninstall()
    assert threading.excepthook is theirs


def test_an_error_of_ours_reaches_nobody(hooks: list[Any]) -> None:
    """The user's hook is called all the same."""

    def fails(_: Any) -> None:
        raise ZeroDivisionError

    ours = ThreadErrors(fails)
    ours.install()
    die()
    ours.uninstall()
    assert [type(error) for error in hooks] == [LookupError]
