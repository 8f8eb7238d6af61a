"""What a named session is to those who use it."""

import gc
import threading
import warnings
import weakref
from pathlib import Path

import pytest
import tensorflow as tf

import tfsess_magics
from tests.tf.conftest import Open
from tfsess_magics import (
    ClosedSessionError,
    Kind,
    OptionConflictError,
    SessionInUseError,
    State,
    TfSessionError,
    UnknownSessionError,
)

v1 = tf.compat.v1


def test_it_has_the_names_of_the_api(open_session: Open) -> None:
    """``.name .graph .session .options .generation``."""
    session = open_session("train", seed=7)
    assert session.name == "train"
    assert isinstance(session.graph, tf.Graph)
    assert isinstance(session.session, v1.Session)
    assert session.session.graph is session.graph
    assert session.options.seed == 7
    assert session.generation == 1
    assert repr(session) == "<NamedSession 'train' (generation 1)>"
    assert tfsess_magics.get("train") is session
    assert open_session("train") is session


def test_it_can_be_handed_to_code_that_takes_a_session(open_session: Open, tmp_path: Path) -> None:
    """Every way in which TensorFlow's own code uses a session it was given."""
    train = open_session("train")
    with train:
        v = v1.get_variable("v", initializer=[1.0, 2.0])
        x = v1.placeholder(tf.float32, [])
        y = v * x
        init, saver = v1.global_variables_initializer(), v1.train.Saver()
    init.run(session=train)
    assert y.eval({x: 2.0}, session=train).tolist() == [2.0, 4.0]
    assert train.run(y, feed_dict={x: 3.0}).tolist() == [3.0, 6.0]
    assert train.make_callable(y, [x])(4.0).tolist() == [4.0, 8.0]
    with train:
        path = saver.save(train, str(tmp_path / "model"))
        train.run(v.assign([0.0, 0.0]))
        saver.restore(train, path)
        assert v.eval().tolist() == [1.0, 2.0]
    metadata = v1.RunMetadata()
    train.run(y, {x: 1.0}, options=v1.RunOptions(trace_level=v1.RunOptions.FULL_TRACE), run_metadata=metadata)
    assert metadata.step_stats.dev_stats
    assert train.graph_def.node
    assert train.sess_str == train.session.sess_str
    assert [device.device_type for device in train.list_devices()] == ["CPU"]
    with train.as_default() as entered:
        assert entered is train.session


@pytest.mark.filterwarnings("ignore::tfsess_magics.SessionWarning")
def test_partial_runs_are_what_they_are_in_an_interactive_session(open_session: Open) -> None:
    """TensorFlow cannot feed a partial run where only what a run needs is placed."""
    with open_session("train") as train:
        a = v1.placeholder(tf.float32, [])
        b = a + 1
        for session in (train, v1.InteractiveSession()):
            handle = session.partial_run_setup([b], [a])
            with pytest.raises(tf.errors.NotFoundError, match="Feed Placeholder:0: not found"):
                session.partial_run(handle, b, {a: 1.0})


def test_reset_gives_an_empty_graph_under_the_same_name(open_session: Open) -> None:
    """Same name and options, generation + 1; tensors of the old graph are of the old graph."""
    train = open_session("train", seed=7, device="/CPU:0")
    with train:
        v1.get_variable("v", [100]).initializer.run()
    old = train.session
    was = tfsess_magics.reset("train")
    assert (was.generation, was.operations > 0, was.variables_nbytes) == (1, True, 400)
    (info,) = tfsess_magics.sessions()
    assert (info.generation, info.operations, info.runs, info.variables) == (2, 0, 0, ())
    assert (info.last_run, info.last_error) == (None, None)
    assert str(info.options) == "--device /device:CPU:0 --seed 7"
    assert train.session is not old
    with pytest.raises(RuntimeError, match="closed Session"):
        old.run([])
    with train:
        assert v1.get_variable("v", [100]).device == "/device:CPU:0"


def test_close_ends_it_and_frees_the_name(open_session: Open) -> None:
    """The TensorFlow session is closed, the object says so, the name opens another session."""
    train = open_session("train")
    inner = train.session
    (was,) = tfsess_magics.close("train")
    assert was.name == "train"
    with pytest.raises(RuntimeError, match="closed Session"):
        inner.run([])
    assert repr(train) == "<NamedSession 'train' (closed)>"
    for use in (lambda: train.graph, lambda: train.run([]), train.__enter__, train.info, train.reset):
        with pytest.raises(ClosedSessionError, match="session 'train' was closed"):
            use()
    train.close()
    with pytest.raises(UnknownSessionError):
        tfsess_magics.get("train")
    assert open_session("train") is not train


def test_a_session_that_was_closed_by_other_code_says_so(open_session: Open) -> None:
    """It is listed as closed, cannot be entered, and starts anew with a reset."""
    train = open_session("train")
    with train:
        v1.get_variable("v", [100]).initializer.run()
    train.session.close()
    (info,) = tfsess_magics.sessions()
    assert (info.state, info.variables_nbytes, info.variables[0].initialized) == (State.CLOSED, 0, False)
    with pytest.raises(ClosedSessionError, match=r"closed by .*session/test_session\.py:\d+, .*%tfsession reset train"):
        train.__enter__()
    tfsess_magics.reset("train")
    with train:
        assert tf.constant(1).eval() == 1


def test_close_and_reset_are_refused_inside_it(open_session: Open) -> None:
    """With the reason; nothing is lost."""
    train = open_session("train")
    with train:
        for order in (tfsess_magics.close, tfsess_magics.reset):
            with pytest.raises(SessionInUseError, match="a with block is running in it"):
                order("train")
        with pytest.raises(SessionInUseError):
            train.close()
        assert tfsess_magics.sessions()[0].state is State.ENTERED
        assert tf.constant(1).eval() == 1
    assert tfsess_magics.sessions()[0].state is State.IDLE


def test_a_run_under_way_is_seen(open_session: Open) -> None:
    """State and start are known from another thread."""
    train = open_session("train")
    with train:
        queue = tf.queue.FIFOQueue(1, tf.int32)
        dequeue, enqueue = queue.dequeue(), queue.enqueue(1)
    thread = threading.Thread(target=train.run, args=(dequeue,))
    thread.start()
    while (info := train.info()).running_since is None:
        pass
    assert info.state is State.RUNNING
    assert info.runs == 0
    train.run(enqueue)
    thread.join()
    info = tfsess_magics.sessions()[0]
    assert (info.state, info.runs) == (State.IDLE, 2)
    assert info.last_run is not None


def test_sessions_are_records_of_the_facts(open_session: Open) -> None:
    """Kind, state, origin, generation, operations, runs, devices, variables and bytes."""
    train = open_session("train", config=v1.ConfigProto(device_count={"CPU": 2}))
    with train:
        v1.get_variable("w", [10, 3]).initializer.run()
    (info,) = tfsess_magics.sessions()
    assert (info.name, info.kind, info.state, info.generation, info.runs) == ("train", Kind.NAMED, State.IDLE, 1, 1)
    assert info.operations == len(train.graph.get_operations())
    assert [(device.name, device.type) for device in info.devices] == [("CPU:0", "CPU"), ("CPU:1", "CPU")]
    assert info.variables_nbytes == 120
    assert info.last_run is not None
    assert info.last_run.duration > 0
    assert info.origin.function == "open_it"
    assert info.origin.file.endswith("conftest.py")
    with pytest.raises(AttributeError):
        info.name = "other"  # type: ignore[misc]


def test_options_are_merged_over_tensorflows_own_defaults(open_session: Open, tmp_path: Path) -> None:
    """Soft placement stays, and only what a run needs is placed."""
    file = tmp_path / "config.txt"
    file.write_text("log_device_placement: false inter_op_parallelism_threads: 3")
    configs = [v1.ConfigProto(inter_op_parallelism_threads=3), None, None]
    files, threads = [None, file, None], [None, None, (0, 3)]
    for config, config_file, sizes in zip(configs, files, threads, strict=True):
        session = open_session("train", config=config, config_file=config_file, threads=sizes)
        effective = session.session._config
        assert effective.allow_soft_placement
        assert effective.graph_options.place_pruned_graph
        assert effective.inter_op_parallelism_threads == 3
        with session, tf.device("/GPU:7"):
            assert tf.constant(1.0).eval() == 1.0
        tfsess_magics.close("train")


def test_threads_between_operations_are_the_sessions_own(open_session: Open) -> None:
    """TensorFlow ignores the size of a pool that sessions share from the second session on."""
    assert open_session("train", threads=(0, 3)).session._config.use_per_session_threads


def test_threads_that_come_too_late_are_told(open_session: Open) -> None:
    """The pool within operations is sized once per process."""
    open_session("first")
    with pytest.warns(UserWarning, match="session 'late': 2 intra-op threads were asked for, but TensorFlow starts"):
        open_session("late", threads=2)


class FakeGPU:
    """Stands in for what TensorFlow lists where there is a GPU, which no machine of these tests has."""

    name, device_type = "/physical_device:GPU:0", "GPU"


@pytest.mark.parametrize("gpus", [[], [FakeGPU()]])
def test_gpu_options_that_come_too_late_are_told_where_there_is_a_gpu(
    open_session: Open, monkeypatch: pytest.MonkeyPatch, gpus: list[FakeGPU]
) -> None:
    """The first use of a GPU in the process has fixed them."""
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus if kind == "GPU" else [])
    open_session("first")
    config = v1.ConfigProto(gpu_options=v1.GPUOptions(per_process_gpu_memory_fraction=0.5))
    told = ["GPU options (per_process_gpu_memory_fraction: 0.5) were asked for, but TensorFlow reads"] if gpus else []
    with warnings.catch_warnings(record=True, action="always") as caught:
        open_session("late", config=config)
    assert [str(warning.message)[len("session 'late': ") :][: len(told[0])] for warning in caught] == told


def test_a_seed_makes_random_operations_repeat(open_session: Open) -> None:
    """Also after a reset."""
    drawn = []
    for _ in range(2):
        with open_session("train", seed=7):
            drawn.append(tf.random.uniform([3]).eval().tolist())
        tfsess_magics.reset("train")
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"config": {"a": 1}}, r"--config takes a tf.compat.v1.ConfigProto; got \{'a': 1\}"),
        ({"config": v1.ConfigProto(), "config_file": "x"}, "use one of them"),
        ({"config_file": "/nowhere/x"}, "--config-file /nowhere/x: No such file or directory"),
        ({"config_file": 7}, "--config-file 7: "),
        ({"config_file": __file__}, "is not a ConfigProto in text format"),
        ({"device": "/foo"}, "--device takes a device such as /CPU:0.*got '/foo'"),
        ({"device": ""}, "--device takes a device"),
        ({"device": "/gpu:x"}, "--device takes a device"),
        ({"threads": -1}, "--threads takes"),
        ({"seed": 1.5}, "--seed takes"),
    ],
)
def test_bad_options_say_what_is_allowed(open_session: Open, options: dict[str, object], message: str) -> None:
    """What, the value, what is allowed; and no session is left."""
    with pytest.raises(TfSessionError, match=message):
        open_session("train", **options)
    assert tfsess_magics.sessions() == ()


def test_the_same_config_from_elsewhere_is_the_same_option(open_session: Open, tmp_path: Path) -> None:
    """Configs compare by their bytes."""
    file = tmp_path / "config.txt"
    file.write_text("inter_op_parallelism_threads: 3")
    open_session("train", config=v1.ConfigProto(inter_op_parallelism_threads=3))
    open_session("train", config_file=file)
    with pytest.raises(OptionConflictError, match=r"inter_op_parallelism_threads: 4 was given.*threads: 3"):
        open_session("train", config=v1.ConfigProto(inter_op_parallelism_threads=4))


def test_a_closed_session_is_kept_by_nothing(open_session: Open) -> None:
    """Graph, TensorFlow session and named session are collected."""
    train = open_session("train")
    with train:
        v1.get_variable("v", [10]).initializer.run()
    found = [weakref.ref(train), weakref.ref(train.graph), weakref.ref(train.session)]
    tfsess_magics.close("train")
    del train
    gc.collect()
    assert [ref() for ref in found] == [None, None, None]


def test_keras_builds_into_the_sessions_graph(open_session: Open) -> None:
    """Layers are graph operations inside, and eager code in the same process goes on."""
    with open_session("train") as train:
        layer = tf.keras.layers.Dense(2)
        y = layer(tf.constant([[1.0, 2.0]]))
        v1.global_variables_initializer().run()
        assert y.graph is train.graph
        assert y.eval().shape == (1, 2)
    assert tf.keras.layers.Dense(2)(tf.constant([[1.0, 2.0]])).numpy().shape == (1, 2)
