"""An interrupt takes nothing that plain TensorFlow keeps: a run that ends by itself is not cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .harness import Kernel
from .train import BEFORE, TOLD, VALUES

STATEFUL = """
import numpy, signal, threading, time, tensorflow as tf
v1 = tf.compat.v1
graph = tf.Graph()
with graph.as_default():
    iterator = v1.data.make_initializable_iterator(tf.data.Dataset.range(10**9))
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer([1, 2], [10, 20]), -1)
    weight = v1.get_variable("weight", initializer=0.0)
    momentum = v1.train.MomentumOptimizer(0.1, 0.9).minimize((weight - 1.0) ** 2)
    following, found = iterator.get_next(), table.lookup(tf.constant(2))
    large = tf.random.stateless_normal([600, 600], [1, 2])
    slow = tf.while_loop(lambda i, x: i < 60, lambda i, x: (i + 1, tf.linalg.matmul(x, large) / 600.0), [0, large])[1]
    sess = v1.Session(graph=graph)
    sess.run([v1.global_variables_initializer(), v1.tables_initializer(), iterator.initializer])
"""
GOES_ON = "(int(sess.run(following)) > 0, int(sess.run(found)))"


@pytest.fixture
def stateful(kernel: Kernel) -> Iterator[Kernel]:
    """A kernel with a session of other code that holds an iterator, a table and an optimizer's slots."""
    assert kernel.run("%load_ext tfsess_magics").status == "ok"
    assert kernel.run(STATEFUL).status == "ok"
    yield kernel
    assert kernel.run("sess.close(); del sess, graph, iterator, table, weight, momentum").status == "ok"


def test_interrupts_of_a_training_loop_lose_nothing(stateful: Kernel) -> None:
    """Neither the iterator nor the table, and no step is half done."""
    body = "said = False\nwhile True:\n    sess.run([momentum, following, found])\n    said = said or not print('go')"
    for _ in range(10):
        outcome = stateful.run(body, interrupt_at="go")
        assert (outcome.ename, outcome.evalue) == ("KeyboardInterrupt", "")
        assert stateful.value(GOES_ON) == (True, 20)
        assert stateful.value("tf.executing_eagerly()") is True


def test_a_long_first_run_ends_by_itself_and_then_the_interrupt_comes(stateful: Kernel) -> None:
    """It computes and has no run like it: nothing says that it would not end."""
    body = "def say():\n    time.sleep(0.1)\n    print('go')\nthreading.Thread(target=say).start()\n"
    outcome = stateful.run(f"{body}before = int(sess.run(following))\nsess.run([slow, following])", interrupt_at="go")
    assert (outcome.ename, outcome.evalue) == ("KeyboardInterrupt", "")
    assert stateful.value("int(sess.run(following)) - before") == 2
    assert stateful.value(GOES_ON) == (True, 20)


def test_a_slow_input_pipeline_is_waited_for(kernel: Kernel) -> None:
    """Its element comes, and the next one after it."""
    assert kernel.run("%load_ext tfsess_magics").status == "ok"
    prepare = """
import threading, time, tensorflow as tf
v1 = tf.compat.v1
asked = threading.Event()
def elements():
    for number in range(10**6):
        if number == 3:
            asked.set()
        time.sleep(0.6)
        yield number
graph = tf.Graph()
with graph.as_default():
    dataset = tf.data.Dataset.from_generator(elements, output_signature=tf.TensorSpec([], tf.int32))
    iterator = v1.data.make_initializable_iterator(dataset)
    following, sess = iterator.get_next(), v1.Session(graph=graph)
    sess.run(iterator.initializer)
def say():
    asked.wait()
    print("go")
"""
    assert kernel.run(prepare).status == "ok"
    body = "threading.Thread(target=say).start()\nfor _ in range(6): last = int(sess.run(following))"
    outcome = kernel.run(body, interrupt_at="go")
    assert (outcome.ename, outcome.evalue) == ("KeyboardInterrupt", "")
    assert kernel.value("(last, int(sess.run(following)))") == (2, 4)
    assert kernel.run("sess.close(); del sess, graph, iterator, following").status == "ok"


def test_queue_runners_live_on(kernel: Kernel) -> None:
    """The coordinator asks no thread to stop, and the next run gets its batch."""
    assert kernel.run("%load_ext tfsess_magics").status == "ok"
    prepare = """
import threading, tensorflow as tf
v1 = tf.compat.v1
graph = tf.Graph()
with graph.as_default():
    one = v1.train.range_input_producer(1000).dequeue()
    batch = v1.train.batch([one], 4, num_threads=2)
    x = tf.random.stateless_normal([700, 700], [1, 2])
    heavy = tf.reduce_sum(x @ x @ x)
    sess, coordinator = v1.Session(graph=graph), v1.train.Coordinator()
    sess.run(v1.local_variables_initializer())
    runners = [thread for thread in v1.train.start_queue_runners(sess, coordinator)
               if "close_on_stop" not in thread.name]
"""
    assert kernel.run(prepare).status == "ok"
    for _ in range(3):
        outcome = kernel.run("print('go')\nwhile True: sess.run([batch, heavy])", interrupt_at="go")
        assert (outcome.ename, outcome.evalue) == ("KeyboardInterrupt", "")
        assert kernel.value("[thread.is_alive() for thread in runners]") == [True] * 3
        assert kernel.value("(coordinator.should_stop(), len(sess.run(batch)))") == (False, 4)
    assert kernel.run("coordinator.request_stop(); coordinator.join(runners); sess.close()").status == "ok"


@pytest.mark.needs("tf_keras")
@pytest.mark.parametrize("header", ["%%tfsession keras\n", ""], ids=["session", "ordinary"])
def test_keras_models_of_version_1_can_be_trained_on(kernel: Kernel, header: str) -> None:
    """Their functions are callables of the session."""
    assert kernel.run("%load_ext tfsess_magics").status == "ok"
    prepare = """
import numpy, tensorflow as tf, tf_keras
v1 = tf.compat.v1
graph = tf.Graph()
x, y = numpy.ones([64, 4000], "float32"), numpy.ones([64, 1000], "float32")
class Say(tf_keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 2: print("go")
"""
    layer = "tf_keras.layers.Dense(1000, input_shape=(4000,))"
    model = f"model = tf_keras.Sequential([{layer}])\nmodel.compile('sgd', 'mse')\n"
    goes_on = "model.fit(x, y, verbose=0)\nassert model.predict(x, verbose=0).shape == (64, 1000)"
    trains = "model.fit(x, y, 16, epochs=10**6, callbacks=[Say()], verbose=0)"
    caught = f"try:\n    {trains}\nexcept KeyboardInterrupt as error:\n    print('said', repr(error))\n"
    around = header or "with graph.as_default(), v1.Session(graph=graph):\n"
    lines = f"{model}model.fit(x, y, verbose=0)\n{caught}{goes_on}".splitlines()
    assert kernel.run(prepare).status == "ok"
    for _ in range(3):
        outcome = kernel.run(
            around + "\n".join((header and line) or f"    {line}" for line in lines), interrupt_at="go"
        )
        assert (outcome.status, outcome.evalue) == ("ok", "")
        assert "said KeyboardInterrupt()" in outcome.stream()
    assert kernel.run("%tfsession close --all").status == "ok"


def test_only_an_interrupt_after_the_line_cuts(train: Kernel) -> None:
    request = train.send("%%tfsession train\ngo()\nsess.run(loops)")
    train.said(request, "go")
    for _ in range(3):
        train.interrupt()
    train.said(request, TOLD)
    outcome = train.outcome(request, interrupt_at=TOLD)
    assert outcome.ename == "KeyboardInterrupt"
    assert outcome.stream("stderr").count("Interrupted: ") == 1
    assert train.value(VALUES) == BEFORE


def test_a_run_that_takes_far_longer_than_runs_like_it_is_cut_at_once(train: Kernel) -> None:
    """Also while other code computes, so that the run is not known to wait."""
    prepare = "q = v1.FIFOQueue(9, tf.float32, shapes=[[]])\nfill, take = q.enqueue_many([[1.0] * 5]), q.dequeue()\n"
    assert train.run(f"%%tfsession train\n{prepare}sess.run(fill)\n[sess.run(take) for _ in range(5)]").status == "ok"
    body = "busy = True\ndef compute():\n    while busy: pass\nthreading.Thread(target=compute, daemon=True).start()\n"
    outcome = train.run(f"%%tfsession train\n{body}go()\nsess.run(take)", interrupt_at="go")
    assert outcome.ename == "KeyboardInterrupt"
    assert "Kept: 1 variable (48 B)" in outcome.evalue
    assert TOLD not in outcome.stream("stderr")
    assert train.run("busy = False; del q, fill, take").status == "ok"


def test_where_no_second_interrupt_can_come_a_run_is_cut_after_a_while(train: Kernel) -> None:
    """As under nbclient, which allows no input; the cell says when."""
    assert train.run("%config SessionMagics.interrupt_patience = 2").status == "ok"
    outcome = train.run("%%tfsession train\ngo()\nsess.run(loops)", interrupt_at="go", allow_stdin=False)
    assert outcome.ename == "KeyboardInterrupt"
    assert "Kept: 1 variable (48 B)" in outcome.evalue
    assert "The interrupt ends it in 1 s, unless it ends before." in outcome.stream("stderr")
    assert train.run("%config SessionMagics.interrupt_patience = 30").status == "ok"
    assert train.value(VALUES) == BEFORE
