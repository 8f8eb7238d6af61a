"""A session that can be made to wait for ever."""

from __future__ import annotations

PREPARE = """%%tfsession train
import threading, time, signal, numpy, tensorflow as tf, tfsess_magics
v1 = tf.compat.v1
v = v1.get_variable("v", initializer=numpy.arange(6.0))
v.initializer.run()
waits = v1.FIFOQueue(1, tf.float32, name="queue").dequeue()
loops = tf.while_loop(lambda i: i >= 0, lambda i: i * 1, [tf.constant(1)])
bump = v.assign_add(numpy.ones(6))
sess = v1.get_default_session()
def go(sess=sess):
    'Say so, once a run is under way.'
    def wait():
        meter = [s for s in tfsess_magics.process.registry.live() if s.session is sess][0].watched.meter
        while not meter.in_flight: time.sleep(0.001)
        time.sleep(0.05)
        print("go")
    threading.Thread(target=wait).start()
bump.op.run()
fd = signal.set_wakeup_fd(-1); _ = signal.set_wakeup_fd(fd)
"""
VALUES = "[float(x) for x in sess.run(v)]"
BEFORE = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
