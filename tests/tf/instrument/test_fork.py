"""A forked process is warned at its first use of a session if TensorFlow was at work before, and not otherwise."""

import signal
import threading

import pytest

from tests.forks import run, started
from tfsess_magics.core.run import new_token
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.tf.instrument import fork

BEGINNING = """
import os, sys
import tensorflow as tf
import tfsess_magics
from tfsess_magics.process import observe
observe()
v1 = tf.compat.v1
def say(what):
    print(what, file=sys.stderr, flush=True)
def make():
    with tf.Graph().as_default():
        tf.constant(1.0, name="x")
        return v1.Session()
def name():
    with tfsess_magics.session("a") as a:
        tf.constant(1.0, name="x")
    return a
"""
BEFORE = {
    "a session": "session = make()",
    "a named session": "named = name()",
    "a session that was closed": "session = make(); session.run('x:0'); session.close()",
    "eager code": "tf.constant(1.0) + 1",
}
"""What may have been in the parent."""
INHERITED = {"session": "session.run('x:0')", "named": "named.run('x:0')"}
MADE = {"session": "session = make(); say('made'); session.run('x:0')", "named": "say('made'); name().run('x:0')"}
WARNING = "is a fork of one in which TensorFlow was at work"


def said_by_child(before: str, use: str) -> list[str]:
    """Return what a child says on its error output, to its warning if there is one: the run may wait for ever.

    One that says nothing for too long is ended.
    """
    child = f"if os.fork() == 0:\n    say('forked')\n    {use}; say('done')\n    os._exit(0)\nos.wait()"
    with started(f"{BEGINNING}{before}\n{child}\n", reads=2) as (process, errors):
        late = threading.Timer(180, process.send_signal, (signal.SIGKILL,))
        late.start()
        said = []
        for line in errors:
            said.append(line.rstrip())
            if WARNING in line or line == "done\n":
                break
        late.cancel()
        late.join()
    return said[said.index("forked") :]


@pytest.mark.parametrize(
    ("before", "use"), [("a session", INHERITED["session"]), ("a named session", INHERITED["named"])]
)
def test_a_child_that_uses_its_parents_session_is_warned(before: str, use: str) -> None:
    """At its first run, by name of the cause and of what to do instead."""
    forked, warning = said_by_child(BEFORE[before], use)
    assert forked == "forked"
    assert warning.startswith("<string>:")
    assert "RuntimeWarning: process " in warning
    assert "multiprocessing.get_context('spawn')" in warning


@pytest.mark.parametrize("use", MADE)
@pytest.mark.parametrize("before", BEFORE)
def test_a_child_that_makes_its_own_session_is_warned(before: str, use: str) -> None:
    """Its runs depend on the parent's threads all the same; not at the fork, and not before there is a session."""
    forked, made, warning = said_by_child(BEFORE[before], MADE[use])
    assert [forked, made] == ["forked", "made"]
    assert "RuntimeWarning: process " in warning


@pytest.mark.parametrize("use", MADE)
def test_a_child_of_a_process_where_tensorflow_did_nothing_is_not_warned(use: str) -> None:
    """Its TensorFlow begins anew."""
    assert said_by_child("", MADE[use]) == ["forked", "made", "done"]


def test_it_is_warned_of_once_and_never_raises() -> None:
    """Whatever filters there are, the run that brought it to light goes on."""
    then: list[int] = []
    warner, meter = fork._Warner(), RunMeter(lambda: None)
    warner(meter, lambda: then.append(0))
    meter.table.begin(new_token(), ())
    with pytest.warns(RuntimeWarning, match=WARNING) as warned:
        warner(meter, lambda: then.append(1))
    assert [warning.filename for warning in warned] == [__file__]
    warner(meter, lambda: then.append(2))
    fork._Warner()(meter, lambda: then.append(3))
    assert then == [0, 1, 2, 3]


def test_a_child_of_a_child_is_warned_once() -> None:
    """As its parent was, which is another process."""
    use = "import warnings; warnings.simplefilter('always'); observe()"
    grandchild = "pid = os.fork(); pid and (os.waitpid(pid, 0), os._exit(0)); say('forked again'); session.run('x:0')"
    _, again, warning = said_by_child(BEFORE["a session"], f"{use}; {grandchild}")
    assert again == "forked again"
    assert WARNING in warning


def test_a_child_that_only_closes_is_not_warned() -> None:
    """Nothing waits there."""
    assert said_by_child(BEFORE["a session"], "session.close()") == ["forked", "done"]


INTERRUPTED_CHILD = """
import os, signal
from tfsess_magics.tf.instrument.fork import forks
from tfsess_magics.tf.stopping.wakeup import Watcher
signal.signal(signal.SIGINT, signal.default_int_handler)
heard = []
watcher = Watcher(lambda: heard.append(os.getpid()))
forks.look_after(tuple, watcher.forked)
watcher.arm()
child = os.fork()
if child == 0:
    for arm in (lambda: None, watcher.arm):
        arm()
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            watcher.settle()
        print("child", heard == [os.getpid()], flush=True)
    os._exit(0)
os.waitpid(child, 0)
watcher.settle()
print("parent", heard)
"""


def test_an_interrupt_of_a_child_is_not_its_parents() -> None:
    """Where it forked in the middle of a run the parent hears nothing of it; the child hears of its own runs'."""
    done = run(INTERRUPTED_CHILD)
    assert done.stdout.splitlines() == ["child False", "child True", "parent []"], done.stderr
