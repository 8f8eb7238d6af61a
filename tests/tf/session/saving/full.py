"""A save to a disk on which there is no room: to be done in a process of its own."""

import resource
from pathlib import Path

import tensorflow as tf

import tfsess_magics
from tfsess_magics import NotSavedError

v1 = tf.compat.v1


def save_without_room(folder: str) -> None:
    """Have a file be at most 64 KiB, and save 1 MiB over an older checkpoint."""
    path = Path(folder) / "model"
    train = tfsess_magics.session("train")
    with train:
        v = v1.get_variable("v", [256, 1024], initializer=v1.zeros_initializer())
        train.run(v.initializer)
        tfsess_magics.save("train", path)
        before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
        assert set(before) == {"model.index", "model.data-00000-of-00001"}
        train.run(v.assign_add(tf.ones([256, 1024])))
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, 2**16))
        try:
            tfsess_magics.save("train", path)
        except NotSavedError as error:
            assert str(error) == f"train was not saved to {path}: File too large"  # noqa: PT017 - a process without pytest
        else:
            raise AssertionError
        assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before
        tfsess_magics.restore("train", path)
        assert not train.run(v).any()
