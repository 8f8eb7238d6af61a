"""The memory of GPUs, with a fake of what TensorFlow and the NVIDIA driver say of them: there is none here."""

import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tests.tf.memory.measuring import alone
from tfsess_magics.core.memory import DeviceMemory
from tfsess_magics.core.model import DeviceInfo
from tfsess_magics.tf.memory import nvml
from tfsess_magics.tf.memory.device_stats import DeviceFunctions
from tfsess_magics.tf.memory.process import ProcessMemory, by_allocator

GIB = 1 << 30


class FakeGpuFunctions(DeviceFunctions):
    """What TensorFlow says on a machine with one GPU, of which a test sets the numbers."""

    def __init__(self, *, is_eager_initialized: bool = True) -> None:
        self._is_eager = is_eager_initialized
        self.current = self.top = 0

    @property
    def is_eager_initialized(self) -> bool:
        return self._is_eager

    def accelerators(self) -> list[str]:
        return ["GPU:0"] if self._is_eager else []

    def memory(self, name: str) -> dict[str, int]:
        assert name == "GPU:0"
        return {"current": self.current, "peak": self.top}

    def reset_memory(self, name: str) -> None:
        assert name == "GPU:0"
        self.top = self.current

    def model(self, name: str) -> str:
        return "NVIDIA L4" if name == "GPU:0" else ""

    def elsewhere(self, name: str) -> tuple[int, int]:
        assert name == "GPU:0"
        return 24 * GIB, 2 * GIB

    def use(self, nbytes: int) -> None:
        """Take so many bytes more, or give them back."""
        self.current += nbytes
        self.top = max(self.top, self.current)


class FakeHolder:
    """A session with a variable on the GPU and one on the CPU."""

    local_devices = (
        DeviceInfo(name="CPU:0", type="CPU"),
        DeviceInfo(name="GPU:0", type="GPU", memory_limit=20 * GIB),
    )

    def __init__(self, on_gpu: int) -> None:
        self._on_gpu = on_gpu

    def held(self) -> dict[str, tuple[int, int]]:
        return {"GPU:0": (self._on_gpu, 0), "CPU": (100, 100)}


def gpu(memory: ProcessMemory, holder: FakeHolder) -> DeviceMemory:
    return memory.memory([(1, "train", holder)]).devices[1]


def test_a_gpu_is_told_with_its_name_limit_and_other_processes() -> None:
    functions = FakeGpuFunctions()
    memory = ProcessMemory(functions)
    functions.use(5 * GIB)
    functions.use(-2 * GIB)
    memory.look(has_session=False)
    found = gpu(memory, FakeHolder(2 * GIB))
    assert (found.name, found.model, found.in_use, found.peak) == ("GPU:0", "NVIDIA L4", 3 * GIB, 5 * GIB)
    assert (found.limit, found.total, found.elsewhere) == (20 * GIB, 24 * GIB, 2 * GIB)
    assert (found.variables_nbytes, found.other) == (2 * GIB, GIB)


def test_a_run_is_measured_on_each_device() -> None:
    functions = FakeGpuFunctions()
    memory = ProcessMemory(functions)
    memory.look(has_session=False)
    functions.use(3 * GIB)
    functions.use(-GIB)
    memory.allocators.begin(1)
    functions.use(GIB // 2)
    functions.use(-GIB // 2)
    is_shared, needed = memory.allocators.end(1)
    assert (is_shared, dict(needed)["GPU:0"]) == (False, GIB // 2)
    allocator = memory.allocators.of("/job:localhost/replica:0/task:0/device:GPU:0")
    assert allocator is not None
    assert allocator.peak_before == 3 * GIB
    assert gpu(memory, FakeHolder(0)).peak == 3 * GIB


def test_variables_are_counted_where_they_are_known_to_be() -> None:
    """With a CPU and a GPU TensorFlow may have put on either what asks for neither, or for one that is not there."""
    sizes = [("GPU:0", 5 * GIB), ("CPU:0", 3 * GIB), ("CPU:0", 1024), ("", GIB), ("GPU:7", GIB)]
    assert by_allocator(sizes, FakeHolder.local_devices) == {"GPU:0": (5 * GIB, 0), "CPU": (3 * GIB + 1024, 1024)}


def test_before_eager_code_has_run_the_reason_is_told() -> None:
    """The GPU is known from the session, and asking would initialize TensorFlow's eager context."""
    memory = ProcessMemory(FakeGpuFunctions(is_eager_initialized=False))
    memory.look(has_session=False)
    found = gpu(memory, FakeHolder(GIB))
    assert (found.in_use, found.peak, found.variables_nbytes) == (None, None, GIB)
    assert found.unavailable.startswith("TensorFlow tells this once an eager operation has run")


def test_asking_for_a_gpu_initializes_nothing() -> None:
    """With TensorFlow's own functions: there may be no GPU here, but they would initialize its eager context."""
    said = alone("""
from tests.tf.test_gpu_memory import FakeHolder, gpu
from tfsess_magics.tf.memory.process import ProcessMemory
found = gpu(ProcessMemory(), FakeHolder(1024))
print(found.model, found.elsewhere_unavailable, context.context()._context_handle, sep="|")
""")
    assert (
        said
        == "|TensorFlow does not tell which GPU this is before eager code has run, or where a GPU is divided|None\n"
    )


def test_a_device_that_is_gone_keeps_no_session_from_being_closed() -> None:
    """As after a reset of TensorFlow's eager context: it is told why nothing is known."""
    functions = FakeGpuFunctions()
    memory = ProcessMemory(functions)
    memory.look(has_session=False)

    def fail(name: str) -> dict[str, int]:
        raise ValueError(f"No matching devices found for '{name}'")

    functions.memory = fail  # type: ignore[method-assign]
    ended: list[bool] = []
    _, back = memory.giving_back(FakeHolder(GIB), lambda: ended.append(True))
    assert ended == [True]
    assert "GPU:0" not in dict(back.by_device)
    assert gpu(memory, FakeHolder(GIB)).unavailable == "No matching devices found for 'GPU:0'"


def test_the_memory_of_a_gpu_stays_with_the_process() -> None:
    functions = FakeGpuFunctions()
    memory = ProcessMemory(functions)
    memory.look(has_session=False)
    functions.use(2 * GIB)
    _, back = memory.giving_back(FakeHolder(2 * GIB), lambda: functions.use(-2 * GIB))
    assert dict(back.by_device)["GPU:0"] == 2 * GIB


class FakeNvml:
    """What nvidia-ml-py says of GPUs."""

    class NVMLError(Exception):
        pass

    def __init__(self, own_pid: int, number: int = 1) -> None:
        self._own_pid = own_pid
        self._number = number
        self.asked: list[Any] = []

    def nvmlInit(self) -> None:  # noqa: N802
        self.asked.append("init")

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.asked.append("shutdown")

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return self._number

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any:  # noqa: N802
        self.asked.append(index)
        return index

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> Any:  # noqa: N802
        self.asked.append(uuid)
        return uuid

    def nvmlDeviceGetMemoryInfo(self, _: Any) -> Any:  # noqa: N802
        return SimpleNamespace(total=24 * GIB, used=5 * GIB)

    def nvmlDeviceGetComputeRunningProcesses(self, _: Any) -> Any:  # noqa: N802
        return [SimpleNamespace(pid=self._own_pid, usedGpuMemory=3 * GIB)]


@pytest.mark.parametrize(("shown", "asked"), [("", 0), ("3,1", 3), ("GPU-8f4", "GPU-8f4")])
def test_the_driver_tells_what_other_processes_have(monkeypatch: pytest.MonkeyPatch, shown: str, asked: object) -> None:
    """Of the GPU that CUDA shows to this process under that number."""
    driver = FakeNvml(os.getpid())
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    assert nvml.usage(0) == (24 * GIB, 2 * GIB)
    assert driver.asked == ["init", asked, "shutdown"]


def test_what_the_driver_does_not_tell_has_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(os.getpid() + 1))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(LookupError, match="does not list this process"):
        nvml.usage(0)
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(os.getpid(), number=2))
    monkeypatch.delenv("CUDA_DEVICE_ORDER", raising=False)
    with pytest.raises(LookupError, match="CUDA_DEVICE_ORDER=PCI_BUS_ID"):
        nvml.usage(0)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(LookupError, match="pip install nvidia-ml-py"):
        nvml.usage(0)
