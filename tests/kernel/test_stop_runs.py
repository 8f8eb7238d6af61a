"""Runs in real kernels whose stop or limit has something to say: of a with block, of options, of values."""

from __future__ import annotations

from .harness import Kernel
from .train import BEFORE, VALUES


def test_what_a_stop_in_a_with_block_keeps_and_that_the_block_closes_the_session_is_said(train: Kernel) -> None:
    """The code may go on inside the block, or leave it."""
    body = "with tf.Graph().as_default():\n    blocked = v1.FIFOQueue(1, tf.float32).dequeue()\n"
    body += "    w = v1.get_variable('w', initializer=2.0)\n"
    body += "    with v1.Session() as own:\n        own.run(w.initializer)\n"
    waits = "        go(own)\n        own.run(blocked)"
    outcome = train.run(body + waits, interrupt_at="go")
    assert outcome.ename == "KeyboardInterrupt"
    assert "Kept: 1 variable (4 B)" in outcome.evalue
    assert "Not kept: queues ('fifo_queue')" in outcome.evalue
    assert "The run is in a with block that closes the session at its end" in outcome.evalue
    assert train.value("own._closed") is True
    assert "its variables are gone" in train.run("own.run(w)").traceback
    goes_on = f"        try:\n    {waits.replace('        own', '            own')}\n"
    goes_on += "        except KeyboardInterrupt as stopped: said = str(stopped)\n        after = float(own.run(w))"
    assert train.run(body + goes_on, interrupt_at="go").status == "ok"
    assert train.value("'Kept: 1 variable (4 B)' in said, after") == (True, 2.0)
    assert train.run("del own, w, blocked").status == "ok"


def test_a_sessions_limit_is_on_top_of_the_users_run_options(train: Kernel) -> None:
    build = "w = v1.get_variable('w', initializer=2.0)\nw.initializer.run()\n"
    build += "blocked = v1.FIFOQueue(1, tf.float32, name='empty').dequeue()\nown = v1.get_default_session()\n"
    assert train.run(f"%%tfsession limited --timeout 600\n{build}").status == "ok"
    traced = "options, seen = v1.RunOptions(trace_level=v1.RunOptions.FULL_TRACE), v1.RunMetadata()\n"
    traced += "before = options.SerializeToString()\nfloat(own.run(w, options=options, run_metadata=seen))"
    assert train.run(f"%%tfsession limited\n{traced}").result == "2.0"
    assert train.value("(len(seen.step_stats.dev_stats) > 0, options.SerializeToString() == before)") == (True, True)
    assert train.run("%tfsession new brief --timeout 1").status == "ok"
    assert train.run(f"%%tfsession brief --timeout 0\n{build}").status == "ok"
    outcome = train.run("%%tfsession brief\nown.run(blocked, options=options)")
    assert outcome.ename == "DeadlineExceededError"
    assert "A run of 'empty_Dequeue' was ended after" in outcome.evalue
    assert "--timeout 1 of the session allows no more" in outcome.evalue
    assert train.run("%%tfsession brief --timeout 0\nfloat(own.run(w))").result == "2.0"
    assert train.run("%tfsession close limited brief\ndel own, w, blocked, options, seen, before").status == "ok"


def test_a_stop_during_initialization_keeps_what_is_set_and_leaves_unset_what_is_not(train: Kernel) -> None:
    build = "set_ = v1.get_variable('set', initializer=2.0)\nset_.initializer.run()\n"
    build += "first = v1.FIFOQueue(1, tf.float32, shapes=[[]], name='first')\n"
    build += "slow = v1.get_variable('slow', initializer=first.dequeue())\nown = v1.get_default_session()"
    assert train.run(f"%%tfsession begins\n{build}").status == "ok"
    body = "go(own)\nown.run(v1.variables_initializer([slow]))"
    outcome = train.run(f"%%tfsession begins\n{body}", interrupt_at="go")
    assert outcome.ename == "KeyboardInterrupt"
    assert "on dequeue from 'first', which is empty" in outcome.evalue
    assert "Kept: 1 variable (4 B)" in outcome.evalue
    left = "%%tfsession begins\n(float(own.run(set_)), [name.decode() for name in own.run(unset)])"
    assert train.run("%%tfsession begins\nunset = v1.report_uninitialized_variables()").status == "ok"
    assert train.run(left).result == "(2.0, ['slow'])"
    assert train.run("%%tfsession begins\nown.run(first.enqueue(3.0))\nslow.initializer.run()").status == "ok"
    assert train.run("%%tfsession begins\nfloat(own.run(slow))").result == "3.0"
    assert train.run("%tfsession close begins\ndel own, set_, first, slow, unset").status == "ok"


def test_too_little_memory_is_said_before_anything_is_lost_and_drop_decides(train: Kernel) -> None:
    fill = "import psutil\nclass Full: available = 16\nreal, psutil.virtual_memory = psutil.virtual_memory, Full"
    assert train.run(fill).status == "ok"
    request = train.send("%%tfsession train\ngo()\nsess.run(waits)")
    train.said(request, "go")
    train.interrupt()
    train.said(request, "(MemoryError: that takes 48 B, and 16 B of memory are free), and would be lost")
    with train.subshell() as subshell:
        over = "while session_of(sess).watched.meter.stopping.locked(): time.sleep(0.001)"
        assert train.run(over, subshell=subshell).status == "ok"
        refused = train.run("%tfsession stop train", subshell=subshell)
        assert "'train' was not stopped: its variables cannot be read (MemoryError" in refused.text
        assert train.value(VALUES, subshell=subshell) == BEFORE
        dropped = train.run("%tfsession stop train --on-stop drop", subshell=subshell)
        assert dropped.stream().startswith("stopped 'train': 1 run. Kept: no variables")
    assert train.outcome(request).ename == "SessionStopped"
    assert "FailedPreconditionError" in train.run("sess.run(v)").traceback
    assert train.run("psutil.virtual_memory = real").status == "ok"
