"""Sentences about the devices of a session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfsess_magics.core.model import DeviceInfo


def described(devices: Sequence[Any]) -> tuple[DeviceInfo, ...]:
    """Describe devices as ``Session.list_devices`` returns them: with job and task where there are several tasks."""
    specs = [tf.compat.v1.DeviceSpec.from_string(device.name) for device in devices]
    is_cluster = len({(spec.job, spec.task) for spec in specs}) > 1
    return tuple(
        DeviceInfo(
            name=f"/job:{spec.job}/task:{spec.task}/{where}" if is_cluster else where,
            type=device.device_type,
            # TensorFlow gives every CPU 256 MiB, which is neither a limit nor a size.
            memory_limit=None if device.device_type == "CPU" else device.memory_limit_bytes or None,
        )
        for device, spec in zip(devices, specs, strict=True)
        for where in [f"{spec.device_type}:{spec.device_index}"]
    )
