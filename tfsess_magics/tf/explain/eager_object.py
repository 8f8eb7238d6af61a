"""The note under an error about an object of eager code that was used in a graph: what it is, and what can be done.

TensorFlow's messages show the tensor by which the object refers to its resource, so that all of them look alike. The
object is the one that has this tensor as an attribute.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.python.data.ops.iterator_ops import OwnedIterator
from tensorflow.python.ops.lookup_ops import LookupInterface
from tensorflow.python.ops.resource_variable_ops import BaseResourceVariable

from tfsess_magics.core.plain import plain, quoted
from tfsess_magics.tf.explain.location import Live, here
from tfsess_magics.tf.introspect.frames import variables_in
from tfsess_magics.tf.introspect.owners import owners_of

_LOADER = "tensorflow.python.saved_model.load"
_GENERATOR = (
    "Make it {here}: generator = tf.random.Generator.from_seed(1); and initialize it: generator.state.initializer.run()"
)
_LOADED = (
    "Load it {here}: module = tf.saved_model.load(folder); and initialize it: "
    "tf.compat.v1.get_default_session().run([tf.compat.v1.global_variables_initializer(), "
    "tf.compat.v1.tables_initializer()])"
)
_DATASET = "Make the dataset {here}, and read it there: tf.compat.v1.data.make_one_shot_iterator(dataset).get_next()"


class _Kind(NamedTuple):
    """A kind of object that eager code makes; how it is made in a graph, with ``{here}`` for the place."""

    type: type | tuple[type, ...]
    noun: str
    """With ``{type}`` for that of the object."""
    remedy: str


_KINDS = (
    _Kind(
        tf.lookup.StaticHashTable,
        "a lookup table ({type})",
        "Make it {here}, and initialize it: tf.compat.v1.tables_initializer().run()",
    ),
    _Kind(LookupInterface, "a lookup table ({type})", "Make it, and insert what is in it, {here}"),
    _Kind(
        tf.summary.SummaryWriter,
        "a summary writer",
        "Make one of graphs {here}: writer = tf.compat.v1.summary.FileWriter(folder)",
    ),
    _Kind((tf.data.Iterator, OwnedIterator), "an iterator", _DATASET),
    _Kind(tf.data.Dataset, "a dataset", _DATASET),
    _Kind(tf.queue.QueueBase, "a queue", "Make it {here}"),
)


def explain_eager_object(handle: Any, live: Live) -> str:
    """Say what the object is to which an eager tensor is the handle, and what can be done.

    Parameters
    ----------
    handle
        An eager tensor of a type that has no value for Python.
    live
        The live sessions.
    """
    owners = list(owners_of(handle))
    for owner in owners:
        if isinstance(owner, BaseResourceVariable):
            return _explain_owner_of_variable(owner, live) or explain_eager_variable(owner, live)
    for kind in _KINDS:
        if owner := next((one for one in owners if isinstance(one, kind.type)), None):
            return f"{kind.noun.format(type=_type(owner))} {_eager(live)}. {_remedy(kind.remedy, live)}"
    what = f"an object of type {_type(owners[0])}" if owners else "an object, perhaps a table or a queue,"
    return f"{what} {_eager(live)}. Make it {_in_this(live)}"


def _explain_owner_of_variable(variable: Any, live: Live) -> str | None:
    """Name the random generator or loaded module that a variable belongs to, None if it belongs to none."""
    for owner in owners_of(variable):
        if isinstance(owner, tf.random.Generator):
            return f"a random generator {_eager(live)}. {_remedy(_GENERATOR, live)}"
        if _is_loaded(owner):
            return (
                f"a module of tf.saved_model.load, with variable {quoted(plain(variable.name))}, {_eager(live)}. "
                f"{_remedy(_LOADED, live)}"
            )
    return None


def explain_eager_variable(variable: Any, live: Live) -> str:
    """Say how the value of an eager variable gets into a graph."""
    place = "in an ordinary cell" if here(live)[0] else "outside of the graph"
    return (
        f"variable {quoted(plain(variable.name))} {_eager(live)}. Take its value {place} first: "
        f"value = variable.numpy(); or make the variable {_in_this(live)}"
    )


def explain_value(error: BaseException, live: Live) -> str | None:
    """Say how to get the value of a variable, which has none for Python where a graph is built."""
    variable = variables_in(error, "numpy", "eval").get("self")
    if variable is not None and is_eager(variable):
        return explain_eager_variable(variable, live)
    return None


def explain_fetch(error: BaseException, live: Live) -> str | None:
    """Say how to get the value of an eager variable that a session was asked to run."""
    variable = variables_in(error, "_as_graph_element_locked").get("obj")
    if variable is None or not is_eager(variable):
        return None
    if tf.executing_eagerly():
        return f"variable {quoted(plain(variable.name))} was made in eager mode. To get its value: variable.numpy()"
    return explain_eager_variable(variable, live)


def is_eager(variable: Any) -> bool:
    """Say whether it is a variable of eager code."""
    return isinstance(variable, BaseResourceVariable) and hasattr(variable.handle, "numpy")


def _is_loaded(owner: object) -> bool:
    return any(one.__module__ == _LOADER for one in type(owner).__mro__)


def _type(owner: object) -> str:
    return plain(type(owner).__qualname__)


def _remedy(remedy: str, live: Live) -> str:
    return remedy.format(here=_in_this(live))


def _eager(live: Live) -> str:
    return f"was made in eager mode and is in no graph; {here(live)[1]}"


def _in_this(live: Live) -> str:
    return "in this session" if here(live)[0] else "in this graph"


def explain_colocated(error: BaseException, live: Live) -> str | None:
    """Say what the object of eager code is that TensorFlow could not put an operation beside."""
    handle = variables_in(error, "_colocate_with_for_gradient", "colocate_with").get("op")
    return explain_eager_object(handle, live) if isinstance(handle, tf.Tensor) and hasattr(handle, "numpy") else None


def explain_dataset(error: BaseException, live: Live) -> str | None:
    """Say what can be done with a dataset of eager code that is to be read in a graph."""
    dataset = variables_in(error, "_make_one_shot_iterator", "__iter__").get("self")
    if isinstance(dataset, tf.data.Dataset) and hasattr(dataset._variant_tensor, "numpy"):
        return f"a dataset {_eager(live)}. {_remedy(_DATASET, live)}"
    return None
