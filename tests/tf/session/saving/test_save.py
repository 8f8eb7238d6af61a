"""The values that a save writes, and its words about the rest."""

import gc
import threading
import weakref
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
from tfsess_magics import (
    ClosedSessionError,
    NoRunsError,
    NotRestoredError,
    NotSavedError,
    SessionInUseError,
    UnknownSessionError,
)
from tfsess_magics.core.text import saved_message
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.session.saving import uncut

v1 = tf.compat.v1


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def contents(path: Path) -> dict[str, Any]:
    reader = tf.train.load_checkpoint(str(path))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def of_every_type() -> list[Any]:
    """Make variables of every kind that a Saver saves, in the default graph."""
    quantized = tf.quantization.quantize([1.0, 2.0], 0.0, 4.0, tf.quint8).output
    return [
        v1.get_variable("resource", initializer=np.arange(6, dtype=np.float32).reshape(2, 3)),
        v1.get_variable("reference", initializer=[1.5, 2.5], use_resource=False),
        v1.get_variable("partitioned", [8, 2], partitioner=v1.fixed_size_partitioner(2)),
        v1.get_variable("text", initializer="a"),
        v1.get_variable("texts", initializer=np.array(["a", "bc"])),
        v1.get_variable("scalar", initializer=7),
        v1.get_variable("half", initializer=tf.constant([0.5, 0.25], tf.bfloat16)),
        v1.get_variable("flag", initializer=True),
        v1.Variable(quantized, use_resource=False, name="quantized"),
        v1.Variable(np.zeros([2], np.float32), shape=tf.TensorShape([None]), name="open_ended", validate_shape=False),
    ]


@pytest.mark.parametrize("is_finalized", [False, True])
def test_a_saver_and_the_session_read_what_the_other_wrote(
    open_session: Open, tmp_path: Path, is_finalized: bool
) -> None:
    """Every kind of variable; the graph gets no operation, and no run is counted."""
    with open_session("train") as train:
        variables = of_every_type()
        init, saver = v1.global_variables_initializer(), v1.train.Saver()
        other = [v1.assign(v, v + 1) for v in variables[:2]]
        reads = [v.read_value() if hasattr(v, "read_value") else tf.identity(v) for v in variables[:2]]
        reads += [tf.convert_to_tensor(v) for v in variables[2:-2]]
        reads += [tf.bitcast(variables[-2], tf.uint8), tf.convert_to_tensor(variables[-1])]
        if is_finalized:
            train.graph.finalize()
        train.run(init)
        before = train.run(reads)
        version, runs = train.graph.version, train.watched.meter.runs
        saved = tfsess_magics.save("train", tmp_path / "ours")
        assert (train.graph.version, train.watched.meter.runs) == (version, runs)
        saver.save(train.session, str(tmp_path / "savers"), write_meta_graph=False)
        theirs, ours = contents(tmp_path / "savers"), contents(tmp_path / "ours")
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)

        train.run(other)
        assert not every_kind.same(before, train.run(reads))
        saver.restore(train.session, str(tmp_path / "ours"))
        assert every_kind.same(before, train.run(reads))

        train.run(other)
        version, runs = train.graph.version, train.watched.meter.runs
        restored = tfsess_magics.restore("train", tmp_path / "savers")
        assert (train.graph.version, train.watched.meter.runs) == (version, runs)
        assert every_kind.same(before, train.run(reads))
    names = ("partitioned/part_0", "partitioned/part_1", *(set(theirs) - {"partitioned"}))
    assert sorted(saved.variables) == sorted(restored.variables) == sorted(names)
    assert (
        restored.nbytes == saved.nbytes == sum(np.asarray(a).nbytes for n, a in theirs.items() if "text" not in n) + 4
    )
    assert restored.left_out == restored.unused == ()
    assert files(tmp_path) >= {"ours.index", "ours.data-00000-of-00001"}


def test_a_new_session_on_the_same_code_gets_the_values_without_any_run(open_session: Open, tmp_path: Path) -> None:
    """Nothing was initialized there; the list knows afterwards that there are values."""

    def build(session: NamedSession) -> Any:
        with session:
            v1.get_variable("a", [3], use_resource=True)
            v1.get_variable("b", initializer=[1, 2], use_resource=False)
            return v1.global_variables_initializer()

    first, second = open_session("first"), open_session("second")
    first.run(build(first))
    build(second)
    tfsess_magics.save("first", tmp_path / "model")
    tfsess_magics.restore("second", tmp_path / "model")
    info = tfsess_magics.get("second").info()
    assert {v.name: v.initialized for v in info.variables} == {"a": True, "b": True}
    reads = ["a/Read/ReadVariableOp:0", "b/read:0"]
    assert every_kind.same(first.run(reads), second.run(reads))


def test_what_is_not_saved_is_named(train: NamedSession, tmp_path: Path) -> None:
    with train:
        tensors = tf.raw_ops.EmptyTensorList(element_shape=-1, max_num_elements=3, element_dtype=tf.float32)
        train.run(v1.Variable(tensors, name="tensors").initializer)
        hidden = tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[], shared_name="hidden", name="hidden")
        tf.raw_ops.VarIsInitializedOp(resource=hidden)
        train.run(tf.raw_ops.AssignVariableOp(resource=hidden, value=1.0))
        v1.get_variable("young", [2])
    reply = tfsess_magics.save("train", tmp_path / "model")
    assert reply.left_out[:3] == (
        "unset, young (no value)",
        "tensors (a value of type variant)",
        "hidden (an operation that reads it has to run first)",
    )
    assert not reply.has_every_value
    assert "queues ('queue')" in reply.left_out
    assert set(contents(tmp_path / "model")) == {"resource", "reference", "local", "nowhere", "partitioned"}
    said = saved_message("train", reply)
    begin = f"saved 6 variables (112 B) of train to {tmp_path}/model. Not saved: unset, young (no value); tensors (a "
    assert said.startswith(begin)


def test_a_partitioned_variable_of_which_a_part_has_no_value_is_left_out_whole(
    open_session: Open, tmp_path: Path
) -> None:
    with open_session("train") as train:
        parts = list(v1.get_variable("p", [4], partitioner=v1.fixed_size_partitioner(2)))
        one = v1.get_variable("one", initializer=1.0)
        train.run([parts[0].initializer, one.initializer])
    reply = tfsess_magics.save("train", tmp_path / "model")
    assert reply.variables == ("one",)
    assert reply.left_out[:2] == ("p/part_1 (no value)", "p/part_0 (another part of p has no value)")
    assert not reply.has_every_value


def test_a_variable_without_a_value_loses_none(open_session: Open, tmp_path: Path) -> None:
    """Nor does a queue: the reply has every value of variables."""
    with open_session("train") as train:
        v1.get_variable("young", [2])
        v1.FIFOQueue(1, tf.float32, name="queue")
        train.run(v1.get_variable("one", initializer=1.0).initializer)
    reply = tfsess_magics.save("train", tmp_path / "model")
    assert reply.left_out[0] == "young (no value)"
    assert reply.has_every_value


def test_two_handles_of_one_variable_have_a_name_each(open_session: Open, tmp_path: Path) -> None:
    """As a Saver of either looks for it; one of the names is enough to restore both."""
    with open_session("train") as train:
        a, b = (tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[], shared_name="s", name=name) for name in ("a", "b"))
        tf.raw_ops.VarIsInitializedOp(resource=a)
        read, assign = tf.raw_ops.ReadVariableOp(resource=b, dtype=tf.float32), tf.raw_ops.AssignVariableOp
        train.run(assign(resource=a, value=1.0))
        train.run(read)
        five = assign(resource=b, value=5.0)
        assert tfsess_magics.save("train", tmp_path / "model").variables == ("a", "b")
        train.run(five)
        with tf.Graph().as_default(), v1.Session() as other:
            only = v1.get_variable("b", initializer=3.0)
            other.run(only.initializer)
            v1.train.Saver().save(other, str(tmp_path / "b"))
        tfsess_magics.restore("train", tmp_path / "b")
        assert train.run(read) == 3.0
        tfsess_magics.restore("train", tmp_path / "model")
        assert train.run(read) == 1.0


def test_a_session_of_other_code_is_saved_and_restored_by_its_number(open_session: Open, tmp_path: Path) -> None:
    open_session("any")  # sessions are observed from here on
    with tf.Graph().as_default(), v1.Session() as session:
        v = v1.get_variable("v", initializer=[1.0, 2.0])
        bump, read = v.assign_add([1.0, 1.0]), v.read_value()
        session.run(v.initializer)
        (name,) = (info.name for info in tfsess_magics.sessions() if info.name.startswith("#"))
        assert tfsess_magics.save(name, tmp_path / "model").variables == ("v",)
        session.run(bump.op)
        tfsess_magics.restore(name, tmp_path / "model")
        assert list(session.run(read)) == [1.0, 2.0]
        assert len(tfsess_magics.sessions()) == 2  # the one that writes is not listed
    with pytest.raises(UnknownSessionError):
        tfsess_magics.save(name, tmp_path / "model")


def test_no_order_keeps_a_session_of_other_code_alive(open_session: Open, tmp_path: Path) -> None:
    """Nor does one that was refused."""
    open_session("any")

    def use() -> weakref.ref[Any]:
        with tf.Graph().as_default():
            session = v1.Session()
            v = v1.get_variable("v", initializer=1.0)
            session.run(v.initializer)
        (name,) = (info.name for info in tfsess_magics.sessions() if info.name.startswith("#"))
        tfsess_magics.save(name, tmp_path / "model")
        tfsess_magics.restore(name, tmp_path / "model")
        with pytest.raises(NotRestoredError):
            tfsess_magics.restore(name, tmp_path / "other")
        return weakref.ref(session)

    used = use()
    gc.collect()
    assert used() is None


def test_a_session_that_other_code_has_closed_is_refused(open_session: Open, tmp_path: Path) -> None:
    train = open_session("train")
    train.session.close()
    for order in (tfsess_magics.save, tfsess_magics.restore):
        said = f"cannot {order.__name__} 'train': its TensorFlow session was closed"
        with pytest.raises(ClosedSessionError, match=said):
            order("train", tmp_path / "model")


def test_an_eager_scope_is_refused(open_session: Open, tmp_path: Path) -> None:
    open_session("e", eager=True)
    for order in (tfsess_magics.save, tfsess_magics.restore):
        with pytest.raises(
            NoRunsError, match=rf"cannot {order.__name__} 'e': it is a scope for eager code.*tf\.train\.Checkpoint"
        ):
            order("e", tmp_path / "model")
    assert files(tmp_path) == set()


def test_values_on_a_server_are_saved_here(open_session: Open, tmp_path: Path) -> None:
    open_session("any")
    server = v1.train.Server.create_local_server()
    with tf.Graph().as_default(), v1.Session(server.target) as session:
        v = v1.get_variable("v", initializer=[1.0, 2.0])
        bump, read = v.assign_add([1.0, 1.0]), v.read_value()
        session.run(v.initializer)
        (name,) = (info.name for info in tfsess_magics.sessions() if info.target)
        tfsess_magics.save(name, tmp_path / "model")
        session.run(bump.op)
        tfsess_magics.restore(name, tmp_path / "model")
        assert list(session.run(read)) == [1.0, 2.0]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("nowhere/model", "there is no folder {}/nowhere."),
        ("file/model", "there is no folder {}/file."),
        ("~nobody_here/model", "there is no folder ~nobody_here."),
        ("folder", "that is a folder. Add a name for the checkpoint."),
        ("taken", "taken.index is a folder."),
        ("a[1]*", "TensorFlow takes * and [ in the path of a checkpoint for a pattern."),
        ("m.index", "the path of a checkpoint is without .index: {}/m"),
        ("m.data-00001-of-00002", "the path of a checkpoint is without .data-00001-of-00002: {}/m"),
        ("n" * 300, ": File name too long"),
        ("\0", "embedded null byte"),
    ],
)
def test_a_path_that_will_not_do_is_said_and_nothing_is_left(
    train: NamedSession, tmp_path: Path, path: str, why: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "taken.index").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(NotSavedError) as error:
        tfsess_magics.save("train", path if path.startswith("~") else tmp_path / path)
    assert why.format(tmp_path) in str(error.value)
    assert files(tmp_path) == {"folder", "taken.index", "file"}


def test_nothing_to_save_is_an_error(open_session: Open, tmp_path: Path) -> None:
    with open_session("train"):
        v1.get_variable("v", [2])
    with pytest.raises(NotSavedError, match=r"it has no values of variables to save; v \(no value\)$"):
        tfsess_magics.save("train", tmp_path / "model")
    assert files(tmp_path) == set()


def test_runs_in_flight_are_counted_and_no_obstacle_to_a_save(train: NamedSession, tmp_path: Path) -> None:
    waits = Running(train, "waits:0")
    wait_for_runs(train, 1)
    reply = tfsess_magics.save("train", tmp_path / "model")
    with pytest.raises(SessionInUseError, match="cannot restore 'train': 1 run in flight in it"):
        tfsess_magics.restore("train", tmp_path / "model")
    train.run("fill")
    waits.join()
    assert waits.error is None
    assert reply.runs == 1
    assert "1 run in flight meanwhile" in saved_message("train", reply)
    assert len(reply.variables) == 6


def test_a_session_that_is_being_stopped_is_refused(train: NamedSession, tmp_path: Path) -> None:
    class Stopping:
        by = "%tfsession stop"

    meter: Any = train.watched.meter
    meter.stop = Stopping()
    try:
        for order in (tfsess_magics.save, tfsess_magics.restore):
            with pytest.raises(SessionInUseError, match="%tfsession stop is stopping it"):
                order("train", tmp_path / "model")
    finally:
        meter.stop = None


def test_a_save_that_takes_long_says_once_what_it_does(
    train: NamedSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here with no patience; the bytes of strings are not known beforehand."""
    monkeypatch.setattr(uncut, "LONG", 0.0)
    told: list[str] = []
    registry = tfsess_magics.process.registry
    train.info()
    registry.save("train", str(tmp_path / "model"), told.append)
    assert told == [f"saving 108 B of train to {tmp_path}/model"]
    size = (tmp_path / "model.data-00000-of-00001").stat().st_size
    registry.restore("train", str(tmp_path / "model"), told.append, partial=True)
    assert told[1:] == [f"restoring train from {tmp_path}/model ({size} B)"]


def test_two_threads_that_save_to_one_path_leave_one_whole_checkpoint(train: NamedSession, tmp_path: Path) -> None:
    before = train.run(every_kind.READS)
    threads = [threading.Thread(target=tfsess_magics.save, args=("train", tmp_path / "model")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert files(tmp_path) == {"model.index", "model.data-00000-of-00001"}
    train.run("double")
    tfsess_magics.restore("train", tmp_path / "model", partial=True)
    assert every_kind.same(before, train.run(every_kind.READS))


def test_a_path_in_the_home_folder(train: NamedSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tfsess_magics.save("train", "~/model").path == str(tmp_path / "model")
    assert files(tmp_path) == {"model.index", "model.data-00000-of-00001"}
