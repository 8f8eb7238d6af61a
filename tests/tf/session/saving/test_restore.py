"""A restore, and its comparisons before it assigns anything."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfsess_magics
from tests.in_runtime import wait_for_runs
from tests.tf import every_kind
from tests.tf.conftest import Open
from tests.tf.running import Running
from tfsess_magics import NotRestoredError, SessionInUseError
from tfsess_magics.core.text import restored_message
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.session.saving.order import accept
from tfsess_magics.tf.session.saving.restore import give

v1 = tf.compat.v1


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A checkpoint of a Saver."""
    with tf.Graph().as_default(), v1.Session() as session:
        v1.get_variable("same", initializer=[1.0, 2.0])
        v1.get_variable("typed", initializer=np.float64(1.0))
        v1.get_variable("shaped", initializer=[1.0, 2.0, 3.0])
        v1.get_variable("parts", initializer=np.arange(4.0), partitioner=None)
        v1.get_variable("extra", initializer=1.0)
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(tmp_path / "model"))
    return tmp_path / "model"


@pytest.fixture
def other(open_session: Open) -> NamedSession:
    """A session whose graph the checkpoint does not fit."""
    other = open_session("other")
    with other:
        v1.get_variable("same", initializer=[8.0, 9.0])
        v1.get_variable("typed", initializer=8.0)
        v1.get_variable("shaped", initializer=[8.0, 9.0], use_resource=False)
        v1.get_variable("parts", [5], tf.float64, partitioner=v1.fixed_size_partitioner(2))
        v1.get_variable("lacking", initializer=8)
        other.run(v1.global_variables_initializer())
    return other


def values(session: NamedSession) -> list[Any]:
    with session:
        return [session.run(v) for v in sorted(v1.global_variables(), key=lambda v: str(v.name))]


MISFITS = (
    "typed (float32, in the file float64); "
    "shaped (shape [2], in the file [3]); "
    "parts/part_0, parts/part_1 (shape [5], in the file [4]); "
    "lacking (not in the file)"
)


def test_what_does_not_fit_is_named_and_nothing_is_assigned(other: NamedSession, saved: Path) -> None:
    before = values(other)
    with pytest.raises(NotRestoredError) as error:
        tfsess_magics.restore("other", saved)
    assert str(error.value) == (
        f"other was not restored from {saved}: it does not fit the graph: {MISFITS}. In the file only: extra. "
        "To restore what fits (1 variable): --partial, or partial=True in Python."
    )
    assert every_kind.same(before, values(other))


def test_a_partial_restore_takes_what_fits_and_names_the_rest(other: NamedSession, saved: Path) -> None:
    before = values(other)
    reply = tfsess_magics.restore("other", saved, partial=True)
    assert (reply.variables, reply.unused) == (("same",), ("extra",))
    assert "; ".join(reply.left_out) == MISFITS
    assert restored_message("other", reply) == (
        f"restored 1 variable (8 B) of other from {saved}. Not restored: {MISFITS}. In the file only: extra"
    )
    after = values(other)
    (same,) = (i for i, value in enumerate(after) if np.array_equal(value, [1.0, 2.0]))
    assert [np.array_equal(a, b) for a, b in zip(before, after, strict=True)] == [i != same for i in range(len(after))]


def test_a_partitioned_variable_takes_its_parts_of_a_whole_one(open_session: Open, saved: Path) -> None:
    """And of one that was partitioned in another way."""
    with open_session("a") as a:
        v1.get_variable("parts", [4], tf.float64, partitioner=v1.fixed_size_partitioner(2))
    tfsess_magics.restore("a", saved)
    assert [list(value) for value in values(a)] == [[0.0, 1.0], [2.0, 3.0]]
    tfsess_magics.save("a", saved.with_name("two"))
    with open_session("b") as b:
        v1.get_variable("parts", [4], tf.float64, partitioner=v1.fixed_size_partitioner(4))
    tfsess_magics.restore("b", saved.with_name("two"))
    assert [list(value) for value in values(b)] == [[0.0], [1.0], [2.0], [3.0]]


@pytest.mark.parametrize("use_resource", [True, False])
def test_a_variable_without_a_shape_takes_any(open_session: Open, saved: Path, use_resource: bool) -> None:
    with open_session("any") as session:
        v1.Variable(
            np.zeros([2], np.float32),
            shape=tf.TensorShape([None]) if use_resource else None,
            validate_shape=False,
            use_resource=use_resource,
            name="shaped",
        )
        session.run(v1.global_variables_initializer())
    tfsess_magics.restore("any", saved)
    assert list(values(session)[0]) == [1.0, 2.0, 3.0]


def test_a_variable_that_nothing_assigns_is_named(open_session: Open, saved: Path) -> None:
    with open_session("train"):
        handle = tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[2], shared_name="same", name="same")
        tf.raw_ops.VarIsInitializedOp(resource=handle)
    with pytest.raises(NotRestoredError, match=r"same \(no operation of the graph assigns it\)\. In the file only"):
        tfsess_magics.restore("train", saved)


def test_a_graph_without_variables_is_told_to_be_built_first(open_session: Open, saved: Path) -> None:
    open_session("train")
    with pytest.raises(NotRestoredError, match="its graph has no variables"):
        tfsess_magics.restore("train", saved)


def _cut(saved: Path) -> None:
    data = saved.with_name("model.data-00000-of-00001")
    data.write_bytes(b"")


def _change(saved: Path) -> None:
    """Be what is there after the moves were cut: new data and the old index."""
    data = saved.with_name("model.data-00000-of-00001")
    data.write_bytes(bytes(byte ^ 1 for byte in data.read_bytes()))


@pytest.mark.parametrize(
    ("path", "act", "why"),
    [
        ("nothing", None, "there is no checkpoint."),
        ("nowhere/nothing", None, "there is no checkpoint."),
        (".", None, "Couldn't find 'checkpoint' file"),
        ("mod*", None, "TensorFlow takes * in the path of a checkpoint for a pattern."),
        ("model.index", None, "the path of a checkpoint is without .index: "),
        ("model.data-00000-of-00001", None, "the path of a checkpoint is without .data-00000-of-00001: "),
        ("model.data-00001-of-00002", None, "the path of a checkpoint is without .data-00001-of-00002: "),
        ("text", None, "that is no checkpoint, or a damaged one: Unable to open table file"),
        ("model", _cut, "it cannot be read: "),
        ("model", _change, "it cannot be read: TensorBundle at"),
        ("model", lambda saved: saved.with_name("model.data-00000-of-00001").unlink(), "model.data-00000-of-00001"),
    ],
)
def test_a_file_that_will_not_do_is_said_and_nothing_is_assigned(
    other: NamedSession, saved: Path, path: str, act: Callable[[Path], object] | None, why: str
) -> None:
    saved.with_name("text").write_text("no checkpoint")
    saved.with_name("checkpoint").unlink()
    before = values(other)
    if act is not None:
        act(saved)
    with pytest.raises(NotRestoredError) as error:
        tfsess_magics.restore("other", saved.parent / path, partial=True)
    assert why in str(error.value)
    assert every_kind.same(before, values(other))


@pytest.mark.parametrize("form", [{"write_version": 1}, {"sharded": True}], ids=["V1", "sharded"])
def test_older_and_sharded_checkpoints_are_read_and_replaced(
    open_session: Open, tmp_path: Path, form: dict[str, Any]
) -> None:
    with open_session("train") as train:
        v = v1.get_variable("v", initializer=[1.0, 2.0])
        train.run(v.initializer)
        bump, read = v.assign_add([1.0, 1.0]).op, v.read_value()
        v1.train.Saver(**form).save(train.session, str(tmp_path / "model"))
        train.run(bump)
        tfsess_magics.restore("train", tmp_path / "model")
        assert list(train.run(read)) == [1.0, 2.0]
        train.run(bump)
        tfsess_magics.save("train", tmp_path / "model")
        train.run(bump)
        tfsess_magics.restore("train", tmp_path / "model")
        assert list(train.run(read)) == [2.0, 3.0]


def test_a_folder_stands_for_the_newest_checkpoint_of_a_saver_there(other: NamedSession, saved: Path) -> None:
    assert tfsess_magics.restore("other", saved.parent, partial=True).variables == ("same",)


def test_a_checkpoint_of_eager_code_is_told(other: NamedSession, tmp_path: Path) -> None:
    tf.train.Checkpoint(v=tf.Variable([1.0, 2.0])).write(str(tmp_path / "eager"))
    with pytest.raises(NotRestoredError, match=r"tf\.train\.Checkpoint or Keras wrote it"):
        tfsess_magics.restore("other", tmp_path / "eager", partial=True)


def test_the_gradient_of_a_loop_can_be_built_after_a_restore_of_what_has_run(
    open_session: Open, tmp_path: Path
) -> None:
    """It shows the runtime no operation unless it has to."""
    with open_session("train") as train:
        x = v1.placeholder(tf.float32, [])
        v1.get_variable("a", [10]).initializer.run()
        one = tf.constant(1.0)
        _, y = tf.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, a * x), [0, one])
        tfsess_magics.save("train", tmp_path / "model")
        tfsess_magics.restore("train", tmp_path / "model")
        (gradient,) = tf.gradients(y, x)
        assert train.run(gradient, {x: 2.0}) == 12.0


def test_a_run_that_begins_while_the_file_is_read_keeps_all_as_it_was(train: NamedSession, tmp_path: Path) -> None:
    order = accept("restore", "train", train.watched, str(tmp_path / "model"))
    waits = Running(train, "waits:0")
    wait_for_runs(train, 1)
    with pytest.raises(SessionInUseError, match="1 run in flight in it"):
        give(order, [], lambda: None)
    train.run("fill")
    waits.join()


def test_queue_runners_are_no_obstacle(open_session: Open, tmp_path: Path) -> None:
    with open_session("train") as train:
        v = v1.get_variable("v", initializer=1.0)
        queue = v1.FIFOQueue(1, tf.float32, shapes=[[]])
        v1.train.add_queue_runner(v1.train.QueueRunner(queue, [queue.enqueue([1.0])]))
        train.run(v.initializer)
        coordinator = v1.train.Coordinator()
        threads = v1.train.start_queue_runners(train.session, coordinator)
        bump = v.assign_add(1.0)
        tfsess_magics.save("train", tmp_path / "model")
        train.run(bump)
        tfsess_magics.restore("train", tmp_path / "model")
        assert train.run(v) == 1.0
        coordinator.request_stop()
        train.run(queue.close(cancel_pending_enqueues=True))
        coordinator.join(threads)
