"""TensorFlow's methods that are wrapped to see sessions, and the sessions of other code that are seen."""

from types import ModuleType
from typing import Any

import tfsess_magics
from tfsess_magics import Kind
from tfsess_magics.tf.instrument import observe

METHODS = [(owner, name) for owner, name, _ in observe.to_wrap()]
STEP = "_call_tf_sessionrun"
Methods = dict[tuple[type | ModuleType, str], Any]


def methods() -> Methods:
    return {(owner, name): vars(owner)[name] for owner, name in METHODS}


def observed() -> list[tfsess_magics.SessionInfo]:
    return [info for info in tfsess_magics.sessions() if info.kind is Kind.OBSERVED]
