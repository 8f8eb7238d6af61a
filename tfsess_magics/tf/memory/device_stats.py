"""TensorFlow's functions on devices, called only where that makes TensorFlow initialize nothing.

The problem: TensorFlow tells the statistics of an allocator through an eager context. A question through the user's
own context would initialize it, and much of ``tf.config`` is refused afterwards.

What is done: a small context of ours asks the allocator of the CPUs. It has one CPU, no GPU and one thread, and takes
0.2 ms to make. The first device of a process fixes the size of TensorFlow's thread pool. So the extension makes that
context only once there is a session in the process, or the user's context is initialized. The extension asks GPUs
through the user's context, once that is initialized.

What can still fail: it asks TPUs and other plugged-in devices as it asks GPUs. No test has such hardware; they use a
fake of the functions and of the driver (`tests/tf/test_gpu_memory.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.python import pywrap_tfe
from tensorflow.python.eager import context

from tfsess_magics.tf.internals import eager_context
from tfsess_magics.tf.memory import nvml

_HOST = "/device:CPU:0"


class DeviceFunctions:
    """The functions of TensorFlow that tell of this process' devices. Any thread may call it."""

    @property
    def is_eager_initialized(self) -> bool:
        """True if the user's eager context has been initialized."""
        eager = eager_context()
        return eager is not None and getattr(eager, "_context_handle", None) is not None

    def host(self) -> tuple[Callable[[], dict[str, int]], Callable[[], None]]:
        """Return what reads ``current`` and ``peak`` of the allocator of the CPUs, and what sets its peak back.

        The first raises a ValueError if it keeps no statistics: without oneDNN.
        """
        return (
            functools.partial(pywrap_tfe.TFE_GetMemoryInfo, self._host_context, _HOST),
            functools.partial(pywrap_tfe.TFE_ResetMemoryStats, self._host_context, _HOST),
        )

    @functools.cached_property
    def _host_context(self) -> Any:
        config = tf.compat.v1.ConfigProto(device_count={"CPU": 1, "GPU": 0}, inter_op_parallelism_threads=1)
        options = pywrap_tfe.TFE_NewContextOptions()
        try:
            pywrap_tfe.TFE_ContextOptionsSetConfig(options, config.SerializeToString())
            return pywrap_tfe.TFE_NewContext(options)
        finally:
            pywrap_tfe.TFE_DeleteContextOptions(options)

    def accelerators(self) -> list[str]:
        """Return the names of the devices of the user's eager context that are no CPUs: ``GPU:0``."""
        if not self.is_eager_initialized:
            return []
        devices = tf.config.list_logical_devices()
        return [device.name.removeprefix("/device:") for device in devices if device.device_type != "CPU"]

    def memory(self, name: str) -> dict[str, int]:
        """Return ``current`` and ``peak`` of a device of the user's eager context."""
        # Past ``tf.config``, which tells of peaks that were set back: see `tfsess_magics.tf.instrument.observe`.
        memory: dict[str, int] = pywrap_tfe.TFE_GetMemoryInfo(context.context()._handle, f"/device:{name}")
        return memory

    def reset_memory(self, name: str) -> None:
        """Set the peak of a device of the user's eager context back to what is in use."""
        pywrap_tfe.TFE_ResetMemoryStats(context.context()._handle, f"/device:{name}")

    def _physical(self, name: str) -> Any:
        """Return the physical device of a logical one, None where that cannot be told."""
        if not self.is_eager_initialized:
            return None
        kind = name.partition(":")[0]
        physical, logical = tf.config.get_visible_devices(kind), tf.config.list_logical_devices(kind)
        names = [device.name.removeprefix("/device:") for device in logical]
        return physical[names.index(name)] if len(physical) == len(names) and name in names else None

    def model(self, name: str) -> str:
        """Return what a device of the user's eager context is: ``NVIDIA L4``; empty where TensorFlow does not say."""
        physical = self._physical(name)
        details = tf.config.experimental.get_device_details(physical) if physical else {}
        return str(details.get("device_name", ""))

    def elsewhere(self, name: str) -> tuple[int, int]:
        """Return the bytes of a GPU, and those that other processes have of it.

        Raises
        ------
        LookupError
            With the reason, if that is not known.
        """
        physical = self._physical(name)
        if physical is None:
            raise LookupError(
                "TensorFlow does not tell which GPU this is before eager code has run, or where a GPU is divided"
            )
        return nvml.usage(int(physical.name.rpartition(":")[2]))
