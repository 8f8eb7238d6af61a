"""TensorFlow's own code that manages sessions."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.python.debug.wrappers.dumping_wrapper import DumpingDebugWrapperSession

from tests.harm.fetching import opened
from tests.harm.table import behaviour, error_of, look

v1 = tf.compat.v1


class _Notes(v1.train.SessionRunHook):  # type: ignore[misc,name-defined]
    """Notes when it is called, and stops after three runs."""

    def __init__(self, *, fail: bool = False) -> None:
        self.notes: list[Any] = []
        self._fail = fail

    def begin(self) -> None:
        self.notes.append("begin")

    def after_create_session(self, session: Any, coord: Any) -> None:
        self.notes.append(["created", type(session), coord is None])

    def before_run(self, run_context: Any) -> Any:
        self.notes.append(["before", type(run_context.session), run_context.original_args.fetches is not None])
        look()
        return v1.train.SessionRunArgs("step:0")

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.notes.append(["after", run_values.results])
        if self._fail:
            raise KeyError("of a hook")
        if run_values.results >= 3:
            run_context.request_stop()

    def end(self, session: Any) -> None:
        self.notes.append(["end", type(session)])


def _counter() -> Any:
    v1.train.create_global_step()
    step = v1.get_variable("counted", initializer=0)
    return tf.identity(step.assign_add(1), name="step")


@behaviour
def monitored_session() -> Any:
    hook = _Notes()
    with tf.Graph().as_default():
        step = _counter()
        with v1.train.MonitoredSession(hooks=[hook]) as session:
            while not session.should_stop():
                session.run(step)
        return hook.notes, error_of(lambda: session.run(step))


@behaviour
def singular_monitored_session() -> Any:
    hook = _Notes()
    with tf.Graph().as_default():
        step = _counter()
        with v1.train.SingularMonitoredSession(hooks=[hook]) as session:
            values = session.run(step), session.raw_session().run(step)
        return values, hook.notes, session.graph is v1.get_default_graph()


@behaviour
def monitored_session_whose_hook_fails() -> Any:
    def fails() -> None:
        with tf.Graph().as_default():
            step = _counter()
            with v1.train.MonitoredSession(hooks=[_Notes(fail=True)]) as session:
                session.run(step)

    return error_of(fails)


@behaviour
def monitored_session_whose_run_fails() -> Any:
    def fails() -> None:
        with tf.Graph().as_default():
            _counter()
            inverse = tf.linalg.inv(tf.zeros([2, 2]))
            with v1.train.MonitoredSession() as session:
                session.run(inverse)

    return error_of(fails)


@behaviour
def monitored_session_recovers() -> Any:
    failures = [tf.errors.AbortedError(None, None, "lost")]

    def sometimes(x: Any) -> Any:
        return x

    class Breaks(v1.train.SessionRunHook):  # type: ignore[misc,name-defined]
        def after_run(self, *_: Any) -> None:
            if failures:
                raise failures.pop()

    with tf.Graph().as_default():
        v1.train.create_global_step()
        x = tf.numpy_function(sometimes, [tf.constant(1)], tf.int32)
        with v1.train.MonitoredSession(hooks=[Breaks()]) as session:
            return session.run(x), len(failures)


@behaviour
def monitored_training_session() -> Any:
    with tempfile.TemporaryDirectory() as folder, tf.Graph().as_default():
        step = v1.assign_add(v1.train.create_global_step(), 1)
        for _ in range(2):
            with v1.train.MonitoredTrainingSession(
                checkpoint_dir=folder, save_checkpoint_steps=2, hooks=[v1.train.StopAtStepHook(num_steps=3)]
            ) as session:
                while not session.should_stop():
                    value = session.run(step)
        return value, sorted(path.name for path in Path(folder).glob("*.index"))


@behaviour
def run_step_function() -> Any:
    with tf.Graph().as_default():
        step = _counter()
        with v1.train.MonitoredSession() as session:
            return session.run_step_fn(lambda step_context: step_context.session.run(step))


@behaviour
def supervisor() -> Any:
    with tf.Graph().as_default() as graph:
        step = _counter()
        manager = v1.train.Supervisor(graph=graph, logdir=None, summary_op=None, saver=None)
        with manager.managed_session("") as session:
            look()
            value = session.run(step)
        return value, manager.should_stop(), graph.finalized


@behaviour
def session_manager() -> Any:
    with tf.Graph().as_default():
        step = _counter()
        session = v1.train.SessionManager().prepare_session("", init_op=v1.global_variables_initializer())
        value = session.run(step), type(session)
        session.close()
        return value


@behaviour
def saver() -> Any:
    with tempfile.TemporaryDirectory() as folder, tf.Graph().as_default():
        variable = v1.get_variable("v", initializer=[1.0, 2.0])
        keeper = v1.train.Saver()
        with v1.Session() as session:
            session.run(variable.initializer)
            look()
            path = keeper.save(session, str(Path(folder, "model")), global_step=3)
        with v1.Session() as session:
            keeper.restore(session, path)
            look()
            missing = error_of(lambda: keeper.restore(session, str(Path(folder, "none"))))
            return Path(path).name, session.run(variable), type(missing), keeper.last_checkpoints == [path]


@behaviour
def saved_model() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "model"))
        with opened() as session:
            fed = v1.placeholder(tf.float32, name="fed")
            variable = v1.get_variable("v", initializer=2.0)
            product = tf.multiply(fed, variable, name="product")
            session.run(variable.initializer)
            v1.saved_model.simple_save(session, path, {"fed": fed}, {"product": product})
        with opened() as session:
            v1.saved_model.load(session, ["serve"], path)
            look()
            value = session.run("product:0", {"fed:0": 5})
        loaded = tf.saved_model.load(path)
        return value, loaded.signatures["serving_default"](tf.constant(4.0))["product"].numpy()


@behaviour
def frozen_variables() -> Any:
    with opened() as session:
        variable = v1.get_variable("v", initializer=2)
        tf.add(variable, 1, name="sum")
        session.run(variable.initializer)
        look()
        frozen = v1.graph_util.convert_variables_to_constants(session, session.graph_def, ["sum"])
    with opened() as session:
        tf.import_graph_def(frozen, name="")
        return session.run("sum:0"), sorted(node.name for node in frozen.node)


@behaviour
def meta_graph() -> Any:
    with opened():
        v1.get_variable("v", initializer=[2])
        look()
        exported = v1.train.export_meta_graph()
    with opened() as session:
        v1.train.import_meta_graph(exported)
        session.run(v1.global_variables_initializer())
        return session.run(v1.global_variables())


@behaviour
def queue_runners() -> Any:
    with opened() as session:
        queue = tf.queue.FIFOQueue(3, tf.int32, shapes=[[]])
        limit = v1.train.limit_epochs(tf.constant(4), 2)
        session.run(v1.local_variables_initializer())
        coordinator = tf.train.Coordinator()
        runner = v1.train.QueueRunner(queue, [queue.enqueue(limit)])
        threads = runner.create_threads(session, coordinator, start=True)
        dequeue = queue.dequeue()
        look()
        values = [session.run(dequeue), session.run(dequeue)]
        error = error_of(lambda: session.run(dequeue))
        coordinator.request_stop()
        coordinator.join(threads)
        return values, type(error), coordinator.joined


@behaviour
def coordinator_hands_errors_on() -> Any:
    with opened() as session:
        queue = tf.queue.FIFOQueue(3, tf.float32, shapes=[[2, 2]])
        coordinator = tf.train.Coordinator()
        runner = v1.train.QueueRunner(queue, [queue.enqueue(tf.linalg.inv(tf.zeros([2, 2])))])
        threads = runner.create_threads(session, coordinator, start=True)
        return error_of(lambda: coordinator.join(threads))


@behaviour
def debugger_session() -> Any:
    with tempfile.TemporaryDirectory() as folder, opened() as session:
        wrapped = DumpingDebugWrapperSession(session, folder)
        look()
        return type(wrapped), wrapped.run(tf.constant([1, 2])), wrapped.graph is session.graph


@behaviour
def distribution_strategy() -> Any:
    with opened() as session:
        strategy = tf.distribute.OneDeviceStrategy("/CPU:0")
        with strategy.scope():
            variable = v1.get_variable("v", initializer=3)
        session.run(v1.global_variables_initializer())
        look()
        return session.run(strategy.run(lambda: variable + 1))


@behaviour
def eager_code_beside_a_session() -> Any:
    with opened() as session:
        value = session.run(tf.constant(1))
    variable = tf.Variable([1.0])
    with tf.GradientTape() as tape:
        loss = variable**2
    return value, tape.gradient(loss, variable).numpy(), tf.executing_eagerly()


@behaviour
def keras_model_beside_a_session() -> Any:
    with opened() as session:
        value = session.run(tf.constant(1))
        look()
    tf.keras.utils.set_random_seed(3)
    model = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(tf.ones([4, 2]), tf.ones([4, 1]), verbose=0)
    return value, history.history, model.count_params()
