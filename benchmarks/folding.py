"""What it costs that conditions of loops are not folded to constants in named sessions: nothing ends such a loop."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import interleaved

_ROUNDS = 30
_RUNS = 20


def report() -> None:
    """Print a run's time with TensorFlow's default and with ours, for several graphs."""
    for build in (_trivial, _dense, _constants, _convolution, _recurrent):
        _report_graph(build)


def _report_graph(build: Callable[[], Any]) -> None:
    import tensorflow as tf

    v1 = tf.compat.v1
    tasks: dict[str, Callable[[], object]] = {}
    first: dict[str, float] = {}
    for name, level in ("folded", v1.OptimizerOptions.L1), ("not folded", v1.OptimizerOptions.L0):
        with tf.Graph().as_default() as graph:
            op = build()
            config = v1.ConfigProto()
            config.graph_options.optimizer_options.opt_level = level
            session = v1.Session(graph=graph, config=config)
            session.run(v1.global_variables_initializer())
        start = time.perf_counter()
        session.run(op)
        first[name] = time.perf_counter() - start
        tasks[name] = functools.partial(session.run, op)
    seconds = interleaved(tasks, _ROUNDS, _RUNS)
    print(
        f"{build.__name__.removeprefix('_'):12} {seconds['folded'] * 1e3:.3f} ms folded, "
        f"{seconds['not folded'] * 1e3:.3f} not, ratio {seconds['not folded'] / seconds['folded']:.3f}; first run "
        f"{first['folded'] * 1e3:.0f} and {first['not folded'] * 1e3:.0f} ms"
    )


def _trivial() -> Any:
    import tensorflow as tf

    return tf.constant(1.0) + tf.compat.v1.get_variable("v", initializer=1.0)


def _dense() -> Any:
    import tensorflow as tf

    v1 = tf.compat.v1
    hidden = tf.random.normal([64, 256], seed=1)
    for layer in range(3):
        weights, bias = v1.get_variable(f"w{layer}", [256, 256]), v1.get_variable(f"b{layer}", [256])
        hidden = tf.nn.relu(tf.matmul(hidden, weights) + bias)
    return v1.train.AdamOptimizer(1e-3).minimize(tf.reduce_mean(tf.square(hidden)))


def _constants() -> Any:
    import tensorflow as tf

    constant = tf.constant(np.random.default_rng(1).random((256, 256), dtype=np.float32))
    product = constant
    for _ in range(10):
        product = tf.matmul(product, constant) / 16.0
    return tf.matmul(tf.random.normal([1, 256]), product)


def _convolution() -> Any:
    import tensorflow as tf

    v1 = tf.compat.v1
    image = tf.random.normal([8, 32, 32, 3])
    for layer, channels in enumerate((16, 32)):
        kernel = v1.get_variable(f"k{layer}", [3, 3, image.shape[-1], channels])
        image = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(image, kernel, 1, "SAME")), 2, 2, "SAME")
    return v1.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(image))


def _recurrent() -> Any:
    import tensorflow as tf

    v1 = tf.compat.v1
    weights = v1.get_variable("w", [64, 64])
    state = tf.while_loop(
        lambda i, h: i < 50,  # noqa: ARG005 - called with both
        lambda i, h: (i + 1, tf.tanh(h @ weights)),
        [tf.constant(0), tf.random.normal([8, 64])],
    )[1]
    return v1.train.AdamOptimizer().minimize(tf.reduce_mean(state))
