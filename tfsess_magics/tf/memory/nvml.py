"""The memory of NVIDIA's GPUs, of all processes, where nvidia-ml-py is installed."""

from __future__ import annotations

import os
from typing import Any


def usage(index: int) -> tuple[int, int]:
    """Return the bytes of a GPU, and those that other processes have of it.

    Parameters
    ----------
    index
        Among the GPUs that CUDA shows to this process.

    Raises
    ------
    LookupError
        With the reason, if that is not known.
    """
    try:
        import pynvml
    except ModuleNotFoundError:
        raise LookupError("nvidia-ml-py is not installed: pip install nvidia-ml-py") from None
    try:
        pynvml.nvmlInit()
        try:
            device = _device(pynvml, index)
            memory = pynvml.nvmlDeviceGetMemoryInfo(device)
            processes = pynvml.nvmlDeviceGetComputeRunningProcesses(device)
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError as error:
        raise LookupError(f"the NVIDIA driver says: {error}") from None
    own = next((process.usedGpuMemory for process in processes if process.pid == os.getpid()), None)
    if own is None:
        raise LookupError("the NVIDIA driver does not list this process, as in a container")
    return memory.total, memory.used - own


def _device(pynvml: Any, index: int) -> Any:
    if pynvml.nvmlDeviceGetCount() > 1 and os.environ.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID":
        raise LookupError(
            "CUDA numbers several GPUs in an order of its own, unless CUDA_DEVICE_ORDER=PCI_BUS_ID is set"
        )
    shown = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    chosen = shown.split(",")[index].strip() if shown else str(index)
    if chosen.isdigit():
        return pynvml.nvmlDeviceGetHandleByIndex(int(chosen))
    return pynvml.nvmlDeviceGetHandleByUUID(chosen)
