"""From a session's options to the ConfigProto that TensorFlow gets."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf import text_format
from tensorflow.python.client import session as tf_session
from tensorflow.python.eager import context

from tfsess_magics.core.errors import InvalidOptionError
from tfsess_magics.core.option_values import ConfigOption, GraphOption, Written
from tfsess_magics.core.options import SESSION_OPTIONS, SessionOptions
from tfsess_magics.core.plain import plain, quoted

ConfigProto = tf.compat.v1.ConfigProto


def check_options(**given: object) -> SessionOptions:
    """Check the options of `tfsess_magics.core.options.SESSION_OPTIONS` as the user gave them.

    Values that the user wrote as expressions may be `Written`.

    Raises
    ------
    InvalidOptionError
        If a value will not do.
    """
    given = {option: value for option, value in given.items() if value is not None}
    if given.get("eager") and len(given) > 1:
        raise InvalidOptionError("--eager goes without the other options: they are for a graph and its session.")
    if "config" in given and "config_file" in given:
        raise InvalidOptionError("--config and --config-file both give a ConfigProto; use one of them.")
    checked: dict[str, Any] = {}
    for name, value in given.items():
        parse = SESSION_OPTIONS[name].parse or _PARSERS[name]
        checked["config" if name == "config_file" else name] = parse(value)
    return SessionOptions(**checked)


def process_config() -> Any:
    """Return TensorFlow's own defaults, those that ``tf.config`` has set included."""
    with context.eager_mode():
        return context.context().config


def session_config(options: SessionOptions) -> Any:
    """Merge the options over TensorFlow's own defaults, those that ``tf.config`` has set included.

    An operation that cannot be placed where the user asked goes where it can. TensorFlow drops this default as soon as
    a session is given any ConfigProto. It also places only what a run needs, so it cannot feed partial runs.
    """
    config = process_config()
    config.graph_options.place_pruned_graph = True
    # TensorFlow's older optimizer makes a constant of a loop's condition where it can. Nothing ends such a loop,
    # ``TF_CloseSession`` neither. Grappler, which does the work since TensorFlow 1.14, is another optimizer, and runs
    # take the same time without the older one (benchmarks/RESULTS.md).
    config.graph_options.optimizer_options.opt_level = tf.compat.v1.OptimizerOptions.L0
    if options.config is not None:
        config.MergeFromString(options.config.serialized)
    if options.threads is not None:
        config.intra_op_parallelism_threads = options.threads.intra
        if options.threads.inter:
            config.inter_op_parallelism_threads = options.threads.inter
            # The pool for operations is the process's, sized by its first session, unless a session has its own.
            config.use_per_session_threads = True
    if options.timeout is not None:
        config.operation_timeout_in_ms = round(options.timeout * 1000)
    return config


def late_notes(options: SessionOptions) -> list[str]:
    """Say which of `options` come too late, a sentence each.

    TensorFlow sizes the pool that works within an operation, and sets up the GPUs, once per process (LocalDevice in
    local_device.cc, GPUProcessState in gpu_process_state.cc).
    """
    if not has_run_something():
        return []
    notes = []
    config = ConfigProto() if options.config is None else ConfigProto.FromString(options.config.serialized)
    if asked := options.threads.intra if options.threads else config.intra_op_parallelism_threads:
        notes.append(
            f"{asked} intra-op threads were asked for, but TensorFlow starts these threads once per process and has "
            f"done so already. {_IN_TIME}"
        )
    if config.HasField("gpu_options") and (note := gpu_note(config.gpu_options)):
        notes.append(note)
    return notes


def gpu_note(gpu_options: Any) -> str | None:
    """Say that these options come too late, None where there is no GPU."""
    if not tf.config.list_physical_devices("GPU"):
        return None
    given = text_format.MessageToString(gpu_options, as_one_line=True)
    return (
        f"GPU options ({given}) were asked for, but TensorFlow reads them once per process, from whatever uses a "
        f"GPU first, and has done so already. {_IN_TIME}"
    )


_IN_TIME = "To set it, restart the kernel and open this session before anything else runs TensorFlow."


def has_run_something(besides: int = 0) -> bool:
    """Say whether TensorFlow has begun its work: more sessions than these were made, or there was eager code."""
    try:
        sessions: int = tf_session._python_session_create_counter.get_cell().value()
        return sessions > besides or bool(context.context()._initialized)
    except AttributeError:  # another TensorFlow: its private parts have other names
        return False


def _check_graph(graph: object) -> GraphOption:
    value, text = graph if isinstance(graph, Written) else (graph, "")
    if not isinstance(value, tf.Graph) or value.building_function:
        hint = " (the graph of a function)" if isinstance(value, tf.Graph) else ""
        raise InvalidOptionError(f"--graph takes a tf.Graph; {_given(text, value)}{hint}.")
    return GraphOption(weakref.ref(value), f"--graph {text or '…'}")


def _check_config(config: object) -> ConfigOption:
    proto, text = config if isinstance(config, Written) else (config, "")
    if not isinstance(proto, ConfigProto):
        raise InvalidOptionError(f"--config takes a tf.compat.v1.ConfigProto; {_given(text, proto)}.")
    one_line = text_format.MessageToString(proto, as_one_line=True)
    return ConfigOption(proto.SerializeToString(deterministic=True), one_line, f"--config {text or '…'}")


def _given(text: str, value: object) -> str:
    return f"{text} is of type {plain(type(value).__name__)}" if text else f"got {quoted(value)}"


def _read_config(path: object) -> ConfigOption:
    try:
        text = Path(path).expanduser().read_text("utf-8")  # type: ignore[arg-type]
        proto = text_format.Parse(text, ConfigProto())
    except (OSError, TypeError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidOptionError(f"--config-file {path}: {reason}.") from None
    except ValueError as error:
        raise InvalidOptionError(f"--config-file {path!r}: {error}.") from None
    except text_format.ParseError as error:
        raise InvalidOptionError(
            f"--config-file {path} is not a ConfigProto in text format: {str(error).rstrip('.')}. "
            "Example of a line: intra_op_parallelism_threads: 2"
        ) from None
    one_line = text_format.MessageToString(proto, as_one_line=True)
    return ConfigOption(proto.SerializeToString(deterministic=True), one_line, f"--config-file {path}")


def _check_device(device: object) -> str:
    try:
        if not isinstance(device, str) or not device.strip():
            raise ValueError
        spec: str = tf.compat.v1.DeviceSpec.from_string(device).to_string()
        if not spec:
            raise ValueError
    except ValueError:
        raise InvalidOptionError(
            f"--device takes a device such as /CPU:0, /GPU:1 or /job:worker/task:0/device:GPU:0; got {device!r}."
        ) from None
    return spec


_PARSERS: dict[str, Callable[[object], object]] = {
    "graph": _check_graph,
    "config": _check_config,
    "config_file": _read_config,
    "device": _check_device,
}
"""Read the options whose values need TensorFlow."""
