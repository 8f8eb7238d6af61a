"""Values that are saved in a kernel, and restored by a plain Saver and by another session."""

from __future__ import annotations

from pathlib import Path

from .harness import Kernel
from .train import BEFORE, VALUES

WORKER = """
def take():
    try:
        sess.run(waits)
    except BaseException as error:
        ended.append(type(error).__name__)
ended = []
worker = threading.Thread(target=take)
worker.start()
wait_for_runs(session_of(sess), 1)
"""
OTHER = """%%tfsession other
u = v1.get_variable("v", [6], tf.float64)
saver = v1.train.Saver()
"""


def test_a_session_s_values_go_to_a_saver_and_to_another_session(train: Kernel, tmp_path: Path) -> None:
    """While a run of the session waits in another thread."""
    assert train.run(WORKER).status == "ok"
    saved = train.run(f"%tfsession save train {tmp_path}/model")
    assert saved.status == "ok", saved.text
    assert saved.stream().startswith(
        f"saved 1 variable (48 B) of train to {tmp_path}/model. Not saved: queues ('queue')"
    )
    assert "1 run in flight meanwhile" in saved.stream()
    refused = train.run(f"%tfsession restore train {tmp_path}/model")
    assert "cannot restore 'train': 1 run in flight in it" in refused.stream("stderr")
    assert train.run("tfsess_magics.stop('train', now=True); worker.join()").status == "ok"
    assert train.value("ended") == ["SessionStopped"]
    assert train.run(OTHER).status == "ok"
    restored = train.run(f"%tfsession restore other {tmp_path}/model")
    assert restored.stream() == f"restored 1 variable (48 B) of other from {tmp_path}/model\n"
    assert train.run("%%tfsession other\nread = [float(x) for x in u.eval()]").status == "ok"
    assert train.value("read") == BEFORE
    again = f"%%tfsession other\nu.initializer.run()\nsaver.restore(v1.get_default_session(), '{tmp_path}/model')"
    assert train.run(f"{again}\nread = [float(x) for x in u.eval()]").status == "ok"
    assert train.value("read") == BEFORE
    assert train.value(VALUES) == BEFORE
    assert train.run("%tfsession close other").status == "ok"
