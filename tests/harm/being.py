"""Types, attributes and texts of sessions and of their classes."""

from __future__ import annotations

import copy
import inspect
import pickle
import pydoc
from typing import Any
from unittest import mock

import tensorflow as tf
from tensorflow.python.client.session import BaseSession, SessionInterface
from tensorflow.python.framework import ops
from tensorflow.python.ops.resource_variable_ops import BaseResourceVariable

from tests.harm.fetching import opened
from tests.harm.table import behaviour, error_of, look

v1 = tf.compat.v1

CLASSES = (BaseSession, BaseSession._Callable, v1.Session, v1.InteractiveSession, BaseResourceVariable)


def _methods() -> Any:
    return [(kind, name, inspect.getattr_static(kind, name)) for kind in CLASSES for name in sorted(vars(kind))]


@behaviour
def members_of_classes() -> Any:
    return [(kind, dir(kind), list(vars(kind))) for kind in CLASSES]


@behaviour
def bases_of_classes() -> Any:
    return [(kind, kind.__mro__, type(kind), kind.__name__, kind.__module__, kind.__bases__) for kind in CLASSES]


@behaviour
def types_of_methods() -> Any:
    return [(kind, name, type(member)) for kind, name, member in _methods()]


@behaviour
def signatures_of_methods() -> Any:
    return [
        (kind, name, str(inspect.signature(member)), member.__annotations__)
        for kind, name, member in _methods()
        if inspect.isfunction(member)
    ]


@behaviour
def names_of_methods() -> Any:
    return [
        (name, member.__name__, member.__qualname__, member.__module__)
        for _, name, member in _methods()
        if inspect.isfunction(member)
    ]


@behaviour
def documentation_of_methods() -> Any:
    return [(name, inspect.getdoc(member)) for _, name, member in _methods()]


@behaviour
def sources_of_methods() -> Any:
    return [(name, inspect.getsource(member)) for _, name, member in _methods() if inspect.isfunction(member)]


@behaviour
def help_on_classes() -> Any:
    return [pydoc.plain(pydoc.render_doc(kind)) for kind in CLASSES]


@behaviour
def methods_are_what_they_are() -> Any:
    with opened() as session:
        return (
            v1.Session.run is BaseSession.run,
            session.run.__func__ is v1.Session.run,
            session.run.__self__ is session,
            session.run == session.run,
            inspect.ismethod(session.run),
        )


@behaviour
def methods_called_on_the_class() -> Any:
    with opened() as session:
        x = tf.constant(1)
        return v1.Session.run(session, x), BaseSession.run(session, x), error_of(lambda: BaseSession.run(7, x))


@behaviour
def methods_replaced_by_the_user() -> Any:
    with opened() as session:
        x = tf.constant(1)
        with mock.patch.object(BaseSession, "run", autospec=True, return_value=5) as run:
            value = session.run(x)
            called = run.call_count
        with mock.patch.object(session, "run", return_value=6):
            instead = session.run(x)
        return value, called, instead, session.run(x), "run" in vars(session)


@behaviour
def instances() -> Any:
    with opened() as session:
        return [
            type(session),
            isinstance(session, SessionInterface),
            isinstance(session, v1.InteractiveSession),
            session == session,  # noqa: PLR0124 - it is what is to be seen
            hash(session) == object.__hash__(session),
            bool(session),
            repr(session),
            session.__doc__,
        ]


@behaviour
def properties() -> Any:
    with opened() as session:
        tf.constant(1, name="one")
        return session.graph is v1.get_default_graph(), session.graph_def, session.sess_str


@behaviour
def properties_cannot_be_set() -> Any:
    with opened() as session:
        return error_of(lambda: setattr(session, "graph", None)), error_of(lambda: session.nonsense)


@behaviour
def pickled_classes() -> Any:
    return [pickle.loads(pickle.dumps(kind)) is kind for kind in CLASSES], pickle.dumps(v1.Session.run)


@behaviour
def pickled_sessions() -> Any:
    with opened() as session:
        return error_of(lambda: pickle.dumps(session)), error_of(lambda: copy.deepcopy(session))


@behaviour
def attributes_of_sessions() -> Any:
    """But for one, whose name says whose it is."""
    with opened() as session:
        session.run(tf.constant(1))
        return [[name for name in names if "tfsess_magics" not in name] for names in (vars(session), dir(session))]


@behaviour
def devices_of_sessions() -> Any:
    with opened() as session:
        return [(device.name, device.device_type, device.memory_limit_bytes) for device in session.list_devices()]


@behaviour
def devices_of_a_config() -> Any:
    with opened(config=v1.ConfigProto(device_count={"CPU": 2})) as session:
        with tf.device("/CPU:1"):
            x = tf.constant(1) + 1
        return [device.name for device in session.list_devices()], session.run(x)


@behaviour
def config_is_not_changed() -> Any:
    config = v1.ConfigProto(intra_op_parallelism_threads=1, allow_soft_placement=True)
    before = config.SerializeToString()
    with opened(config=config) as session:
        look()
        return config.SerializeToString() == before, session._config


@behaviour
def graph_is_not_changed() -> Any:
    with opened() as session:
        variable = v1.get_variable("v", initializer=1)
        session.run(variable.initializer)
        look()
        return session.graph.version, sorted(session.graph.get_all_collection_keys()), session.graph_def


@behaviour
def numbers_are_not_used_up() -> Any:
    with opened() as session:
        session.run(v1.get_variable("v", initializer=1).initializer)
        before = ops.uid()
        look()
        return ops.uid() - before


@behaviour
def finalized_graph() -> Any:
    with opened() as session:
        variable = v1.get_variable("v", initializer=1)
        session.graph.finalize()
        look()
        session.run(variable.initializer)
        look()
        return session.run(variable), error_of(lambda: tf.constant(1))


@behaviour
def names_of_operations() -> Any:
    with opened() as session:
        first = tf.constant(1)
        session.run(first)
        look()
        return first.name, tf.constant(1).name, tf.add(first, 1).name


@behaviour
def stacks_of_operations() -> Any:
    with opened() as session:
        x = tf.constant(1)
        session.run(x)
        return [frame.name for frame in x.op.traceback]
