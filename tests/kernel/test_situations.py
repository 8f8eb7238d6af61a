"""Situations that users report: a cell fails, or a line stands under it, and the advice works as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from .harness import Kernel

PREP = "%%tfsession prep\nx = tf.constant(1.0, name='x')"
VARIABLE = "v = v1.get_variable('v', initializer=3.0)"
BIAS = "%%tfsession train\nb = tf.Variable(3.0, name='b')"
TABLE = "def make(): return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(['a'], [3]), -1)"
FUNCTION = "w = tf.Variable(3.0, name='w')\nw.initializer.run()\n@tf.function\ndef times(z): return z * w"
TWO = "".join(f"{name} = v1.InteractiveSession(graph=tf.Graph())\n" for name in ("one", "two"))
TASK = (
    "import asyncio\ny = tf.constant(2.0)\nasync def later():\n    await asyncio.sleep(0)\n    return float(y.eval())\n"
)


class Situation(NamedTuple):
    """A cell and the text under it; `said` has a group for each line that its advice names."""

    before: tuple[str, ...]
    cell: str
    said: str
    then: tuple[str, ...]
    """The cells that follow the advice; `{line}` stands for what the group of that name has found."""
    result: str | None
    """The value that the last of these shows."""


SITUATIONS = {
    "a tensor of a session in an ordinary cell": Situation(
        (PREP,),
        "float(x.eval())",
        r"Put the cell in it: (?P<header>%%tfsession \w+); or pass (?P<argument>session=.+)",
        ("float(x.eval({argument}))", "{header}\nfloat(x.eval())"),
        "1.0",
    ),
    "a tensor of one session in the graph of another": Situation(
        (PREP, "%%tfsession train\ny = tf.constant(2.0)"),
        "%%tfsession train\nx + y",
        r"tensor 'x:0' was made in session 'prep' .+Evaluate it there and pass the value: (?P<header>%%tfsession \w+)",
        ("{header}\nvalue = x.eval()", "%%tfsession train\nfloat((value + y).eval())"),
        "3.0",
    ),
    "a tensor of one session run in another": Situation(
        (PREP, "%%tfsession train\ny = tf.constant(2.0)"),
        "%%tfsession train\nv1.get_default_session().run(x)",
        r"tensor 'x:0' was made in session 'prep' .+Evaluate it there and pass the value: (?P<header>%%tfsession \w+)",
        ("{header}\nfloat(v1.get_default_session().run(x))",),
        "1.0",
    ),
    "no default session": Situation(
        (),
        "tf.Graph().as_default().__enter__()\nv1.global_variables_initializer().run()",
        r"Put the cell in a session: (?P<header>%%tfsession) NAME",
        (f"{{header}} train\n{VARIABLE}\nv1.global_variables_initializer().run()\nfloat(v.eval())",),
        "3.0",
    ),
    "a session that was closed": Situation(
        ("with tf.Graph().as_default(), v1.Session() as sess: one = tf.constant(1.0)",),
        "sess.run(one)",
        r"the session was closed by cell \d+, and its variables are gone\. Run again what made it, and close it after",
        ("with tf.Graph().as_default(), v1.Session() as sess: value = float(sess.run(tf.constant(1.0)))", "value"),
        "1.0",
    ),
    "a session whose graph is empty": Situation(
        ("%%tfsession train\nsess = v1.get_default_session()",),
        "sess.run('y:0')",
        r"the graph of 'train' .+ has no operations yet\. Build them in it: (?P<header>%%tfsession train)",
        ("{header}\ny = tf.constant(2.0, name='y')", "float(sess.run('y:0'))"),
        "2.0",
    ),
    "a session of the user's own beside eager code": Situation(
        ("sess = v1.Session()",),
        "sess.run(tf.constant(1.0))",
        r"what an ordinary cell builds is eager.+Build and run in one session: (?P<header>%%tfsession) NAME",
        ("sess.close()", "{header} train\nfloat(v1.get_default_session().run(tf.constant(1.0)))"),
        "1.0",
    ),
    "a variable without a value": Situation(
        (f"%%tfsession train\n{VARIABLE}",),
        "%%tfsession train\nv.eval()",
        r"without a value in this session: v\. To initialize just these: (?P<line>.+\))",
        ("%%tfsession train\n{line}\nfloat(v.eval())",),
        "3.0",
    ),
    "a variable that exists already, and a fresh graph": Situation(
        (f"%%tfsession train\n{VARIABLE}",),
        f"%%tfsession train\n{VARIABLE}",
        r"To begin with an empty graph: (?P<header>%%tfsession train --fresh)",
        (f"{{header}}\n{VARIABLE}\nv.initializer.run()\nfloat(v.eval())",),
        "3.0",
    ),
    "a variable that exists already, and goes on": Situation(
        (f"%%tfsession train\n{VARIABLE}\nv.load(5.0)",),
        f"%%tfsession train\n{VARIABLE}",
        r"To use 'v' as it is: (?P<header>%%tfsession train --reuse)",
        (f"{{header}}\n{VARIABLE}\nfloat(v.eval())",),
        "5.0",
    ),
    "a checkpoint, and a cell that ran twice": Situation(
        (
            f"{BIAS}\nb.initializer.run()\nv1.train.Saver().save(v1.get_default_session(), folder + '/m');",
            BIAS,
        ),
        "%%tfsession train\nv1.train.Saver().restore(v1.get_default_session(), folder + '/m')",
        r"'b_1' \(.+\) is a second 'b' \(.+\): .+Begin with an empty graph: (?P<line>%tfsession reset train)",
        (
            "{line}",
            f"{BIAS}\nv1.train.Saver().restore(v1.get_default_session(), folder + '/m')\nfloat(b.eval())",
        ),
        "3.0",
    ),
    "code for graphs in an ordinary cell": Situation(
        (),
        "v1.placeholder(tf.float32)",
        r"this code builds a graph.+Put the cell in a session: (?P<header>%%tfsession) NAME",
        ("{header} train\nv1.placeholder(tf.float32).op.type",),
        "'Placeholder'",
    ),
    "an eager variable in a session's cell": Situation(
        ("variable = tf.Variable(3.0)",),
        "%%tfsession train\nvariable + 1.0",
        r"Take its value in an ordinary cell first: (?P<line>value = variable\.numpy\(\)); or make",
        ("{line}", "%%tfsession train\nfloat((tf.constant(1.0) + value).eval())"),
        "4.0",
    ),
    "an eager table in a session's cell": Situation(
        (f"{TABLE}\ntable = make()",),
        "%%tfsession train\ntable.lookup(tf.constant(['a']))",
        r"a lookup table \(StaticHashTable\) was made in eager mode.+initialize it: (?P<line>.+\))",
        ("%%tfsession train\ntable = make()\n{line}\nint(table.lookup(tf.constant(['a'])).eval()[0])",),
        "3",
    ),
    "an eager dataset in a session's cell": Situation(
        ("dataset = tf.data.Dataset.range(3, 5)",),
        "%%tfsession train\nlist(dataset)",
        r"a dataset was made in eager mode.+Make the dataset in this session, and read it there: (?P<read>.+\))",
        ("%%tfsession train\ndataset = tf.data.Dataset.range(3, 5)\nint({read}.eval())",),
        "3",
    ),
    "a Saver in an ordinary cell": Situation(
        (f"%%tfsession train\n{VARIABLE}\nv.load(5.0)\nsess, saver = v1.get_default_session(), v1.train.Saver()",),
        "saver.save(sess, folder + '/s')",
        r"Put the line in a cell of the session: (?P<header>%%tfsession train)",
        (
            "{header}\nsaver.save(sess, folder + '/s')\nv.load(0.0)",
            "{header}\nsaver.restore(sess, folder + '/s')\nfloat(v.eval())",
        ),
        "5.0",
    ),
    "a graph's tensor given to numpy": Situation(
        ("import numpy as np",),
        "%%tfsession train\ntensor = tf.constant([1.0, 3.0])\nnp.mean(tensor)",
        r"a tensor of a graph has a value only while a session runs it\. To get it: (?P<value>tensor\.eval\(\))",
        ("%%tfsession train\nfloat(np.mean({value}))",),
        "2.0",
    ),
    "a function of another session": Situation(
        (f"{PREP}\n{FUNCTION}\ntimes(x)", "%%tfsession train\ny = tf.constant(2.0)"),
        "%%tfsession train\ntimes(y)",
        r"function 'times' uses variable 'w'.+Call it there, and pass the value: (?P<header>%%tfsession prep); or make",
        ("{header}\nvalue = times(x).eval()", "%%tfsession train\nfloat((y * value).eval())"),
        "6.0",
    ),
    "a task that outlives its cell": Situation(
        (f"%%tfsession train\n{TASK}task = asyncio.create_task(later())",),
        "await task",
        r"make it under (?P<header>%%tfsession train) with bind: (?P<make>.+)\((?P<function>function)\)\(\)\)",
        ("{header}\ntask = {make}(later)())", "await task"),
        "2.0",
    ),
    "a thread that is in no session": Situation(
        ("%%tfsession train\ny, values = tf.constant(2.0), []\ndef work(): values.append(float(y.eval()))",),
        "%%tfsession train\nimport threading\nthread = threading.Thread(target=work)\nthread.start()\nthread.join()",
        r"To carry 'train' there, in its cell: (?P<bind>tfsess_magics\.bind)\(function\)",
        ("%%tfsession train\nthread = threading.Thread(target={bind}(work))\nthread.start()\nthread.join()", "values"),
        "[2.0]",
    ),
    "interactive sessions, closed in the order of the lines": Situation(
        (),
        TWO,
        r"To end it: (?P<first>%tfsession close #\d+)[^%]+To end it: (?P<second>%tfsession close #\d+)",
        ("{first}", "{second}", "tf.executing_eagerly()"),
        "True",
    ),
    "a verb as a name": Situation(
        ("%tfsession new train",),
        "%%tfsession close train\n1",
        r"To use the verb, with one %: (?P<line>%tfsession close train)\.",
        ("{line}", "[session.name for session in tfsess_magics.sessions()]"),
        "[]",
    ),
    "an unknown verb": Situation(
        (),
        "%tfsession stopp train",
        r"Did you mean 'stop'\? What each does: (?P<help>%tfsession --help)",
        ("{help}",),
        None,
    ),
    "a named session that is not there": Situation(
        (),
        "%tfsession close missing",
        r"no session is named 'missing'\. No session is open",
        ("%tfsession list",),
        None,
    ),
}


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with Kernel(tmp_path_factory.mktemp("typed")) as kernel:
        yield kernel


@pytest.fixture
def typing(typed: Kernel, tmp_path: Path) -> Iterator[Kernel]:
    """A kernel with the extension, whose sessions and names are gone after the test."""
    start = f"import tensorflow as tf, tfsess_magics\nv1, folder = tf.compat.v1, {str(tmp_path)!r}"
    for cell in ("%load_ext tfsess_magics", start):
        assert typed.run(cell).status == "ok"
    yield typed
    typed.run("1 / 0")  # IPython keeps the last error, and with it the sessions of its frames
    for cell in ("%tfsession close --all", "%reset -f", "import gc, tensorflow as tf, tfsess_magics\ngc.collect();"):
        assert typed.run(cell).status == "ok"
    assert typed.value("(tf.executing_eagerly(), tfsess_magics.sessions())") == (True, ())


@pytest.mark.parametrize("title", SITUATIONS)
def test_the_advice_works_as_it_is_written(typing: Kernel, title: str) -> None:
    """Each line that it names, typed into the next cells."""
    situation = SITUATIONS[title]
    for cell in situation.before:
        assert typing.run(cell).status == "ok"
    text = typing.run(situation.cell).text
    said = re.search(situation.said, text, re.DOTALL)
    assert said, text
    for cell in situation.then:
        outcome = typing.run(cell.format(**said.groupdict()))
        assert outcome.status == "ok", outcome.text
    assert outcome.result == situation.result
