"""The private parts of TensorFlow that the extension rests on, by the capability that needs them.

The problem: TensorFlow promises none of them to remain. A module that imports one that is gone fails as a whole, and
everything above it.

What is done: each capability lists its parts as paths, and looks for them once, when the extension begins to use
TensorFlow. A capability that lacks one is off. The next cell says which part, which TensorFlow and what still works.
The rest goes on (`tests/tf/test_internals.py` renames a part of each). A module gets a part that it needs at its
import by `find`, which returns None for a missing one.

What can still fail: a path tells that a name is there, and not what it means. The extension takes the attributes
``_closed``, ``_config``, ``_session`` and ``_target`` of a session for granted, as only a session has them. Stop looks
for them before a cut (`tfsess_magics.tf.stopping.renewal`).
"""

from __future__ import annotations

import functools
import importlib
import sys
from typing import Any

import tensorflow as tf

from tfsess_magics.core.errors import UnavailableError


class Capability:
    """Something that the extension can do with private parts of TensorFlow.

    Parameters
    ----------
    name
        The subject of "NAME is off".
    rest
        Sentences that say what happens without it, and what still works.
    parts
        Paths below ``tensorflow.python``, of a module and what is in it: ``client.session:BaseSession._extend_graph``.
        A name that ends with ``()`` is called: ``framework.ops:Graph()._c_graph``. Without names it is the module.
    """

    def __init__(self, name: str, rest: str, *parts: str) -> None:
        self.name = name
        self.rest = rest
        self.parts = parts

    @functools.cached_property
    def missing(self) -> tuple[str, ...]:
        """The parts that this TensorFlow lacks, as it calls them: ``BaseSession._extend_graph``."""
        return tuple(dict.fromkeys(filter(None, map(_find_gap, self.parts))))

    @property
    def error(self) -> UnavailableError | None:
        """An error that says that it is off, None where it is on."""
        return UnavailableError(self.name, tf.__version__, self.missing, self.rest) if self.missing else None

    def require(self) -> None:
        """Raise what it says, if it is off.

        Raises
        ------
        UnavailableError
            With the parts that are missing.
        """
        if error := self.error:
            raise error


def find(part: str) -> Any:
    """Return a private part of TensorFlow by its path, None where this TensorFlow lacks it."""
    try:
        return _look_up(part)
    except (ImportError, AttributeError):
        return None


def eager_context() -> Any:
    """Return the eager context of the process, None if there is none yet or this TensorFlow does not tell."""
    context_safe = find("eager.context:context_safe")
    return context_safe and context_safe()


def _look_up(part: str) -> Any:
    module, _, path = part.partition(":")
    full = f"tensorflow.python.{module}"
    found: Any = sys.modules.get(full) or importlib.import_module(full)
    for name in filter(None, path.split(".")):
        found = getattr(found, name.removesuffix("()"))
        if name.endswith("()"):
            found = found()
    return found


def _find_gap(part: str) -> str:
    """Return the first name on the path of a part that is missing, as TensorFlow's code calls it; empty if none is."""
    module, _, path = part.partition(":")
    names = path.split(".")
    for count in range(1, len(names) + 1):
        try:
            _look_up(f"{module}:{'.'.join(names[:count])}")
        except (ImportError, AttributeError):
            there = "" if names[0][0].isupper() and count > 1 else f"{module.rpartition('.')[2]}."
            return there + ".".join(names[:count]).replace("()", "")
    return ""


_C_SESSION = "client.pywrap_tf_session:"
_SESSION = "client.session:BaseSession."
_GRAPH = "framework.ops:Graph()."
_LOCK = "util.lock_util:GroupLock"

MIXED_PRECISION = "training.experimental.mixed_precision_global_state:_mixed_precision_graph_rewrite_is_enabled"

_STEPS = (
    f"{_C_SESSION}TF_OperationName",
    f"{_SESSION}_Callable.__call__",
    f"{_SESSION}_call_tf_sessionprun",
    f"{_SESSION}_call_tf_sessionrun",
)
_BUFFERS = (
    f"{_C_SESSION}TF_DeleteBuffer",
    f"{_C_SESSION}TF_GetBuffer",
    f"{_C_SESSION}TF_NewBuffer",
    f"{_C_SESSION}TF_NewBufferFromString",
)
_OWN_STEPS = (*_BUFFERS, f"{_C_SESSION}TF_SessionRun_wrapper")

SWAP = Capability(
    "Running cells in sessions",
    "%%tfsession and tfsess_magics.session refuse to open one. Ordinary cells run as before. The list of sessions and "
    "Stop still work.",
    "eager.context:ContextSwitch",
    "eager.context:context()._thread_local_data",
    "eager.context:context().context_switches",
    f"{_GRAPH}_collections",
    f"{_GRAPH}_colocation_stack",
    f"{_GRAPH}_control_dependencies_stack",
    f"{_GRAPH}_device_function_stack",
    f"{_GRAPH}_distribution_strategy_stack",
    f"{_GRAPH}_name_stack",
    f"{_GRAPH}_variable_creator_stack",
    "framework.ops:_DefaultGraphStack.get_controller",
    "framework.ops:_UserDeviceSpec",
    "framework.ops:_default_graph_stack._GetGlobalDefaultGraph",
    "framework.ops:_default_graph_stack._global_default_graph",
    "framework.ops:_default_graph_stack.stack",
    "framework.stack:DefaultStack.get_controller",
    "framework.stack:_default_session_stack.stack",
    "framework.traceable_stack:TraceableStack()._stack",
    "ops.variable_scope:_VARSCOPESTORE_KEY",
    "util.tf_stack:StackTraceFilter",
    "util.tf_stack:_source_filter_stacks",
)
RUNS = Capability(
    "Watching runs",
    "Runs are not counted, timed, limited, traced or stopped. Sessions and the list still work.",
    *_STEPS,
)
VALUES = Capability(
    "Finding out which variables have a value",
    "The list shows all variables, and not which of them are initialized. Sessions still work.",
    *_OWN_STEPS,
    f"{_SESSION}_extend_graph",
)
STOP = Capability(
    "Stop",
    "Without that a stop would lose the values of variables. An interrupt waits for the end of a run, as in plain "
    "TensorFlow. Sessions and the list still work.",
    *_STEPS,
    *_OWN_STEPS,
    f"{_C_SESSION}ExtendSession",
    f"{_C_SESSION}TF_CloseSession",
    f"{_C_SESSION}TF_DeleteSession",
    f"{_C_SESSION}TF_DeleteSessionOptions",
    f"{_C_SESSION}TF_NewSessionOptions",
    f"{_C_SESSION}TF_NewSessionRef",
    f"{_C_SESSION}TF_SessionMakeCallable",
    f"{_C_SESSION}TF_SessionReleaseCallable",
    f"{_SESSION}_extend_graph",
    f"{_GRAPH}_c_graph.get",
    f"{_GRAPH}_functions",
    f"{_GRAPH}_session_run_lock",
)
SAVE = Capability(
    "Saving and restoring values",
    "%tfsession save and restore are refused. Sessions and the list still work.",
    *_OWN_STEPS,
    f"{_C_SESSION}ExtendSession",
    f"{_C_SESSION}TF_CloseSession",
    f"{_C_SESSION}TF_DeleteSession",
    f"{_C_SESSION}TF_DeleteSessionOptions",
    f"{_C_SESSION}TF_NewSessionOptions",
    f"{_C_SESSION}TF_NewSessionRef",
    f"{_SESSION}_extend_graph",
    f"{_GRAPH}_c_graph.get",
    f"{_GRAPH}_functions",
)
TRACE = Capability(
    "Tracing runs",
    "--trace and %tfsession trace are refused. Sessions and the list still work.",
    *_STEPS,
    *_BUFFERS,
    "client.timeline:Timeline",
    f"{_GRAPH}_functions",
)
MEMORY = Capability(
    "Measuring memory",
    "The figures of allocators are left out. The bytes of variables and of the process are still shown.",
    "eager.context:context()._context_handle",
    "eager.context:context_safe",
    "pywrap_tfe:TFE_ContextOptionsSetConfig",
    "pywrap_tfe:TFE_DeleteContextOptions",
    "pywrap_tfe:TFE_GetMemoryInfo",
    "pywrap_tfe:TFE_NewContext",
    "pywrap_tfe:TFE_NewContextOptions",
    "pywrap_tfe:TFE_ResetMemoryStats",
)
GROWTH = Capability(
    "Finding graphs that grow with each session.run",
    "Graphs that grow with each run of a cell are still marked.",
    f"{_SESSION}_extend_graph",
)
GRAPH_LOCK = Capability(
    "Opening a graph's lock that an interrupt has left closed",
    "A session of such a graph waits for ever until it is closed or reset, as in plain TensorFlow. All else still "
    "works.",
    f"{_GRAPH}_group_lock",
    f"{_LOCK}()._another_group_active",
    f"{_LOCK}()._group_member_counts",
    f"{_LOCK}()._ready._lock",
    f"{_LOCK}._Context.__enter__",
    f"{_LOCK}.acquire",
    f"{_LOCK}.release",
)
EAGER_VARIABLES = Capability(
    "Listing eager variables",
    "Eager scopes list models, optimizers and datasets only. All else still works.",
    "ops.resource_variable_ops:BaseResourceVariable",
    "ops.resource_variable_ops:_UnreadVariable",
)
SWITCHES = Capability(
    "Naming the code that switches TensorFlow for the whole process",
    "No line under a cell says that. All else still works.",
    "eager.monitoring:BoolGaugeCell.set",
    "framework.tensor_shape:_TENSORSHAPE_V2_OVERRIDE",
    "ops.control_flow_util:ENABLE_CONTROL_FLOW_V2",
    "tf2:enabled",
    MIXED_PRECISION,
)
FUNCTIONS = Capability(
    "Refusing functions that use variables of another graph",
    "The call of one makes a graph unusable, as in plain TensorFlow. All else still works.",
    "eager.polymorphic_function.atomic_function:make_call_op_in_graph",
)
CAPABILITIES = (SWAP, RUNS, VALUES, STOP, SAVE, TRACE, MEMORY, GROWTH, GRAPH_LOCK, EAGER_VARIABLES, SWITCHES, FUNCTIONS)
