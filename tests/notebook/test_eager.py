"""Cells of eager scopes: what they make is listed under the scope's name, and goes with it."""

import gc
import weakref
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version

import pytest

import tfsess_magics
from tests.notebook.conftest import Notebook
from tfsess_magics import Kind, SessionInfo
from tfsess_magics.process import registry

MIB = 2**20


@pytest.fixture
def cells(notebook: Notebook) -> Iterator[Notebook]:
    notebook.ok("import tensorflow as tf\nimport tfsess_magics")
    yield notebook
    tfsess_magics.close(*tfsess_magics.process.registry.names)
    notebook.shell.reset()
    gc.collect()


KERAS = (
    *(
        ["keras.src.backend.common.global_state", "tf_keras.src.backend"]
        if int(version("keras").partition(".")[0]) >= 3
        else ["keras.src.backend"]
    ),
    "tensorflow.python.keras.backend",
)
"""Modules that have a ``clear_session``."""


def _noted(*_: object) -> None:
    """Stand in for ``clear_session`` of a module."""
    _noted_clears.append(None)  # type: ignore[name-defined]  # noqa: F821


def info(name: str) -> SessionInfo:
    (found,) = [info for info in tfsess_magics.sessions() if info.name == name]
    return found


def names() -> list[str]:
    return [info.name for info in tfsess_magics.sessions()]


def test_a_scope_is_eager_and_leaves_the_notebook_as_it_was(cells: Notebook) -> None:
    cells.ok("graph = tf.compat.v1.get_default_graph()")
    cells.ok("%%tfsession e --eager\nx = tf.constant(2) + 1\ninside = tf.compat.v1.get_default_graph()")
    assert cells.ok("int(x)").value == 3
    assert cells.ok("inside is not graph").value is True
    assert cells.ok("graph is tf.compat.v1.get_default_graph()").value is True
    assert cells.ok("%%tfsession e\ntf.executing_eagerly()").value is True
    assert cells.ok("%%tfsession e\ninside is tf.compat.v1.get_default_graph()").value is True


def test_a_scope_is_eager_also_inside_a_session(cells: Notebook) -> None:
    cells.ok("%%tfsession graph\nwith tfsess_magics.session('e', eager=True):\n    x = tf.constant(2).numpy()")
    assert cells.ok("int(x)").value == 2


def test_variables_are_listed_largest_first_by_device(cells: Notebook) -> None:
    cells.ok("%%tfsession e --eager\nsmall = tf.Variable(tf.zeros([4]), name='small')")
    cells.ok("%%tfsession e\nlarge = tf.Variable(tf.zeros([1024, 256]), name='large')")
    e = info("e")
    assert (e.kind, e.state.value, e.variables_nbytes) == (Kind.EAGER, "idle", MIB + 16)
    assert [(v.name, v.shape, v.nbytes, v.device) for v in e.variables] == [
        ("large", (1024, 256), MIB, "CPU:0"),
        ("small", (4,), 16, "CPU:0"),
    ]
    assert [e.nbytes_on(device) for device in e.devices] == [MIB + 16]


def test_a_variable_that_is_gone_is_not_listed(cells: Notebook) -> None:
    cells.ok("%%tfsession e --eager\nv = tf.Variable(tf.zeros([4]))\nw = tf.Variable(1.0)")
    cells.ok("del v")
    assert [v.shape for v in info("e").variables] == [()]


def test_assignments_make_no_variable(cells: Notebook) -> None:
    cells.ok(
        "%%tfsession e --eager\nv = tf.Variable(1.0)\nresults = [v.assign_add(1.0, read_value=True) for _ in range(9)]"
    )
    assert len(info("e").variables) == 1


def test_models_optimizers_and_datasets_are_listed_and_not_kept(cells: Notebook) -> None:
    cells.ok(
        "%%tfsession e --eager\nimport keras\n"
        "model = keras.Sequential([keras.Input([8]), keras.layers.Dense(2)])\n"
        "model.compile(optimizer=keras.optimizers.SGD(momentum=0.9), loss='mse')\n"
        "optimizer = model.optimizer\n"
        "data = tf.data.Dataset.from_tensors((tf.zeros([4, 8]), tf.zeros([4, 2])))\n"
        "class Mine(tf.Module):\n    def __init__(self):\n        self.v = tf.Variable(tf.zeros([8]))\nmine = Mine()\n"
        "_ = model.fit(data, verbose=0, shuffle=False)"
    )
    found = {o.name: (o.type, o.nbytes) for o in info("e").objects}
    assert found["model"] == ("Sequential", (8 * 2 + 2) * 4)
    assert found["mine"] == ("Mine", 32)
    assert found["optimizer"][0] == "SGD"
    assert found["optimizer"][1] >= (8 * 2 + 2) * 4
    assert found["data"][1] == 0
    model = weakref.ref(cells.shell.user_ns["model"])
    cells.ok("del model, optimizer, _")
    gc.collect()
    assert model() is None
    assert "model" not in {o.name for o in info("e").objects}


def test_what_is_inside_other_objects_is_listed_too(cells: Notebook) -> None:
    cells.ok(
        "%%tfsession e --eager\nimport keras\n"
        "def dense(units):\n    return keras.Sequential([keras.Input([8]), keras.layers.Dense(units)])\n"
        "class Trainer:\n"
        "    @property\n    def model(self):\n        1 / 0\n"
        "    def __getattr__(self, name):\n        1 / 0\n"
        "trainer = Trainer()\nmodels = {'small': dense(1), 'large': [dense(2), dense(4)]}\n"
        "models['itself'] = models\nmodels['small'].compile(optimizer='sgd', loss='mse')"
    )
    cells.ok("%%tfsession e\ntrainer.mine = dense(3)")
    found = {o.name: (o.type, o.variables) for o in info("e").objects}
    assert set(found) == {
        "models['small']",
        "models['small'].optimizer",
        "models['large'][0]",
        "models['large'][1]",
        "trainer.mine",
    }
    assert found["trainer.mine"] == ("Sequential", 2)
    assert found["models['small'].optimizer"][0] == "SGD"
    cells.ok("trainer.mine = None\ndel models")
    gc.collect()
    assert info("e").objects == ()


def test_close_drops_the_names_of_its_cells_and_frees_what_they_held(cells: Notebook) -> None:
    cells.ok("kept = 1")
    cells.ok(
        "%%tfsession e --eager\nimport math\nv = tf.Variable(tf.zeros([256]))\nlist_of = [v]\n"
        "def use():\n    global made\n    made = tf.Variable(1.0)\nuse()"
    )
    cells.ok("%%tfsession e\nv")
    assert set(info("e").names) == {"v", "list_of", "use", "made", f"_{cells.shell.execution_count - 1}"}
    variable = weakref.ref(cells.shell.user_ns["v"])
    with registry.looking:  # who looks refers to what it sees
        said = cells.ok("%tfsession close e").out
        assert variable() is None
    assert {"v", "list_of", "use", "made"}.isdisjoint(cells.shell.user_ns)
    assert {"kept", "math", "tf"} <= cells.shell.user_ns.keys()
    assert "2 variables freed, 1.0 KiB given back" in said
    assert "removed from the notebook: list_of, made, use, v" in said
    assert names() == []


def test_a_name_that_was_assigned_since_is_not_dropped(cells: Notebook) -> None:
    cells.ok("%%tfsession e --eager\na = [1]\nb = [2]\nc = tf.Variable(1.0)\nd = {1}\nf = object()")
    cells.ok("del a\na = [1]")
    cells.ok("%%tfsession other --eager\nb = [2]")
    cells.ok("%%tfsession graph\nd = {1}")
    cells.ok("exec('c = 5')")
    assert info("e").names == ("f",)
    assert info("other").names == ("b",)
    cells.ok("%tfsession close e")
    assert cells.ok("(a, b, c, d)").value == ([1], [2], 5, {1})
    assert "f" not in cells.shell.user_ns


def test_a_reset_drops_the_names_and_goes_on(cells: Notebook) -> None:
    cells.ok("%%tfsession e --eager\nv = tf.Variable(tf.zeros([256]))")
    with registry.looking:
        said = cells.ok("%tfsession reset e").out
    assert "reset e (generation 2; each reset adds 1): removed from the notebook: v; 1 variable freed, 1.0 KiB" in said
    e = info("e")
    assert (e.generation, e.variables, e.names) == (2, (), ())
    cells.ok("%%tfsession e\nw = tf.Variable(1.0)")
    assert info("e").names == ("w",)


@pytest.mark.parametrize("order", ["%tfsession reset e", "%tfsession close e", "tfsess_magics.close('e')"])
def test_keras_is_not_cleared(cells: Notebook, order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """``clear_session`` is for the whole process: models of other cells would lose what Keras knows of them."""
    clears: list[None] = []
    for module in map(import_module, KERAS):
        monkeypatch.setattr(module, "_noted_clears", clears, raising=False)
        monkeypatch.setattr(module.clear_session, "__code__", _noted.__code__)  # whatever name it is called by
    model = "m = tf.keras.Sequential([tf.keras.Input([2]), tf.keras.layers.Dense(1)])"
    cells.ok(f"{model}\nordinary = m")
    cells.ok(
        f"%%tfsession e --eager\n{model}\nm.compile('sgd', 'mse')\nm.fit(tf.ones([4, 2]), tf.ones([4, 1]), verbose=0)"
    )
    cells.ok(order)
    assert clears == []
    cells.ok("tf.keras.backend.clear_session()\ntf.compat.v1.keras.backend.clear_session()")
    assert len(clears) == 2
    cells.ok("ordinary.predict(tf.ones([1, 2]), verbose=0)\ndel ordinary")


def test_a_reset_of_the_default_graph_takes_nothing_from_a_scope(cells: Notebook) -> None:
    cells.ok("%%tfsession e --eager\nv = tf.Variable(1.0)")
    body = (
        "with tf.compat.v1.get_default_graph().as_default():\n    tf.constant(1.0)\ntf.compat.v1.reset_default_graph()"
    )
    cell = cells.shell.execution_count
    assert cells.ok(f"%%tfsession e\n{body}").out == (
        f"cell {cell}, line 4 called reset_default_graph; 'e' is eager, and what was made in it stays\n"
    )
    assert (info("e").generation, len(info("e").variables)) == (1, 1)


def test_a_variable_that_something_else_holds_lives_on_and_is_said_to(cells: Notebook) -> None:
    cells.ok("%%tfsession e --eager\nv = tf.Variable(tf.zeros([256]))\nw = tf.Variable(1.0)")
    cells.ok("mine = v")
    with registry.looking:
        said = cells.ok("%tfsession close e").out
    assert (
        "1 variable freed, 4 B given back to TensorFlow's allocator; "
        "1 variable (1.0 KiB) not freed: other objects refer to it"
    ) in said
    assert cells.ok("mine.shape[0]").value == 256
    outside = info("eager (outside any scope)")
    assert (outside.kind, outside.variables_nbytes) == (Kind.OUTSIDE, 1024)
    cells.ok("del mine")
    assert names() == []


def test_two_scopes_do_not_mix(cells: Notebook) -> None:
    cells.ok("%%tfsession a --eager\nx = tf.Variable(1.0)")
    cells.ok("%%tfsession b --eager\ny = tf.Variable([1.0, 2.0])")
    cells.ok("%%tfsession a\nwith tfsess_magics.get('b'):\n    z = tf.Variable(tf.zeros([3]))")
    assert [v.shape for v in info("a").variables] == [()]
    assert [v.shape for v in info("b").variables] == [(3,), (2,)]
    cells.ok("%tfsession close a")
    assert "y" in cells.shell.user_ns


def test_ordinary_cells_have_one_row_while_they_hold_variables(cells: Notebook) -> None:
    cells.ok("v = tf.Variable(tf.zeros([256]))")
    cells.ok("import keras\ndense = keras.layers.Dense(1)\ndense.build([1, 1])")
    outside = info("eager (outside any scope)")
    assert (outside.kind, len(outside.variables), outside.variables_nbytes) == (Kind.OUTSIDE, 3, 1032)
    assert "eager (outside any scope)" in repr(cells.ok("%tfsession").out)
    assert "ordinary cells and modules" in cells.ok(f"%tfsession info #{outside.id}").out
    cells.ok("del v, dense")
    gc.collect()
    assert names() == []


@pytest.mark.parametrize("order", ["reset", "close"])
def test_what_ordinary_cells_hold_is_not_ours_to_end(cells: Notebook, order: str) -> None:
    cells.ok("v = tf.Variable(1.0)")
    number = info("eager (outside any scope)").id
    unknown = cells.run(f"%tfsession {order} nothing").err
    assert "no session is named 'nothing'. No session is open." in unknown
    error = cells.run(f"%tfsession {order} #{number}").error
    assert "delete the names that refer to it" in str(error)
    error = cells.run(f"%tfsession adopt #{number} mine").error
    assert "it is eager" in str(error)
    assert "v" in cells.shell.user_ns


def test_variables_in_graphs_are_not_eager(cells: Notebook) -> None:
    cells.ok("%%tfsession graph\nv = tf.compat.v1.get_variable('v', [4])\nw = tf.Variable(1.0)")
    assert names() == ["graph"]


def test_a_traced_function_makes_its_variables_in_the_scope(cells: Notebook) -> None:
    cells.ok(
        "%%tfsession e --eager\nheld = []\n@tf.function\ndef f():\n    if not held:\n"
        "        held.append(tf.Variable(2.0))\n    return held[0]\ny = f()"
    )
    assert len(info("e").variables) == 1
    assert names() == ["e"]


@pytest.mark.parametrize("option", ["--seed 1", "--device /CPU:0", "--threads 1", "--graph tf.Graph()"])
def test_other_options_do_not_go_with_eager(cells: Notebook, option: str) -> None:
    error = cells.run(f"%%tfsession e --eager {option}\n1").error
    assert "--eager goes without the other options" in str(error)


def test_wrong_use_of_the_option_is_an_error(cells: Notebook) -> None:
    assert "--eager takes no value" in str(cells.run("%%tfsession e --eager=yes\n1").error)
    cells.ok("%%tfsession graph\n1")
    assert "--eager was given, it was opened without" in str(cells.run("%%tfsession graph --eager\n1").error)


def test_a_scope_in_use_is_not_closed(cells: Notebook) -> None:
    error = cells.run("%%tfsession e --eager\nv = tf.Variable(1.0)\ntfsess_magics.close('e')").error
    assert isinstance(error, tfsess_magics.SessionInUseError)
    assert info("e").names == ("v",)


def test_below_another_magic(cells: Notebook) -> None:
    cells.ok("%%time\n%%tfsession e --eager\nv = tf.Variable(1.0)")
    assert info("e").names == ("v",)


def test_variables_from_before_the_extension_are_listed(plain_notebook: Notebook) -> None:
    plain_notebook.ok("import tensorflow as tf\nv = tf.Variable(tf.zeros([256]))")
    tfsess_magics.load_ipython_extension(plain_notebook.shell)
    try:
        assert info("eager (outside any scope)").variables_nbytes == 1024
    finally:
        tfsess_magics.unload_ipython_extension(plain_notebook.shell)
    assert names() == []
    plain_notebook.ok("w = tf.Variable(1.0)")
    assert names() == []
    plain_notebook.ok("del v, w")


def test_a_scope_survives_the_extension(cells: Notebook) -> None:
    cells.ok("%%tfsession e --eager\nv = tf.Variable(1.0)")
    tfsess_magics.unload_ipython_extension(cells.shell)
    tfsess_magics.load_ipython_extension(cells.shell)
    assert len(info("e").variables) == 1
    assert names() == ["e"]


def test_what_a_body_leaves_open_does_not_reach_the_notebook(cells: Notebook) -> None:
    said = cells.ok("%%tfsession e --eager\nentered = tf.Graph().as_default()\n_ = entered.__enter__()").out
    assert "entered a graph and never left it" in said
    assert cells.ok("tf.executing_eagerly()").value is True
    assert cells.ok("%%tfsession e\ntf.executing_eagerly()").value is True


def test_info_says_what_goes_with_it(cells: Notebook) -> None:
    cells.ok("%%tfsession e --eager\nv = tf.Variable(tf.zeros([256]))\nm = tf.Module()")
    said = cells.ok("%tfsession info e").out
    assert "CPU:0 (1.0 KiB)" in said
    assert "m: Module, no variables, 0 B" in said
    assert "m, v" in said
    assert "operations" not in said
