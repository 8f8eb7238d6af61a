"""From an error of TensorFlow's to what to do about it, as a note under the error.

The explainer looks at an error where IPython shows it, where it ends a ``with`` block, and where it ends a thread. It
adds one note (``add_note``) to that error, or to the one that it came from, and none where there is one.

TensorFlow's message chooses the rule. The objects are those that TensorFlow had in hand when it raised the error,
found in its frames (`tfsess_magics.tf.introspect.frames`), never by names from the message. The extension keeps none
of them.

A TensorFlow that words an error in another way gets no note. `tests/notebook/test_explain*.py` raise each error for
real, and fail then.
"""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

from tfsess_magics.core.errors import NOTE_PREFIX
from tfsess_magics.core.model import Kind
from tfsess_magics.core.plain import quoted
from tfsess_magics.tf.explain.callbacks import explain_callback
from tfsess_magics.tf.explain.eager_object import (
    explain_colocated,
    explain_dataset,
    explain_fetch,
    explain_value,
)
from tfsess_magics.tf.explain.fetches import explain_fetches
from tfsess_magics.tf.explain.functions import explain_cycle
from tfsess_magics.tf.explain.in_eager_cell import explain_none, explain_saver
from tfsess_magics.tf.explain.keras_model import explain_model, explain_model_elsewhere
from tfsess_magics.tf.explain.location import Live, afresh, graph_activation, here
from tfsess_magics.tf.explain.nesting import explain_nesting
from tfsess_magics.tf.explain.not_runnable import (
    explain_closed,
    explain_empty_graph,
    explain_no_default_session,
    explain_partial_run,
    explain_without_values,
)
from tfsess_magics.tf.explain.other_graph import (
    explain_eager_code,
    explain_eager_tensor,
    explain_foreign,
    explain_other_graph,
    explain_out_of_scope,
)
from tfsess_magics.tf.explain.python_function import explain_python_function
from tfsess_magics.tf.explain.tasks import explain_in_task
from tfsess_magics.tf.explain.threads import explain_unbound
from tfsess_magics.tf.explain.value import explain_value_of_tensor
from tfsess_magics.tf.introspect.ended import explain_ended
from tfsess_magics.tf.introspect.frames import chain, frames, is_by_keras, variables_in
from tfsess_magics.tf.introspect.lines import place_of
from tfsess_magics.tf.session.ownership import home_of

_log = logging.getLogger(__name__)
_VARIABLE_EXISTS = re.compile(r"^Variable (\S+) already exists, disallowed")
_NOT_IN_CHECKPOINT = re.compile(r"Key (\S+) not found in checkpoint")


class Explainer:
    """Adds a note to the errors that it understands; any thread may call it. It never raises.

    Parameters
    ----------
    live
        Gives the live sessions.
    """

    def __init__(self, live: Callable[[], Iterable[Any]]) -> None:
        self._live = live

    def __call__(self, error: BaseException | None, *, ends_thread: bool = False) -> None:
        """Add a note to `error`, or to the one it came from, unless there is one.

        `ends_thread`: no code has caught it in this thread, which is no cell's.
        """
        try:
            errors = list(chain(error)) if isinstance(error, Exception) else []
            if any(note.startswith(NOTE_PREFIX) for one in errors for note in getattr(one, "__notes__", ())):
                return
            for one in errors:
                if note := self._out_of_session(one, ends_thread=ends_thread) or self._note(one):
                    one.add_note(NOTE_PREFIX + note)
                    return
        except Exception:  # noqa: BLE001 - the user's error is what matters
            _log.debug("an error could not be explained", exc_info=True)

    def _out_of_session(self, error: BaseException, *, ends_thread: bool) -> str | None:
        """Return the note about code that is called in another thread, at another time or by a library."""
        live = list(self._live())
        unbound = explain_unbound(error, live) if ends_thread and graph_activation() is None else None
        return unbound or explain_in_task(error) or explain_callback(error, live)

    def _note(self, error: BaseException) -> str | None:
        message = str(error)
        for pattern, explain in _RULES:
            if pattern.search(message) and (note := explain_ended(error) or explain(error, list(self._live()))):
                return note
        return None


def _variable_exists(error: BaseException, live: Live) -> str | None:
    match = _VARIABLE_EXISTS.search(str(error))
    variable = variables_in(error, "_get_single_variable").get("var")
    if match is None:
        return None
    operation = _operation_named(match[1], error) if variable is None else variable.op
    if operation is None:
        return None
    place, name = place_of(operation), here(live)[0]
    made = f"it was made in {place}" if place else "it is in the graph already"
    activation = graph_activation()
    if activation is None or activation.code is None:
        fresh = f"To begin with an empty graph: {afresh(live, name)}. " if name else ""
        return (
            f"{made}. {fresh}To use {match[1]!r} as it is: "
            "tf.compat.v1.variable_scope('', reuse=tf.compat.v1.AUTO_REUSE) around the call"
        )
    can_reset = not any(one.name == name and one.kind is Kind.ADOPTED for one in live)
    fresh = f"%%tfsession {name} --fresh" if can_reset else afresh(live, name)
    return f"{made}. To begin with an empty graph: {fresh}. To use {match[1]!r} as it is: %%tfsession {name} --reuse"


def _operation_named(name: str, error: BaseException) -> tf.Operation | None:
    """Return the operation of that name in the graph that `error` is about, where TensorFlow has taken its frames away.

    That is the default graph, or the graph of a tensor in one of the frames that are left.
    """
    tensors = (value for frame in frames(error) for value in frame.f_locals.values() if isinstance(value, tf.Tensor))
    graphs = (tensor.graph for tensor in tensors if not hasattr(tensor, "numpy"))
    for graph in itertools.chain([ops.get_default_graph()], graphs):
        with suppress(KeyError):
            return graph.get_operation_by_name(name)
    return None


def _nesting(error: BaseException, _: Live) -> str | None:
    return explain_nesting(error)


def _nested_reset(_: BaseException, live: Live) -> str:
    name = here(live)[0]
    fresh = f". For an empty graph in {name!r}: {afresh(live, name)}" if name else ""
    return (
        "the line is inside of a with block, or after a call of __enter__, that enters a graph, and only outside "
        f"of that the default graph can be reset{fresh}"
    )


def _not_in_checkpoint(error: BaseException, live: Live) -> str | None:
    session = variables_in(error, "restore").get("sess")
    match = _NOT_IN_CHECKPOINT.search(str(error))
    if match is None:
        return None
    operations = {} if session is None else {op.name: op for op in session.graph.get_operations()}
    again, first = operations.get(match[1]), operations.get(re.sub(r"_\d+$", "", match[1]))
    if again is None or first is None or again is first or again.type != first.type:
        return None
    name = home_of(again.graph, live).name
    remedy = f"Begin with an empty graph: {afresh(live, name)}" if name and name[0] != "#" else "Build it once"
    second, original = (f"{quoted(op.name)} ({place_of(op) or 'unknown place'})" for op in (again, first))
    return f"{second} is a second {original}: the cell that builds it has run twice. {remedy}, and restore then"


def _iterated(error: BaseException, live: Live) -> str | None:
    if tf.executing_eagerly():
        return None
    if is_by_keras(error):
        return (
            f"fit, evaluate and predict of Keras 3 work in eager mode only; {here(live)[1]}. "
            "Make and use the model in a scope that is eager: %%tfsession NAME --eager"
        )
    if eager := explain_dataset(error, live):
        return eager
    return (
        f"{here(live)[1]}, where a dataset is read by an operation: "
        "tf.compat.v1.data.make_one_shot_iterator(dataset).get_next()"
    )


def _value_in_graph(error: BaseException, live: Live) -> str:
    if eager := explain_value(error, live):
        return eager
    variable, activation = variables_in(error, "numpy").get("self"), graph_activation()
    graph = None if activation is None else activation.generation.graph
    if variable is not None and variable.graph is not graph and home_of(variable.graph, live).generation is not None:
        return explain_foreign(live, variable, graph)
    wanted = "[weight.value for weight in model.weights]" if is_by_keras(error) else "variable"
    return (
        "in a graph a variable has its value in a session only. "
        f"To get it: tf.compat.v1.get_default_session().run({wanted})"
    )


def _legacy_keras(_: BaseException, __: Live) -> str:
    return (
        "it is in tf_keras (Keras 2). Install that, set TF_USE_LEGACY_KERAS=1 in the environment before TensorFlow "
        "is imported, and restart the kernel"
    )


_Explain = Callable[[BaseException, Live], str | None]
_RULES: tuple[tuple[re.Pattern[str], _Explain], ...] = tuple(
    (re.compile(pattern), explain)
    for pattern, explain in (
        (r"Traceback \(most recent call last\)[\s\S]*(?:default.session|out of scope)", explain_python_function),
        (r"^Feed \S+ not found|Graph execution error:\s+Feed \S+ not found", explain_partial_run),
        (r"was not found in the Graph$|'\w*Tensor' object has no attribute 'node'", explain_model),
        (
            r"not an element of this graph|must be from the same graph|is out of scope and cannot be used here",
            explain_model_elsewhere,
        ),
        (r"^Calling `Model\.\w+` in graph mode is not supported|^`updates` argument is not supported", explain_model),
        (
            r"not an element of this graph|must be from the same graph|graph is different from the session's",
            explain_other_graph,
        ),
        (r"is out of scope and cannot be used here", explain_out_of_scope),
        (
            r"not compatible with eager execution|when eager execution is enabled, `var_list` must",
            explain_eager_code,
        ),
        (r"should be a function when eager execution is enabled", explain_eager_code),
        (r"^(?!eval |_).*(?:is|are) not supported when eager", explain_eager_code),
        (
            r"Attempting to capture an EagerTensor|Tensor\.graph is undefined when eager|feed cannot be a tf\.Tensor",
            explain_eager_tensor,
        ),
        (r"Encountered an Eager-defined Tensor during graph construction", explain_colocated),
        (r"Tensor\.op is undefined when eager", explain_dataset),
        (r"Can not convert a \w*Variable into a Tensor or Operation", explain_fetch),
        (r"^'NoneType' object has no attribute 'eval'", explain_value),
        (
            (
                r"^(?:Cannot convert a symbolic tf\.Tensor|Using a symbolic `tf\.Tensor` as a Python `bool`)"
                r"|^Iterating over a symbolic `tf\.Tensor`"
                r"|^(?:\w+\(\) (?:first )?argument must be|must be real number|\w+ indices must be)\b"
                r".*\bSymbolicTensor\b"
                r"|^'SymbolicTensor' object (?:cannot be interpreted as an integer|has no attribute 'numpy')"
                r"|^unsupported format string passed to SymbolicTensor"
            ),
            explain_value_of_tensor,
        ),
        (r"Can only save/restore ResourceVariables when executing eagerly", explain_saver),
        (r"^Argument `?fetch`? = None has invalid type|^'NoneType' object has no attribute 'run'", explain_none),
        (r"Graph is invalid, contains a cycle", explain_cycle),
        (r"refers to (?:a Tensor which does not exist|an Operation not in the graph)", explain_fetches),
        (r"Session graph is empty", explain_empty_graph),
        (r"Attempted to use a closed Session|Session has been closed", explain_closed),
        (
            r"Attempting to use uninitialized value|Could not find variable|Resource .* does not exist",
            explain_without_values,
        ),
        (r"No default session is registered", explain_no_default_session),
        (_VARIABLE_EXISTS, _variable_exists),
        (r"^Nesting violated for default stack", _nesting),
        (r"^Do not use tf\.reset_default_graph\(\) to clear nested graphs", _nested_reset),
        (_NOT_IN_CHECKPOINT, _not_in_checkpoint),
        (r"only supports Python-style iteration in eager mode", _iterated),
        (r"^numpy\(\) is only available when eager execution is enabled", _value_in_graph),
        (r"^`\w+` is not available with Keras 3", _legacy_keras),
    )
)
