"""A look at the frames of all threads holds up none of them."""

import gc
import subprocess
import sys
import threading
import weakref

from tfsess_magics.core.frames import current_frames

COLLECTING = """
import faulthandler, gc, sys, threading, time
from tfsess_magics.core.frames import current_frames
faulthandler.dump_traceback_later(60, exit=True)

class Garbage:
    def __init__(self):
        self.me = self
    def __del__(self):
        time.sleep(0.0001)  # gives Python's lock to another thread

is_over = False

def begin_threads():
    while not is_over:
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()

def rest():
    while not is_over:
        time.sleep(0.001)

threads = [threading.Thread(target=target) for target in (begin_threads, *[rest] * 5)]
for thread in threads:
    thread.start()
until = time.perf_counter() + 1
gc.set_threshold(1)
while time.perf_counter() < until:
    Garbage()
    current_frames()
is_over = True
for thread in threads:
    thread.join()
print(gc.isenabled())
"""


def test_a_collection_during_a_look_does_not_stop_the_process() -> None:
    """In a process of its own: one that stands still cannot be mended."""
    done = subprocess.run([sys.executable, "-c", COLLECTING], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


class Thing:
    """An object that a local variable of a function refers to."""


def test_a_look_keeps_no_local_variable_alive() -> None:
    """The collector is on, and comes to nothing meanwhile."""

    def look() -> weakref.ref[Thing]:
        thing = Thing()
        assert threading.get_ident() in current_frames()
        return weakref.ref(thing)

    gc.collect()
    assert look()() is None


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    try:
        assert threading.get_ident() in current_frames()
        assert not gc.isenabled()
    finally:
        gc.enable()
