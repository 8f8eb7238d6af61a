"""The session behind Keras' v1 backend, in a process of its own: Keras is chosen before TensorFlow comes."""

import json

from tests.forks import run

CODE = """
import gc, json, sys
import numpy as np
import tensorflow as tf
import tfsess_magics
from tfsess_magics.process import observe

end = observe()
backend = tf.compat.v1.keras.backend
told = []

def tell():
    infos = tfsess_magics.sessions()
    told.append([(info.kind, info.origin.module, info.runs, info.variables_nbytes) for info in infos])

with tf.Graph().as_default():
    session = backend.get_session()
    tell()
    x = tf.compat.v1.keras.layers.Input([2])
    y = tf.compat.v1.keras.layers.Dense(3)(x)
    tf.compat.v1.keras.Model(x, y).predict(np.ones([1, 2]), verbose=0)
    before = tfsess_magics.sessions()[0].runs
    function = backend.function([x], [y])
    for _ in range(3):
        function([np.ones([1, 2])])
    told.append(tfsess_magics.sessions()[0].runs - before)
    tell()
backend.clear_session()
del session, x, y, function
gc.collect()
tell()
print(json.dumps(told))
"""


def test_it_is_listed_with_its_maker_and_counts_every_run() -> None:
    """The code that asked Keras. Also runs of ``K.function``, which uses a callable; gone after ``clear_session``."""
    done = run(CODE, TF_USE_LEGACY_KERAS="1")
    assert done.returncode == 0, done.stderr
    opened, runs, used, cleared = json.loads(done.stdout.splitlines()[-1])
    assert opened == [["observed", "__main__", 0, 0]]
    assert runs == 3
    ((kind, module, _, nbytes),) = used
    assert (kind, module, nbytes) == ("observed", "__main__", (2 * 3 + 3) * 4)
    assert cleared == []
