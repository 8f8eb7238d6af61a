"""Named TensorFlow graph sessions in notebook cells: ``%load_ext tfsess_magics``."""

from tfsess_magics.api import adopt, bind, close, get, reset, session, sessions
from tfsess_magics.core.errors import (
    ClosedSessionError,
    InvalidNameError,
    InvalidOptionError,
    InvalidSessionError,
    NoSessionError,
    NotOursError,
    OptionConflictError,
    SessionExistsError,
    SessionInUseError,
    SessionWarning,
    TensorFlowMissingError,
    TfSessionError,
    UnknownSessionError,
)
from tfsess_magics.core.model import DeviceInfo, Kind, Origin, RunInfo, SessionInfo, State, VariableInfo
from tfsess_magics.extension import load_ipython_extension, unload_ipython_extension

__all__ = [
    "ClosedSessionError",
    "DeviceInfo",
    "InvalidNameError",
    "InvalidOptionError",
    "InvalidSessionError",
    "Kind",
    "NoSessionError",
    "NotOursError",
    "OptionConflictError",
    "Origin",
    "RunInfo",
    "SessionExistsError",
    "SessionInUseError",
    "SessionInfo",
    "SessionWarning",
    "State",
    "TensorFlowMissingError",
    "TfSessionError",
    "UnknownSessionError",
    "VariableInfo",
    "adopt",
    "bind",
    "close",
    "get",
    "load_ipython_extension",
    "reset",
    "session",
    "sessions",
    "unload_ipython_extension",
]
