"""A run that fails is shown without a frame of ours, however it is started and whatever cell it is in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .harness import Kernel
from .outcome import Outcome

BUILD = """%%tfsession train
import tensorflow as tf
inverse = tf.linalg.inv(tf.zeros([2, 2]))
session = tf.compat.v1.get_default_session()
called = session.make_callable(inverse)"""
MODULE = """import sys, types
module = types.ModuleType("users")
exec(compile("def use(session, fetched):\\n    session.run(fetched)", "/users.py", "exec"), vars(module))"""
SCRIPT = """with open("script.py", "w") as file:
    file.write("session.run(inverse)")"""
FAILING = {
    "run": "session.run(inverse)",
    "eval": "inverse.eval(session=session)",
    "callable": "called()",
    # TensorFlow cancels whatever a session runs after a partial run has failed in it.
    "partial run": (
        "with tf.compat.v1.Session(graph=inverse.graph) as other:\n"
        "    other.partial_run(other.partial_run_setup([inverse], []), inverse)"
    ),
    "function of a module": "module.use(session, inverse)",
    "after an await": "import asyncio\nawait asyncio.sleep(0)\nsession.run(inverse)",
    "error from one": "try:\n    session.run(inverse)\nexcept Exception as error:\n    raise RuntimeError from error",
    "another thread": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor() as pool:\n    pool.submit(session.run, inverse).result()"
    ),
    "%time": "%time session.run(inverse)",
    "%timeit": "%timeit -n1 -r1 session.run(inverse)",
    "%run": "%run -i script.py",
}


@pytest.fixture(scope="module")
def failing(kernel: Kernel) -> Iterator[Kernel]:
    """A kernel with a session in which a matrix has no inverse."""
    for cell in ("%load_ext tfsess_magics", BUILD, MODULE, SCRIPT):
        outcome = kernel.run(cell)
        assert outcome.status == "ok", outcome.text
    yield kernel
    assert kernel.run("%tfsession close train\ndel session, called, inverse, other").status == "ok"


def shown(outcome: Outcome) -> str:
    """Return the traceback, also of ``%run``, which shows it and succeeds."""
    return "\n".join("\n".join(o.content["traceback"]) for o in outcome.outputs if o.type == "error")


@pytest.mark.parametrize("header", ["", "%%tfsession train\n", "%%time\n%%tfsession train\n", "%%time\n"])
@pytest.mark.parametrize("body", FAILING.values(), ids=FAILING)
def test_no_frame_of_ours_is_shown(failing: Kernel, header: str, body: str) -> None:
    """TensorFlow's and the user's are."""
    if header.startswith("%%time") and "await" in body:
        body = body.replace("await ", "_ = ")
    traceback = shown(failing.run(header + body))
    assert "Input is not invertible" in traceback
    assert "tensorflow/python/client/session.py" in traceback
    assert "tfsess_magics" not in traceback
    assert "hidden frame" not in traceback
