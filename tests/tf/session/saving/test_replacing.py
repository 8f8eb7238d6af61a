"""A checkpoint is replaced by a whole one, or not at all."""

import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfsess_magics
from tests import forks
from tests.conftest import Raised
from tests.notebook.raising import RaiseAt
from tests.tf.conftest import Open
from tests.tf.session.saving.full import save_without_room
from tfsess_magics.tf.session.saving.bundle import Entry, write
from tfsess_magics.tf.session.saving.places import Place

v1 = tf.compat.v1
FILES = {"model.index", "model.data-00000-of-00001"}


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    forks.call(save_without_room, str(tmp_path))


@pytest.mark.parametrize("had_data", [True, False])
def test_where_the_index_cannot_be_moved_the_data_is_taken_back(tmp_path: Path, had_data: bool) -> None:
    path = tmp_path / "model"
    data = tmp_path / "model.data-00000-of-00001"
    if had_data:
        data.write_bytes(b"old")
    with pytest.raises(OSError, match="directory"):
        write(path, [Entry(Place("v"), "float32", 1.0)], (tmp_path / "model.index").mkdir)
    assert {file.name for file in tmp_path.iterdir()} == ({data.name} if had_data else set()) | {"model.index"}
    assert not had_data or data.read_bytes() == b"old"


def _settle() -> None:
    for thread in threading.enumerate():
        if thread.name == "tfsess_magics values":
            thread.join(60)


def _read(path: Path) -> list[Any]:
    reader = tf.train.load_checkpoint(str(path))
    return [reader.get_tensor(name) for name in ("a", "b")]


def _are(values: list[Any], number: float) -> bool:
    return all(np.array_equal(value, np.full([1000], number, np.float32)) for value in values)


@pytest.mark.parametrize("order", ["save", "restore"])
def test_an_exception_at_any_moment_leaves_all_values_or_none(
    open_session: Open, tmp_path: Path, order: str, raised: Raised
) -> None:
    """The old file or the new one, whole; the old values or the new ones, all; and no other file."""
    path = tmp_path / "model"
    with open_session("train") as train:
        number = v1.placeholder(tf.float32, [])
        variables = [v1.get_variable(name, initializer=tf.zeros([1000])) for name in "ab"]
        set_ = [v1.assign(v, tf.fill([1000], number)).op for v in variables]
        reads = [v.read_value() for v in variables]
        train.run(v1.global_variables_initializer())
        tfsess_magics.save("train", path)
        moment, old, outcomes = 1, 0.0, set[bool]()
        while True:
            new = float(moment)
            if order == "save":
                train.run(set_, {number: new})
            else:
                train.run(set_, {number: old})
                write(path, [Entry(Place(name), "float32", np.full([1000], new)) for name in "ab"], lambda: None)
            interrupt = RaiseAt(moment, raised.error)
            sys.setprofile(interrupt)
            try:
                getattr(tfsess_magics, order)("train", path)
            except raised.error:
                pass
            finally:
                sys.setprofile(None)
            _settle()
            values = _read(path) if order == "save" else train.run(reads)
            is_new = _are(values, new)
            assert is_new or _are(values, old), interrupt.raised_in
            assert {file.name for file in tmp_path.iterdir()} == FILES, interrupt.raised_in
            if not interrupt.raised_in:
                break
            outcomes.add(is_new)
            old = new if is_new else old
            moment += raised.every
        assert is_new
    assert moment > 20
    assert False in outcomes
