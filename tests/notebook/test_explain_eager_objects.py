"""The notes about objects of TensorFlow 2 code that the cell of a session uses, and that it works."""

from pathlib import Path

import pytest

from tests.notebook.conftest import Notebook, explained

EAGER = "was made in eager mode and is in no graph; this cell runs in 'train'."
DATASET = (
    f"{EAGER} Make the dataset in this session, and read it there: "
    "tf.compat.v1.data.make_one_shot_iterator(dataset).get_next()"
)


@pytest.mark.parametrize(
    ("made", "used", "noun"),
    [
        (
            "tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(['a'], [3]), -1)",
            "made.lookup(tf.constant(['a']))",
            "a lookup table (StaticHashTable)",
        ),
        (
            "tf.random.Generator.from_seed(1)",
            "tf.shape(made.normal([3]))",
            "a random generator",
        ),
    ],
)
def test_what_is_made_and_initialized_in_the_session(
    two: tuple[Notebook, int], made: str, used: str, noun: str
) -> None:
    """The note's last line initializes it."""
    notebook, _ = two
    notebook.ok(f"made = {made}")
    said = explained(notebook, f"%%tfsession train\n{used}")
    head, line = said.split(" initialize it: ")
    assert head.startswith(f"tfsess_magics: {noun} {EAGER} Make it in this session")
    assert notebook.ok(f"%%tfsession train\ngenerator = made = {made}\n{line}\n{used}.eval()").value.tolist() == [3]
    notebook.run("del made, generator; 1 / 0")


@pytest.mark.parametrize(
    ("made", "filled", "used", "noun"),
    [
        (
            "tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)",
            "made.insert(tf.constant(['a']), tf.constant([3], tf.int64))",
            "made.lookup(tf.constant(['a']))",
            "a lookup table (MutableHashTable)",
        ),
        (
            "tf.lookup.experimental.DenseHashTable(tf.string, tf.int64, -1, 'e', 'd')",
            "made.insert(tf.constant(['a']), tf.constant([3], tf.int64))",
            "made.lookup(tf.constant(['a']))",
            "a lookup table (DenseHashTable)",
        ),
        ("tf.queue.FIFOQueue(3, tf.int64, [1])", "made.enqueue([[3]])", "made.dequeue()", "a queue"),
    ],
)
def test_what_is_made_and_filled_in_the_session(
    two: tuple[Notebook, int], made: str, filled: str, used: str, noun: str
) -> None:
    """There it is another one, and has its own content."""
    notebook, _ = two
    notebook.ok(f"made = {made}\n{filled};")
    for use in (filled, used):
        said = explained(notebook, f"%%tfsession train\n{use}")
        assert said.startswith(f"tfsess_magics: {noun} {EAGER} Make it")
        assert said.endswith("in this session")
    assert notebook.ok(f"%%tfsession train\nmade = {made}\n{filled}.run()\n{used}.eval()").value.tolist() == [3]
    notebook.run("del made; 1 / 0")


def test_a_summary_writer(two: tuple[Notebook, int], tmp_path: Path) -> None:
    """The one of graphs writes what a run returns."""
    notebook, _ = two
    notebook.ok(f"eager, folder = tf.summary.create_file_writer('{tmp_path}/eager'), '{tmp_path}/graph'")
    for use in ("eager.flush()", "with eager.as_default():\n    pass"):
        said = explained(notebook, f"%%tfsession train\n{use}")
        head, line = said.split(" Make one of graphs in this session: ")
        assert head == f"tfsess_magics: a summary writer {EAGER}"
    summary = "v1.summary.scalar('y', y).eval()"
    notebook.ok(f"%%tfsession train\n{line}\nwriter.add_summary({summary}, 1)\nwriter.close()")
    (written,) = (tmp_path / "graph").iterdir()
    assert b"y" in written.read_bytes()
    notebook.run("del eager, folder, writer; 1 / 0")


@pytest.mark.parametrize(
    ("use", "noun"),
    [
        ("list(dataset)", "a dataset"),
        ("dataset.map(lambda x: x + 1)", "a dataset"),
        ("v1.data.make_one_shot_iterator(dataset).get_next()", "a dataset"),
        ("v1.data.make_initializable_iterator(dataset)", "a dataset"),
        ("next(iterator)", "an iterator"),
        ("iterator.get_next()", "an iterator"),
    ],
)
def test_a_dataset_or_its_iterator(two: tuple[Notebook, int], use: str, noun: str) -> None:
    """A dataset of the session is read by an operation."""
    notebook, _ = two
    notebook.ok("dataset = tf.data.Dataset.range(3, 6); iterator = iter(dataset)")
    said = explained(notebook, f"%%tfsession train\n{use}")
    assert said == f"tfsess_magics: {noun} {DATASET}"
    line = said.split(" read it there: ")[1]
    assert notebook.ok(f"%%tfsession train\ndataset = tf.data.Dataset.range(3, 6)\n({line}).eval()").value == 3
    notebook.run("del dataset, iterator; 1 / 0")


SAVE = """class Model(tf.Module):
    def __init__(self):
        super().__init__()
        self.weight = tf.Variable(3.0)

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
    def times(self, x):
        return x * self.weight
"""


def test_a_loaded_module(two: tuple[Notebook, int], tmp_path: Path) -> None:
    """Loaded in the session, and initialized, it computes there."""
    notebook, _ = two
    notebook.ok(f"{SAVE}folder = '{tmp_path}'\ntf.saved_model.save(Model(), folder)")
    notebook.ok("module = tf.saved_model.load(folder)")
    said = explained(notebook, "%%tfsession train\nmodule.times(y)")
    head, rest = said.split(" Load it in this session: ")
    assert head == f"tfsess_magics: a module of tf.saved_model.load, with variable 'Variable:0', {EAGER}"
    load, initialize = rest.split("; and initialize it: ")
    assert notebook.ok(f"%%tfsession train\n{load}\n{initialize}\nmodule.times(y).eval()").value == 6.0
    notebook.run("del module, Model, folder; 1 / 0")


def test_an_object_of_another_kind(two: tuple[Notebook, int]) -> None:
    """Its type is told."""
    notebook, _ = two
    notebook.ok("class Odd: pass\nmade = Odd(); made.handle = tf.Variable(1.0).handle")
    assert explained(notebook, "%%tfsession train\ntf.convert_to_tensor(made.handle)") == (
        f"tfsess_magics: an object of type Odd {EAGER} Make it in this session"
    )
    notebook.run("del made, Odd; 1 / 0")
