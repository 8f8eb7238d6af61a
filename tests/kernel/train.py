"""A session that can be made to wait for ever."""

from __future__ import annotations

import inspect

from tests import in_runtime

_HELPER = "\n".join(filter(None, inspect.getsource(in_runtime).splitlines()))
"""Without empty lines, at which a terminal takes a cell to end."""
GO = f"""
import threading, tfsess_magics
{_HELPER}
vars(tfsess_magics.core.settings.settings).clear()  # those of other tests
tfsess_magics.core.settings.settings.cut_patience = 120  # a busy machine may take long for a stop
tfsess_magics.core.settings.settings.reply_after = 120  # and may compute while a run waits
def session_of(sess):
    return [s for s in tfsess_magics.process.registry.live() if s.session is sess][0]
def go(of=None, runs=1):
    'Say so, once so many runs are under way.'
    session = session_of(sess if of is None else of)
    def wait():
        wait_for_runs(session, runs)
        time.sleep(0.05)  # from there to what it waits for there is nothing to be seen
        print("go")
    threading.Thread(target=wait).start()
"""
PREPARE = f"""%%tfsession train
{GO}import signal, numpy, tensorflow as tf
v1 = tf.compat.v1
v = v1.get_variable("v", initializer=numpy.arange(6.0))
v.initializer.run()
waits = v1.FIFOQueue(1, tf.float32, name="queue").dequeue()
loops = tf.while_loop(lambda i: i >= 0, lambda i: i * 1, [tf.constant(1)])
bump = v.assign_add(numpy.ones(6))
sess = v1.get_default_session()
bump.op.run()
fd = signal.set_wakeup_fd(-1); _ = signal.set_wakeup_fd(fd)
"""
HOLD = """%%tfsession train
free, held = threading.Event(), threading.Event()
def hold():
    held.set()
    free.wait()
    return 1.0
holds = v1.py_func(hold, [], tf.double, name="python")
def go_held():
    'Say so, once Python has been called: a run that is stopped before that does not call it.'
    def wait():
        held.wait()
        print("go")
    threading.Thread(target=wait).start()
"""
TOLD = "Interrupt again to end it at once"
"""Part of the line that a cell prints when an interrupt waits for the end of a run."""
VALUES = "[float(x) for x in sess.run(v)]"
BEFORE = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
