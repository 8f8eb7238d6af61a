"""What is said where TensorFlow 2, Keras and graphs meet."""

import pytest

from tests.notebook.conftest import Notebook, explained

EAGER = "was made in eager mode and is in no graph; this cell runs in"
TAKE = "Take its value in an ordinary cell first: value = variable.numpy(); or make the variable in this session"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (
            "v1.placeholder(tf.float32)",
            ("this code builds a graph, and here TensorFlow is eager. Put the cell in a session: %%tfsession NAME"),
        ),
        (
            "v1.gradients(weight, weight)",
            ("this code builds a graph, and here TensorFlow is eager. Put the cell in a session: %%tfsession NAME"),
        ),
        (
            "v1.metrics.mean(1.0)",
            ("this code builds a graph, and here TensorFlow is eager. Put the cell in a session: %%tfsession NAME"),
        ),
        (
            "%%tfsession train\ny + eager",
            f"a tensor of shape (2,) {EAGER} 'train'. Pass its value: .numpy()",
        ),
        (
            "%%tfsession train\ny * weight",
            f"variable 'Variable:0' {EAGER} 'train'. {TAKE}",
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
        pytest.param(
            "%%tfsession train\nv1.layers.dense(y, 2)",
            (
                "it is in tf_keras (Keras 2). Install that, set TF_USE_LEGACY_KERAS=1 in the environment before "
                "TensorFlow is imported, and restart the kernel"
            ),
            marks=pytest.mark.needs("keras>=3"),
        ),
    ],
)
def test_eager_and_graph(two: tuple[Notebook, int], cell: str, said: str) -> None:
    """TensorFlow 2 is eager outside a session; what follows from that is said."""
    notebook, _ = two
    notebook.ok("eager = tf.constant([1.0, 2.0]); weight = tf.Variable(1.0)")
    assert explained(notebook, cell) == f"tfsess_magics: {said}"
    notebook.ok("del eager, weight")


@pytest.mark.parametrize(
    "use",
    [
        "y * variable",
        "variable.numpy()",
        "variable.eval()",
        "variable.assign(2.0)",
        "float(variable)",
        "v1.get_default_session().run(variable)",
        "v1.get_default_session().run({'a': [variable]})",
        "v1.train.Saver([variable])",
        "tf.function(lambda x: x * variable)(y)",
    ],
)
def test_an_eager_variable_in_the_cell_of_a_session(two: tuple[Notebook, int], use: str) -> None:
    """Both ways that the note names are gone, as they stand there."""
    notebook, _ = two
    notebook.ok("variable = tf.Variable(3.0, name='w')")
    said = explained(notebook, f"%%tfsession train\n{use}")
    assert said == f"tfsess_magics: variable 'w:0' {EAGER} 'train'. {TAKE}"
    notebook.ok(said.split(" first: ")[1].split("; or ")[0])
    assert notebook.ok("%%tfsession train\n(y * value).eval()").value == 6.0
    notebook.ok("%%tfsession train\nvariable = tf.Variable(3.0)\nvariable.initializer.run()")
    assert "in eager mode" not in notebook.run(f"%%tfsession train\n{use}").out
    notebook.run("del variable, value; 1 / 0")


def test_an_eager_variable_in_a_graph_of_an_ordinary_cell(two: tuple[Notebook, int]) -> None:
    """There the value can be had a line before."""
    notebook, _ = two
    notebook.ok("variable = tf.Variable(3.0, name='w'); graph = tf.Graph()")
    said = explained(notebook, "with graph.as_default(): tf.constant(2.0) * variable")
    assert said.split(". ", 1)[1] == (
        "Take its value outside of the graph first: value = variable.numpy(); or make the variable in this graph"
    )
    notebook.ok("value = variable.numpy()\nwith graph.as_default(): tf.constant(2.0) * value")
    notebook.ok("with graph.as_default(): tf.constant(2.0) * tf.Variable(3.0)")
    assert explained(notebook, "v1.Session(graph=graph).run(variable)") == (
        "tfsess_magics: variable 'w:0' was made in eager mode. To get its value: variable.numpy()"
    )
    notebook.run("del variable, value, graph; 1 / 0")


@pytest.mark.needs("keras>=3")
@pytest.mark.parametrize("use", ["m.get_weights()", "m(tf.ones([4, 2]))"])
def test_an_eager_model_in_the_cell_of_a_session(two: tuple[Notebook, int], use: str) -> None:
    """The first of its variables stands for all."""
    notebook, _ = two
    notebook.ok(KERAS)
    said = explained(notebook, f"%%tfsession train\n{use}")
    assert said == f"tfsess_magics: variable 'm/d/kernel:0' {EAGER} 'train'. {TAKE}"
    notebook.run("del m; 1 / 0")


KERAS = """m = tf.keras.Sequential([tf.keras.Input([2]), tf.keras.layers.Dense(1, name='d')], name='m')
m.compile('sgd', 'mse')"""


@pytest.mark.needs("keras>=3")
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
    [
        ("w.numpy()", "values", 3.0),
        pytest.param(
            "m.get_weights()",
            "[value.shape for value in values]",
            [(2, 1), (1,)],
            marks=pytest.mark.needs("keras>=3"),
        ),
    ],
)
def test_a_value_in_a_graph(two: tuple[Notebook, int], asks: str, shown: str, value: object) -> None:
    """The session gives it."""
    notebook, _ = two
    notebook.ok(f"%%tfsession train\n{KERAS}\nw = tf.Variable(3.0)\nv1.global_variables_initializer().run()")
    head, line = explained(notebook, f"%%tfsession train\n{asks}").split(". To get it: ")
    assert head == "tfsess_magics: in a graph a variable has its value in a session only"
    notebook.ok(f"%%tfsession train\nvariable, model = w, m\nvalues = {line}")
    assert notebook.ok(shown).value == value


@pytest.mark.needs("keras>=3")
def test_a_keras_model_outside_its_graph(two: tuple[Notebook, int]) -> None:
    """Keras shortens TensorFlow's traceback to its own frames."""
    notebook, _ = two
    cell = notebook.shell.execution_count
    notebook.ok(f"%%tfsession train\n{KERAS}")
    assert explained(notebook, "m(tf.ones([4, 2]))") == (
        f"tfsess_magics: tensor 'm/d/kernel:0' was made in session 'train' (generation 1, cell {cell}); "
        "this cell is eager. Go on there: %%tfsession train"
    )
