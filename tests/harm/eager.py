"""What eager variables are, and what is done with them."""

from __future__ import annotations

import copy
import gc
import pickle
import tempfile
import weakref
from pathlib import Path
from typing import Any

import tensorflow as tf

from tests.harm.table import behaviour, error_of, nobody_looks

v1 = tf.compat.v1


@behaviour
def variable() -> Any:
    v = tf.Variable([[1.0, 2.0]], name="v", trainable=False)
    return type(v), v.name, v.shape, v.dtype, v.trainable, v.device, v.numpy().tolist(), sorted(vars(v))


@behaviour
def variable_that_cannot_be_made() -> Any:
    return (
        error_of(tf.Variable),
        error_of(lambda: tf.Variable("a", dtype=tf.float32)),
        error_of(lambda: tf.Variable(1.0, shape=[2])),
    )


@behaviour
def assignments() -> Any:
    v = tf.Variable([1.0, 2.0])
    results = [
        v.assign([3.0, 4.0]),
        v.assign_add([1.0, 1.0]),
        v.assign_sub([1.0, 0.0]),
        v.assign([0.0, 0.0], read_value=False),
    ]
    return [type(result) for result in results], v.numpy().tolist(), error_of(lambda: v.assign([1.0]))


@behaviour
def variable_of_any_shape() -> Any:
    v = tf.Variable([1.0], shape=tf.TensorShape(None))
    v.assign([[1.0, 2.0]])
    return v.shape, v.numpy().tolist()


@behaviour
def copied_variable() -> Any:
    v = tf.Variable([1.0])
    w = copy.deepcopy(v)
    w.assign([2.0])
    return v.numpy().tolist(), w.numpy().tolist(), error_of(lambda: copy.copy(v)), error_of(lambda: pickle.dumps(v))


@behaviour
def gradients() -> Any:
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = v * v
    return [variable is v for variable in tape.watched_variables()], tape.gradient(y, v).numpy()


@behaviour
def variable_of_a_function() -> Any:
    held: list[Any] = []

    def step(x: Any) -> Any:
        if not held:
            held.append(tf.Variable(2.0))
        return held[0] * x

    return tf.function(step)(3.0).numpy(), type(held[0]), error_of(tf.function(lambda: tf.Variable(1.0)))


@behaviour
def variable_of_a_creator() -> Any:
    made = []

    def creator(next_creator: Any, **kwargs: Any) -> Any:
        made.append(sorted(kwargs))
        return next_creator(**kwargs)

    with tf.variable_creator_scope(creator):
        v = tf.Variable(1.0)
    return made, type(v)


@behaviour
def variable_in_a_graph() -> Any:
    with tf.Graph().as_default() as graph:
        v = tf.Variable(1.0)
        w = v1.get_variable("w", [2])
        return type(v), type(w), [op.name for op in graph.get_operations()]


@behaviour
def variable_that_is_gone() -> Any:
    v = tf.Variable(1.0)
    reference = weakref.ref(v)
    with nobody_looks():
        del v
        gc.collect()
        return reference() is None


@behaviour
def checkpoint() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = tf.train.Checkpoint(v=tf.Variable(5.0)).write(str(Path(folder) / "c"))
        v = tf.Variable(0.0)
        tf.train.Checkpoint(v=v).read(path).assert_consumed()
        return v.numpy()


@behaviour
def trained_model() -> Any:
    from tensorflow import keras

    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input([2]), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    history = model.fit(tf.ones([4, 2]), tf.ones([4, 1]), epochs=2, verbose=0)
    return history.history["loss"], [type(v.value) for v in model.variables], model.get_weights()[0].tolist()
