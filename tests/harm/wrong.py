"""Wrappers that do harm, each in another way: the comparison must notice them."""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from unittest import mock

import tensorflow as tf
from tensorflow.python.client.session import BaseSession

_init: Any = BaseSession.__init__
_run: Any = BaseSession.run
_close: Any = BaseSession.close


@functools.wraps(_run)
def _lists_become_tuples(self: Any, *args: Any, **kwargs: Any) -> Any:
    value = _run(self, *args, **kwargs)
    return tuple(value) if isinstance(value, list) else value


@functools.wraps(_run)
def _errors_change_their_type(self: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return _run(self, *args, **kwargs)
    except tf.errors.OpError as error:
        raise RuntimeError(error.message) from None


@functools.wraps(_run)
def _a_frame_more(self: Any, *args: Any, **kwargs: Any) -> Any:
    return _run(self, *args, **kwargs)


def _signature_is_lost(self: Any, *args: Any, **kwargs: Any) -> Any:
    return _run(self, *args, **kwargs)


@functools.wraps(_run)
def _the_graph_grows(self: Any, *args: Any, **kwargs: Any) -> Any:
    with self.graph.as_default():
        tf.no_op()
    return _run(self, *args, **kwargs)


_kept: list[Any] = []


@functools.wraps(_init)
def _sessions_are_kept(self: Any, *args: Any, **kwargs: Any) -> None:
    _init(self, *args, **kwargs)
    _kept.append(self)


@functools.wraps(_close)
def _nothing_is_closed(self: Any) -> None:
    """Leave it open."""


def _instead(name: str, wrapper: Any) -> AbstractContextManager[Any]:
    return mock.patch.object(BaseSession, name, wrapper)


WRONG: dict[str, tuple[AbstractContextManager[Any], str]] = {
    "lists become tuples": (_instead("run", _lists_become_tuples), "fetch_list"),
    "errors change their type": (_instead("run", _errors_change_their_type), "error_invalid_argument"),
    "a frame more": (_instead("run", _a_frame_more), "error_out_of_range"),
    "the signature is lost": (_instead("run", _signature_is_lost), "signatures_of_methods"),
    "the graph grows": (_instead("run", _the_graph_grows), "graph_is_not_changed"),
    "sessions are kept": (_instead("__init__", _sessions_are_kept), "collected"),
    "nothing is closed": (_instead("close", _nothing_is_closed), "with_block"),
}
"""What harm is done, by what, and a behaviour that shows it."""

RIGHT: dict[str, tuple[AbstractContextManager[Any], str]] = {
    f"without: {harm}": (nullcontext(), name) for harm, (_, name) in WRONG.items()
}
"""The same behaviours, unharmed."""
