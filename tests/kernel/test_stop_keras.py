"""Keras as it was with TensorFlow 1, whose functions are callables of a session, after its training was stopped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .harness import Kernel
from .train import GO

PREPARE = f"""
import numpy, tensorflow as tf
{GO}
v1 = tf.compat.v1
v1.disable_v2_behavior()
import tf_keras
from tf_keras.src import backend
x, y = numpy.ones([72, 2], "float32"), numpy.ones([72, 1], "float32")
gate = v1.FIFOQueue(100, tf.float32, shapes=[[]], name="gate")
model = tf_keras.Sequential([
    tf_keras.layers.Dense(1, input_shape=[2], name="dense"),
    tf_keras.layers.Lambda(lambda batch: batch + gate.dequeue()),
])
model.compile("sgd", "mse")
sess = backend.get_session()
fill, is_empty = gate.enqueue_many([numpy.zeros(9, "float32")]), threading.Event()
begun = tf_keras.callbacks.LambdaCallback(on_batch_begin=lambda batch, logs: batch == 9 and is_empty.set())
def fit(steps):
    'Train as many steps as there are elements in the queue.'
    model.fit(x[: 8 * steps], y[: 8 * steps], batch_size=8, verbose=0)
def stop_when_empty():
    'Stop the run that waits for another element.'
    is_empty.wait()
    wait_for_runs(session_of(sess))
    print(tfsess_magics.stop(session_of(sess).name, now=True))
"""


@pytest.fixture
def keras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel of its own, as TensorFlow 2 behaviour is off in all of it."""
    with Kernel(tmp_path_factory.mktemp("keras")) as kernel:
        assert kernel.run("%load_ext tfsess_magics").status == "ok"
        assert kernel.run(PREPARE).status == "ok"
        yield kernel


@pytest.mark.needs("tf_keras")
def test_fit_and_predict_work_after_a_stop_and_the_model_has_learned_what_it_had(keras: Kernel) -> None:
    assert keras.run("sess.run(fill); before = model.get_weights()").status == "ok"
    for _ in range(3):
        stopped = keras.run(
            "is_empty.clear(); thread = threading.Thread(target=stop_when_empty); thread.start()\n"
            "try: model.fit(x, y, batch_size=1, verbose=0, callbacks=[begun])\n"
            "finally: thread.join()"
        )
        assert stopped.ename == "SessionStopped"
        assert "on dequeue from 'gate', which is empty" in stopped.evalue
        assert "Kept: " in stopped.stream()
        assert "callable" not in stopped.stream()
        assert keras.run("after = model.get_weights(); sess.run(fill)").status == "ok"
        assert keras.value("all(not numpy.array_equal(a, b) for a, b in zip(before, after))") is True
        predicted = "numpy.allclose(model.predict(x[:3], batch_size=3), x[:3] @ after[0] + after[1])"
        assert keras.value(predicted) is True
        assert keras.run("fit(8); sess.run(fill); before = model.get_weights()").status == "ok"
