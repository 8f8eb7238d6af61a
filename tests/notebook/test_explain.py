"""What is said under an error of TensorFlow's, in cells and in ``with`` blocks."""

import concurrent.futures
import gc
import re
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tfsess_magics
from tests.notebook.conftest import Notebook

EAGER = "was made in eager mode and is in no graph; this cell runs in"


def note(error: BaseException | None) -> str:
    """Return the one note of the error, or of what it came from."""
    notes: list[str] = []
    while error is not None:
        notes += getattr(error, "__notes__", [])
        error = error.__cause__ or error.__context__
    (only,) = notes
    return only


def explained(notebook: Notebook, cell: str) -> str:
    """Run a cell that fails; its note is shown once, under the error."""
    outcome = notebook.run(cell)
    said = note(outcome.error)
    assert outcome.out.count(said) == 1
    return said


@pytest.fixture
def two(notebook: Notebook) -> Iterator[tuple[Notebook, int]]:
    """Sessions prep and train, each with a tensor, and the cell in which that of prep was made."""
    notebook.ok("import tensorflow as tf, tfsess_magics\nv1 = tf.compat.v1")
    cell = notebook.shell.execution_count
    notebook.ok("%%tfsession prep\nx = tf.constant(1.0, name='x')\nfed = v1.placeholder(tf.float32, [], name='fed')")
    notebook.ok("%%tfsession train\ny = tf.constant(2.0, name='y')")
    yield notebook, cell
    notebook.run("1 / 0")  # IPython keeps the last error, and with it the sessions of its frames


@pytest.mark.parametrize(
    ("body", "element"),
    [
        ("x + y", "tensor 'x:0'"),
        ("y + x", "tensor 'x:0'"),
        ("x.eval()", "tensor 'x:0'"),
        ("x.op.run()", "operation 'x'"),
        ("v1.get_default_session().run([y, x])", "tensor 'x:0'"),
        ("y.eval({fed: 1.0})", "tensor 'fed:0'"),
        ("tf.control_dependencies([x]).__enter__()", "tensor 'x:0'"),
        ("tf.gradients(y, x)", "tensor 'x:0'"),
    ],
)
def test_of_another_graph(two: tuple[Notebook, int], body: str, element: str) -> None:
    """Where the tensor was made, where it was used, and what to do."""
    notebook, cell = two
    assert explained(notebook, f"%%tfsession train\n{body}") == (
        f"tfsess_magics: {element} was made in session 'prep' (generation 1, cell {cell}); this cell runs in 'train'. "
        "Evaluate it there and pass the value: %%tfsession prep"
    )


def test_of_another_graph_under_time(two: tuple[Notebook, int]) -> None:
    """The same where a magic above runs the body."""
    said = explained(two[0], "%%time\n%%tfsession train\nx + y")
    assert "was made in session 'prep'" in said
    assert "this cell runs in 'train'" in said


def test_of_another_graph_in_an_ordinary_cell(two: tuple[Notebook, int]) -> None:
    """The session that was asked to run it is named."""
    said = explained(two[0], "tfsess_magics.get('train').run(x)")
    assert "was made in session 'prep'" in said
    assert "it was used in session 'train'" in said


def test_in_an_ordinary_cell(two: tuple[Notebook, int]) -> None:
    """TensorFlow's "out of scope" is an eager cell that uses a graph's tensor."""
    notebook, cell = two
    assert explained(notebook, "x + 1") == (
        f"tfsess_magics: tensor 'x:0' was made in session 'prep' (generation 1, cell {cell}); this cell is eager. "
        "Go on there: %%tfsession prep"
    )


def test_of_an_older_generation(two: tuple[Notebook, int]) -> None:
    """Made before a reset."""
    notebook, cell = two
    notebook.ok("%tfsession reset prep")
    assert explained(notebook, "%%tfsession prep\ntf.constant(1.0) + x") == (
        f"tfsess_magics: tensor 'x:0' was made before the reset of 'prep' (generation 1, cell {cell}); "
        "this cell runs in 'prep'. Build it again in 'prep'."
    )


def test_of_a_closed_session(two: tuple[Notebook, int]) -> None:
    """Its name is still known."""
    two[0].ok("%tfsession close prep")
    assert "was made in session 'prep', which was closed since" in explained(two[0], "%%tfsession train\nx + y")


def test_of_the_graph_of_other_code(two: tuple[Notebook, int]) -> None:
    """The session that is on it, if there is one, and who made that."""
    notebook, _ = two
    cell = notebook.shell.execution_count
    notebook.ok("with tf.Graph().as_default():\n    z = tf.constant(1.0, name='z'); sess = v1.Session()")
    said = explained(notebook, "%%tfsession train\ny + z")
    assert re.search(rf"made in the graph of (#\d+), a session made by cell {cell} \(cell {cell}\)", said)
    assert re.search(r"To run it where it was made: %tfsession adopt #\d+ NAME", said)
    notebook.ok("sess.close()")
    assert "was made in no session that is open" in explained(notebook, "%%tfsession train\ny + z")
    notebook.ok("del sess, z")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (
            "v1.placeholder(tf.float32)",
            ("this code builds a graph, and here TensorFlow is eager. Put the cell in a session: %%tfsession NAME"),
        ),
        (
            "%%tfsession train\ny + eager",
            f"a tensor of shape (2,) {EAGER} 'train'. Pass its value: .numpy()",
        ),
        (
            "%%tfsession train\ny * weight",
            f"a variable {EAGER} 'train'. Pass its value: .numpy()",
        ),
        (
            "%%tfsession train\nv1.get_default_session().run(eager)",
            f"a tensor of shape (2,) {EAGER} 'train'. Pass its value: .numpy()",
        ),
        (
            "%%tfsession prep\nfed.eval({fed: eager})",
            f"a tensor of shape (2,) {EAGER} 'prep'. Pass its value: .numpy()",
        ),
        (
            "%%tfsession empty\nv1.get_default_session().run('x:0')",
            "the graph of 'empty' (generation 1) has no operations yet. Build them in it: %%tfsession empty",
        ),
        (
            "%%tfsession train\nv1.layers.dense(y, 2)",
            (
                "it is in tf_keras (Keras 2). Install that, set TF_USE_LEGACY_KERAS=1 in the environment before "
                "TensorFlow is imported, and restart the kernel"
            ),
        ),
    ],
)
def test_eager_and_graph(two: tuple[Notebook, int], cell: str, said: str) -> None:
    """TensorFlow 2 is eager outside a session; what follows from that is said."""
    notebook, _ = two
    notebook.ok("eager = tf.constant([1.0, 2.0]); weight = tf.Variable(1.0)")
    assert explained(notebook, cell) == f"tfsess_magics: {said}"
    notebook.ok("del eager, weight")


KERAS = """m = tf.keras.Sequential([tf.keras.Input([2]), tf.keras.layers.Dense(1, name='d')], name='m')
m.compile('sgd', 'mse')"""


@pytest.mark.parametrize("call", ["fit(data, data[:, :1])", "evaluate(data, data[:, :1])", "predict(data)"])
def test_what_keras_cannot_do_in_a_graph(two: tuple[Notebook, int], call: str) -> None:
    """And where it can, as is tried."""
    notebook, _ = two
    notebook.ok(f"%%tfsession train\nimport numpy as np\ndata = np.ones([4, 2])\n{KERAS}")
    assert explained(notebook, f"%%tfsession train\nm.{call}") == (
        "tfsess_magics: fit, evaluate and predict of Keras 3 work in eager mode only; this cell runs in 'train'. "
        "Make and use the model in a scope that is eager: %%tfsession NAME --eager"
    )
    notebook.ok(f"%%tfsession eager --eager\n{KERAS}\nm.{call}")
    notebook.ok("%tfsession close eager\ndel np, data")


def test_a_dataset_in_a_graph(two: tuple[Notebook, int]) -> None:
    """What reads it there."""
    notebook, _ = two
    said = explained(notebook, "%%tfsession train\ndataset = tf.data.Dataset.range(3)\nlist(dataset)")
    head, line = said.split(": ", 1)[1].split(": ")
    assert head == "this cell runs in 'train', where a dataset is read by an operation"
    assert notebook.ok(f"%%tfsession train\n({line}).eval()").value == 0


@pytest.mark.parametrize(
    ("asks", "shown", "value"),
    [("w.numpy()", "values", 3.0), ("m.get_weights()", "[value.shape for value in values]", [(2, 1), (1,)])],
)
def test_a_value_in_a_graph(two: tuple[Notebook, int], asks: str, shown: str, value: object) -> None:
    """The session gives it."""
    notebook, _ = two
    notebook.ok(f"%%tfsession train\n{KERAS}\nw = tf.Variable(3.0)\nv1.global_variables_initializer().run()")
    head, line = explained(notebook, f"%%tfsession train\n{asks}").split(". To get it: ")
    assert head == "tfsess_magics: in a graph a variable has its value in a session only"
    notebook.ok(f"%%tfsession train\nvariable, model = w, m\nvalues = {line}")
    assert notebook.ok(shown).value == value


def test_a_keras_model_outside_its_graph(two: tuple[Notebook, int]) -> None:
    """Keras shortens TensorFlow's traceback to its own frames."""
    notebook, _ = two
    cell = notebook.shell.execution_count
    notebook.ok(f"%%tfsession train\n{KERAS}")
    assert explained(notebook, "m(tf.ones([4, 2]))") == (
        f"tfsess_magics: tensor 'm/d/kernel:0' was made in session 'train' (generation 1, cell {cell}); "
        "this cell is eager. Go on there: %%tfsession train"
    )


def test_a_checkpoint_of_a_cell_that_ran_again(two: tuple[Notebook, int], tmp_path: Path) -> None:
    """The names that TensorFlow made up for what was there already are not those of the checkpoint."""
    notebook, first = two[0], two[0].shell.execution_count
    build = "%%tfsession train\nv = tf.Variable(1.0); v.initializer.run(); saver = v1.train.Saver()\n"
    notebook.ok(f"{build}saver.save(v1.get_default_session(), '{tmp_path}/v')")
    again = notebook.shell.execution_count
    restore = f"saver.restore(v1.get_default_session(), '{tmp_path}/v')"
    assert explained(notebook, f"{build}{restore}") == (
        f"tfsess_magics: 'Variable_1' (cell {again}) is a second 'Variable' (cell {first}), as comes of a cell that "
        "runs again. Begin with an empty graph: %tfsession reset train, and restore then"
    )
    notebook.ok("%tfsession reset train")
    notebook.ok(f"{build}{restore}")
    notebook.ok("del v, saver")


def test_an_empty_graph_of_an_ordinary_cell(two: tuple[Notebook, int]) -> None:
    """What the cell built is in no graph."""
    said = explained(two[0], "c = tf.constant(1.0)\nv1.Session().run(c)")
    assert (
        "what an ordinary cell builds is eager and in no graph. Build and run in one session: %%tfsession NAME" in said
    )


def test_a_closed_session(two: tuple[Notebook, int]) -> None:
    """Which cell closed it."""
    notebook, _ = two
    notebook.ok("with tf.Graph().as_default():\n    sess = v1.Session(); z = tf.constant(1.0)")
    cell = notebook.shell.execution_count
    notebook.ok("with sess:\n    pass")
    assert explained(notebook, "sess.run(z)") == (
        f"tfsess_magics: the session was closed by cell {cell}, and its variables are gone. "
        "Run again what made it, and close it after its last use"
    )
    notebook.ok("old = tfsess_magics.get('prep').session")
    cell = notebook.shell.execution_count
    notebook.ok("%tfsession reset prep")
    assert explained(notebook, "old.run(x)") == (
        f"tfsess_magics: the session was closed by cell {cell}; it was used before the reset of 'prep'. "
        "Ask for the present one: tfsess_magics.get('prep').session"
    )
    notebook.ok("del sess, z, old")


@pytest.mark.parametrize(
    "made_by", ["make_callable(y)", "make_callable([y])", "make_callable(y.op)", "_make_callable_from_options(options)"]
)
def test_a_callable_of_a_closed_session(two: tuple[Notebook, int], made_by: str) -> None:
    """TensorFlow words it in another way."""
    notebook, _ = two
    notebook.ok(
        "from tensorflow.core.protobuf.config_pb2 import CallableOptions\noptions = CallableOptions(fetch=['y:0'])"
    )
    notebook.ok(f"%%tfsession train\ncall = v1.get_default_session().{made_by}")
    cell = notebook.shell.execution_count
    notebook.ok("%tfsession reset train")
    assert explained(notebook, "call()") == (
        f"tfsess_magics: the session was closed by cell {cell}; it was used before the reset of 'train'. "
        "Ask for the present one: tfsess_magics.get('train').session"
    )
    notebook.ok("del call")


VARIABLES = """%%tfsession train
a = v1.get_variable('a', initializer=1.0)
b = v1.get_variable('b', initializer=2.0)
c = v1.get_variable('c', initializer=3.0, use_resource=False)
d = v1.get_variable('d', initializer=4.0, collections=[])
e = v1.get_local_variable('e', initializer=5.0)
"""


@pytest.mark.parametrize(
    "failing", ["b.eval()", "c.eval()", "d.eval()", "b.assign_add(1.0).eval()", "tf.constant(1.0) + e"]
)
def test_variables_without_a_value(two: tuple[Notebook, int], failing: str) -> None:
    """Exactly these, and a line that initializes just them and adds nothing to the graph."""
    notebook, _ = two
    notebook.ok(f"{VARIABLES}a.initializer.run(); a.assign(7.0).eval()\nsum_ = {failing.removesuffix('.eval()')}")
    said = explained(notebook, "%%tfsession train\nv1.get_default_session().run(sum_)")
    head, line = said.split(" To initialize just these: ")
    assert head == "tfsess_magics: without a value in this session: b, c, d, e."
    operations = tfsess_magics.get("train").graph.num_operations()
    notebook.ok(f"%%tfsession train\n{line}")
    assert notebook.ok("%%tfsession train\n[v.eval() for v in (a, b, c, d, e)]").value == [7.0, 2.0, 3.0, 4.0, 5.0]
    assert notebook.ok("tfsess_magics.get('train').graph.num_operations()").value == operations


def test_variables_without_a_value_outside_a_cell(two: tuple[Notebook, int]) -> None:
    """The line can be run where the session is not the default one."""
    notebook, _ = two
    notebook.ok(VARIABLES)
    line = explained(notebook, "tfsess_magics.get('train').run('a/Read/ReadVariableOp:0')").split("just these: ")[1]
    notebook.ok(line)
    assert notebook.ok("tfsess_magics.get('train').run('a/Read/ReadVariableOp:0')").value == 1.0


def test_no_variable_has_a_value(two: tuple[Notebook, int]) -> None:
    """Of a whole model no names are listed."""
    notebook, _ = two
    notebook.ok("%%tfsession train\nvs = [v1.get_variable(f'v{i}', initializer=1.0) for i in range(40)]")
    said = explained(notebook, "%%tfsession train\nvs[0].eval()")
    assert said == (
        "tfsess_magics: no variable has a value in this session. To initialize them: "
        "tf.compat.v1.global_variables_initializer().run()"
    )
    notebook.ok(f"%%tfsession train\n{said.split('them: ')[1]}\nvs[0].eval()")


def test_no_default_session(two: tuple[Notebook, int]) -> None:
    """The session that the tensor belongs to."""
    notebook, cell = two
    assert explained(notebook, "x.eval()") == (
        f"tfsess_magics: tensor 'x:0' was made in session 'prep' (generation 1, cell {cell}). Put the cell in it: "
        "%%tfsession prep; or pass session=tfsess_magics.get('prep').session"
    )
    assert notebook.ok("x.eval(session=tfsess_magics.get('prep').session)").value == 1.0


def test_a_variable_that_exists(two: tuple[Notebook, int]) -> None:
    """The cell that made it, and the two ways on."""
    notebook, _ = two
    cell = notebook.shell.execution_count
    notebook.ok("%%tfsession train\nv = v1.get_variable('v', [2])")
    said = explained(notebook, "%%tfsession train\nv = v1.get_variable('v', [2])")
    assert said == (
        f"tfsess_magics: it was made in cell {cell}. To begin with an empty graph: %tfsession reset train. "
        "To use 'v' as it is: tf.compat.v1.variable_scope('', reuse=tf.compat.v1.AUTO_REUSE) around the call"
    )
    notebook.ok(
        "%%tfsession train\nwith v1.variable_scope('', reuse=v1.AUTO_REUSE):\n    assert v1.get_variable('v', [2]) is v"
    )


def test_a_variable_that_exists_in_an_adopted_session(two: tuple[Notebook, int]) -> None:
    """Which cannot be reset."""
    notebook, _ = two
    notebook.ok("with tf.Graph().as_default():\n    v = v1.get_variable('v', [2]); sess = v1.Session()")
    notebook.ok("%tfsession adopt sess mine")
    assert (
        "To begin with an empty graph: a session of your own, %%tfsession NEW "
        "('mine' stays on its maker's graph, and cannot be reset). To use 'v'"
    ) in explained(notebook, "%%tfsession mine\nv1.get_variable('v', [2])")
    notebook.ok("%tfsession close mine\ndel v, sess")


@pytest.mark.parametrize("kept_in", ["sess = ", "sessions = [", "_sess = "])
def test_variables_without_a_value_in_a_session_of_other_code(two: tuple[Notebook, int], kept_in: str) -> None:
    """By its name in the notebook where it has one."""
    notebook, _ = two
    end = "]" if kept_in.endswith("[") else ""
    made = notebook.ok(
        f"with tf.Graph().as_default():\n    v = v1.get_variable('v', [2]); {kept_in}v1.Session(){end}; total = v + 1"
    )
    assert made.out == ""
    session = kept_in.split(" ", maxsplit=1)[0] + ("[0]" if end else "")
    line = explained(notebook, f"{session}.run(total)").split(" To initialize just these: ")[1]
    if session == "sess":
        assert line == "sess.run(['v/Assign'])"
    else:
        assert re.fullmatch(
            r"SESSION\.run\(\['v/Assign'\]\), where SESSION stands for #\d+, which has no name in the notebook", line
        )
    notebook.ok(f"{session}.close()\ndel v, total, {session.removesuffix('[0]')}")


def test_left_in_the_wrong_order(two: tuple[Notebook, int]) -> None:
    """What was left too early, and what becomes of it."""
    notebook, _ = two
    enter = "a, b = tf.Graph().as_default(), tf.Graph().as_default(); a.__enter__(); b.__enter__()"
    assert explained(notebook, f"%%tfsession train\n{enter}\na.__exit__(None, None, None)") == (
        "tfsess_magics: a graph was left before a graph that was entered after it. Leave first what was entered last; "
        "the order is put right after this cell"
    )
    sessions = "a, b = v1.Session().as_default(), v1.Session().as_default(); a.__enter__(); b.__enter__()"
    said = explained(notebook, f"%%tfsession train\n{sessions}\na.__exit__(None, None, None)")
    assert "a session was left before a session" in said
    notebook.ok("del a, b")


def test_another_thread(two: tuple[Notebook, int]) -> None:
    """A thread of the cell has no session, and how it gets one is said where its error is shown."""
    notebook, _ = two
    notebook.shell.user_ns["pool"] = concurrent.futures.ThreadPoolExecutor(1)
    try:
        for call in ("y.eval", "lambda: v1.placeholder(tf.float32)", "lambda: y + 1"):
            said = explained(notebook, f"%%tfsession train\npool.submit({call}).result()")
            assert "To carry the cell's session there: tfsess_magics.bind(function)" in said
    finally:
        notebook.shell.user_ns.pop("pool").shutdown()


def test_a_with_block(two: tuple[Notebook, int]) -> None:
    """The same object leaves the block, with one note, also through two blocks and shown in a cell."""
    notebook, cell = two
    names = notebook.shell.user_ns
    with pytest.raises(ValueError, match="must be from the same graph") as caught, tfsess_magics.session("train"):
        names["x"] + names["y"]
    assert note(caught.value) == (
        f"tfsess_magics: tensor 'x:0' was made in session 'prep' (generation 1, cell {cell}); "
        "this block runs in 'train'. Evaluate it there and pass the value: %%tfsession prep"
    )
    error = caught.value
    with pytest.raises(ValueError, match="must be from the same graph") as again, tfsess_magics.session("prep"):
        raise error
    assert again.value is error
    notebook.shell.user_ns["error"] = error
    assert explained(notebook, "raise error") == note(error)
    notebook.ok("del error")


def test_an_error_that_came_from_one(two: tuple[Notebook, int]) -> None:
    """The note stands under TensorFlow's error, of which the user's says that it was the cause."""
    outcome = two[0].run(
        "%%tfsession train\ntry:\n    x + y\nexcept ValueError as error:\n    raise KeyError('mine') from error"
    )
    assert isinstance(outcome.error, KeyError)
    assert not hasattr(outcome.error, "__notes__")
    assert "was made in session 'prep'" in note(outcome.error)


class AwkwardError(Exception):
    """An error that cannot be written, nor take a note."""

    def __str__(self) -> str:
        raise ZeroDivisionError

    def add_note(self, _: Any) -> None:
        raise ZeroDivisionError


def test_what_is_not_understood_is_left_alone(notebook: Notebook) -> None:
    """No note, no other error, whatever the error is."""
    notebook.shell.user_ns["AwkwardError"] = AwkwardError
    for cell in (
        "1 / 0",
        "raise ValueError('is not an element of this graph')",
        "raise AwkwardError",
        "raise SystemExit",
    ):
        for header in ("", "%%tfsession a\n"):
            error = notebook.run(f"{header}{cell}").error
            assert not hasattr(error, "__notes__")


def test_nothing_is_kept(two: tuple[Notebook, int]) -> None:
    """Not the tensor, not its graph."""
    notebook, _ = two
    with pytest.raises(ValueError, match="same graph"), tfsess_magics.session("train"):
        notebook.shell.user_ns["x"] + notebook.shell.user_ns["y"]
    graph = weakref.ref(notebook.shell.user_ns["x"].graph)
    notebook.ok("%tfsession close prep\ndel x, fed")
    gc.collect()
    assert graph() is None
